"""PNG and APNG in their dialects: every depth and colour, passes, frames, and odd chunks."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from imgcache.model import Verdict
from tests.dialects import jpegs
from tests.dialects.dialect import Dialect, refused
from tests.dialects.png_chunks import PNG_CHUNKS
from tests.support import pictures
from tests.support.pictures import chunk, raw_png, with_chunk

_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_NAMES = {0: "grey", 2: "rgb", 3: "palette", 4: "grey and alpha", 6: "rgb and alpha"}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2))  # fmt: skip


def plain(
    width: int, height: int, colour: int = 0, depth: int = 8, *, interlaced: bool = False
) -> bytes:
    """A black PNG of this kind."""
    palette = (chunk(b"PLTE", b"\0\0\0\xff\xff\xff"),) if colour == 3 else ()
    rows = zeros(width, height, _SAMPLES[colour] * depth, interlaced=interlaced)
    return raw_png(
        width, height, rows=rows, depth=depth, colour=colour, interlaced=interlaced, extra=palette
    )


def zeros(width: int, height: int, bits: int, *, interlaced: bool = False) -> bytes:
    """Filtered rows of zeros at so many bits a pixel."""
    length = 0
    for left, top, across, down in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            length += rows * ((columns * bits + 7) // 8 + 1)
    return b"\0" * length


def apng(*frames: tuple[int, int, int, int], default: bool = True, announced: int = 0) -> bytes:
    """A grey APNG of 24 x 16 with frames at (width, height, left, top).

    With `default` the picture for viewers without animation is the first frame, else a further one.
    """
    parts = [chunk(b"acTL", struct.pack(">II", announced or len(frames), 0))]
    sequence = 0
    for index, (width, height, left, top) in enumerate(frames):
        if index == 0 and not default:
            parts.append(chunk(b"IDAT", zlib.compress(zeros(24, 16, 8))))
        place = struct.pack(">IIIIIHHBB", sequence, width, height, left, top, 1, 10, 0, 0)
        parts.append(chunk(b"fcTL", place))
        sequence += 1
        packed = zlib.compress(zeros(width, height, 8))
        if index == 0 and default:
            parts.append(chunk(b"IDAT", packed))
        else:
            parts.append(chunk(b"fdAT", struct.pack(">I", sequence) + packed))
            sequence += 1
    head = raw_png(24, 16, rows=b"")[:33]
    return head + b"".join(parts) + chunk(b"IEND")


def before_pixels(data: bytes, extra: bytes) -> bytes:
    """The same with more bytes between its header and its pixels."""
    at = data.index(b"IDAT") - 4
    return data[:at] + extra + data[at:]


def turn(orientation: int) -> bytes:
    """An eXIf chunk with an orientation."""
    return chunk(b"eXIf", jpegs.tiff(orientation))


_PLAIN = plain(24, 16, 2)
_WHOLE, _PART = (24, 16, 0, 0), (8, 8, 4, 4)
_MARK = b"Exif\0\0"
_HEAVY = zlib.compress(b"\0" * (2 << 20), 9)

PNGS: Mapping[str, Dialect] = {
    **{
        f"{_NAMES[colour]}, {depth} bits{', interlaced' if interlaced else ''}": Dialect(
            plain(25, 17, colour, depth, interlaced=interlaced), (25, 17)
        )
        for colour, depths in _DEPTHS.items()
        for depth in depths
        for interlaced in (False, True)
    },
    "a single pixel, interlaced": Dialect(plain(1, 1, 2, interlaced=True), (1, 1)),
    "transparent colour": Dialect(with_chunk(_PLAIN, chunk(b"tRNS", b"\0" * 6)), (24, 16)),
    "density": Dialect(
        with_chunk(_PLAIN, chunk(b"pHYs", struct.pack(">IIB", 11811, 5905, 1))), (24, 16)
    ),
    "animated": Dialect(apng(_WHOLE, _PART, _WHOLE), (24, 16)),
    "animated, another default": Dialect(apng(_PART, _WHOLE, default=False), (24, 16)),
    "a text bomb": Dialect(with_chunk(_PLAIN, chunk(b"zTXt", b"k\0\0" + _HEAVY)), (24, 16)),
    "an international text bomb": Dialect(
        with_chunk(_PLAIN, chunk(b"iTXt", b"k\0\1\0\0\0" + _HEAVY)), (24, 16)
    ),
    "a profile bomb": Dialect(with_chunk(_PLAIN, chunk(b"iCCP", b"p\0\0" + _HEAVY)), (24, 16)),
    "no profile in its profile": Dialect(
        with_chunk(_PLAIN, chunk(b"iCCP", b"p\0\0rubbish")), (24, 16)
    ),
    "a private chunk": Dialect(with_chunk(_PLAIN, chunk(b"prVt", b"hello")), (24, 16)),
    "bytes behind its end": Dialect(_PLAIN + b"more", (24, 16)),
    "pixels in many chunks": Dialect(
        _PLAIN[:33]
        + b"".join(chunk(b"IDAT", bytes((byte,))) for byte in zlib.compress(zeros(24, 16, 24)))
        + chunk(b"IEND"),
        (24, 16),
    ),
    **{
        f"orientation {number}": Dialect(
            with_chunk(_PLAIN, turn(number)), (16, 24) if number > 4 else (24, 16)
        )
        for number in pictures.ORIENTATIONS
    },
    "turned and interlaced": Dialect(
        with_chunk(plain(24, 16, 2, interlaced=True), turn(6)), (16, 24)
    ),
    "turned and animated": Dialect(with_chunk(apng(_WHOLE, _PART), turn(6)), (16, 24)),
    "exif behind the pixels": Dialect(_PLAIN[:-12] + turn(6) + _PLAIN[-12:], (24, 16)),
    "exif with a wrong checksum": Dialect(
        with_chunk(_PLAIN, turn(6)[:-4] + b"\0\0\0\0"), (24, 16)
    ),
    "a wrong checksum, and another exif": Dialect(
        with_chunk(_PLAIN, turn(8)[:-4] + b"\0\0\0\0", turn(6)), (16, 24)
    ),
    "two exif chunks": Dialect(with_chunk(_PLAIN, turn(6), turn(1)), (16, 24)),
    "a broken exif chunk, and another": Dialect(
        with_chunk(_PLAIN, chunk(b"eXIf", b"II"), turn(6)), (24, 16)
    ),
    "exif in jpeg's wrapping": Dialect(
        with_chunk(_PLAIN, chunk(b"eXIf", b"Exif\0\0" + jpegs.tiff(6))), (24, 16)
    ),
    "orientation as a long": Dialect(
        with_chunk(_PLAIN, chunk(b"eXIf", jpegs.tiff(6, kind=4))), (24, 16)
    ),
    "density in exif": Dialect(
        with_chunk(
            _PLAIN, chunk(b"eXIf", pictures.exif(1, dpi=144, pixels=(12, 8)).removeprefix(_MARK))
        ),
        (24, 16),
    ),
    "an unknown critical chunk behind the pixels": Dialect(
        _PLAIN[:-12] + chunk(b"WHAT") + _PLAIN[-12:], (24, 16)
    ),
    "animation control behind the pixels": Dialect(
        _PLAIN[:-12] + chunk(b"acTL", struct.pack(">II", 2, 0)) + _PLAIN[-12:], (24, 16)
    ),
    "missing frames": Dialect(apng(_WHOLE, announced=4), (24, 16), Verdict.TRUNCATED),
    "no end": Dialect(_PLAIN[:-12], (24, 16), Verdict.TRUNCATED),
    "a wrong checksum of pixels": Dialect(
        _PLAIN[:-13] + b"!" + _PLAIN[-12:], (24, 16), Verdict.CORRUPT
    ),
    "too few pixels": Dialect(
        raw_png(24, 16, rows=zeros(24, 16, 24)[:-100], colour=2), (24, 16), Verdict.CORRUPT
    ),
    "too many pixels": Dialect(
        raw_png(24, 16, rows=zeros(24, 16, 24) + b"\0" * 500, colour=2), (24, 16)
    ),
    "an unknown filter": Dialect(
        raw_png(24, 16, rows=b"\7" * (16 * 73), colour=2), (24, 16), Verdict.CORRUPT
    ),
    "two headers": refused(with_chunk(_PLAIN, _PLAIN[8:33]), Verdict.CORRUPT, (24, 16)),
    "two palettes": refused(
        with_chunk(plain(24, 16, 3), chunk(b"PLTE", b"\0\0\0")), Verdict.CORRUPT, (24, 16)
    ),
    "an unknown compression": refused(
        _PLAIN[:8] + chunk(b"IHDR", _PLAIN[16:26] + b"\1" + _PLAIN[27:29]) + _PLAIN[33:],
        Verdict.CORRUPT, (24, 16),
    ),
    "a wrong depth": refused(
        raw_png(24, 16, rows=zeros(24, 16, 48), depth=16, colour=3), Verdict.CORRUPT, (24, 16)
    ),
    "a wrong interlace method": refused(
        _PLAIN[:28] + b"\2" + struct.pack(">I", zlib.crc32(_PLAIN[12:28] + b"\2")) + _PLAIN[33:],
        Verdict.CORRUPT, (24, 16),
    ),
    "no width": refused(raw_png(0, 16, rows=b"\0" * 16), Verdict.CORRUPT, (0, 16)),
    "apple's own kind": refused(
        _PLAIN[:8] + chunk(b"CgBI", b"\x50\0\x20\2") + _PLAIN[8:], Verdict.CORRUPT
    ),
    "a header that is too long": refused(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", _PLAIN[16:29] + b"\0") + _PLAIN[33:], Verdict.CORRUPT
    ),
    "a wrong checksum of its header": refused(
        _PLAIN[:29] + b"\0\0\0\0" + _PLAIN[33:], Verdict.CORRUPT, (24, 16)
    ),
    "an unknown chunk that is critical": refused(
        with_chunk(_PLAIN, chunk(b"WHAT", b"hello")), Verdict.CORRUPT, (24, 16)
    ),
    "an empty palette": refused(
        with_chunk(_PLAIN, chunk(b"PLTE")), Verdict.CORRUPT, (24, 16)
    ),
    "a palette of 257": refused(
        with_chunk(_PLAIN, chunk(b"PLTE", b"\0" * 771)), Verdict.CORRUPT, (24, 16)
    ),
    "a palette that ends within a colour": Dialect(
        with_chunk(_PLAIN, chunk(b"PLTE", b"\0" * 4)), (24, 16)
    ),
    "a transparent colour of the wrong length": Dialect(
        with_chunk(_PLAIN, chunk(b"tRNS", b"\0" * 2)), (24, 16)
    ),
    "no transparent colour where one is told": Dialect(
        with_chunk(_PLAIN, chunk(b"tRNS")), (24, 16)
    ),
    "more transparencies than colours can be": Dialect(
        before_pixels(plain(24, 16, 3), chunk(b"tRNS", b"\0" * 257)), (24, 16)
    ),
    "an animation control that is too short": Dialect(
        with_chunk(_PLAIN, chunk(b"acTL", b"abc")), (24, 16)
    ),
    "a side of a million": Dialect(plain(1_000_000, 1, 0, 1), (1_000_000, 1)),
    "a wider one": refused(
        plain(1_000_001, 1, 0, 1), Verdict.CORRUPT, (1_000_001, 1)
    ),
    "a higher one": refused(
        plain(1, 1_000_001, 0, 1), Verdict.CORRUPT, (1, 1_000_001)
    ),
    "no palette": Dialect(
        raw_png(24, 16, rows=zeros(24, 16, 8), depth=8, colour=3), (24, 16), Verdict.CORRUPT
    ),
    **PNG_CHUNKS,
}  # fmt: skip
