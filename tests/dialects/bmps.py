"""BMP in its dialects: the headers from OS/2 to V5, run lengths, bit fields, upside down."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from random import Random

from imgcache.model import Verdict
from tests.dialects.dialect import Dialect, refused

CORE, INFO, V2, V3, OS2, V4, V5 = 12, 40, 52, 56, 64, 108, 124
RAW, RLE8, RLE4, BITFIELDS, JPEG, PNG, ALPHA_BITFIELDS = 0, 1, 2, 3, 4, 5, 6
_WIDE = Verdict.UNSUPPORTED_FORMAT
_MASKS_565 = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
_MASKS_888 = struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)


def bmp(
    width: int,
    height: int,
    *,
    header: int = INFO,
    depth: int = 24,
    compression: int = RAW,
    masks: bytes = b"",
    colours: int | None = None,
    pixels: bytes | None = None,
) -> bytes:
    """A black BMP with this header; a negative height stands on its head."""
    if header == CORE:
        info = struct.pack("<IHHHH", header, width, height, 1, depth)
    else:
        used = colours or 0
        fields = struct.pack("<IiiHHIIiiII", header, width, height, 1, depth, compression,
                             0, 2835, 2835, used, 0)  # fmt: skip
        info = (fields + (masks if header > INFO else b"")).ljust(header, b"\0")[:header]
    count = (colours if colours is not None else 1 << depth) if depth <= 8 else 0
    palette = b"\0" * ((3 if header == CORE else 4) * count)
    behind = masks if header == INFO else b""
    start = 14 + len(info) + len(behind) + len(palette)
    if pixels is None:
        pixels = b"\0" * ((abs(width) * depth + 31) // 32 * 4 * abs(height))
    file = struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start)
    return file + info + behind + palette + pixels


def runs8(width: int, height: int) -> bytes:
    """Black rows as runs of bytes, and the end of the bitmap."""
    return (bytes((width, 0)) + b"\0\0") * height + b"\0\1"


def _counted(data: bytes, colours: int) -> bytes:
    """The same file, whose header says that there are so many colours."""
    return data[:46] + struct.pack("<I", colours) + data[50:]


def undecoded(data: bytes) -> Dialect:
    """What browsers show and Pillow does not decode."""
    return Dialect(data, (21, 9), _WIDE, differs="decoders that are missing")


def chance(width: int, height: int, depth: int) -> bytes:
    """Rows of chance pixels."""
    return Random(depth).randbytes((width * depth + 31) // 32 * 4 * height)


def coloured(depth: int, compression: int, pixels: bytes, *, colours: int = 0) -> bytes:
    """A BMP of 21 x 9 with a palette of chance."""
    count = colours or 1 << depth
    data = bmp(21, 9, depth=depth, compression=compression, colours=colours or None, pixels=pixels)
    return data[:54] + Random(count).randbytes(4 * count) + data[54 + 4 * count :]


def masked(
    header: int, depth: int, masks: tuple[int, ...], compression: int = BITFIELDS
) -> Dialect:
    """Chance pixels under these masks."""
    fields = struct.pack(f"<{len(masks)}I", *masks)
    pixels = chance(21, 9, depth)
    return Dialect(
        bmp(21, 9, header=header, depth=depth, compression=compression, masks=fields,
            pixels=pixels), (21, 9)
    )  # fmt: skip


_PLAIN = bmp(21, 9)
_INDEXED = coloured(8, RAW, chance(21, 9, 8), colours=3)
_COLOURFUL = bmp(21, 9, pixels=chance(21, 9, 24))
_888, _555, _565 = (0xFF0000, 0xFF00, 0xFF), (0x7C00, 0x3E0, 0x1F), (0xF800, 0x7E0, 0x1F)
_HEADERS = {"info": INFO, "v3": V3, "v4": V4, "v5": V5}
_ALPHA = 0xFF000000
# Rows of runs that leave pixels out, go beyond a row, or follow each other without a line end.
_RUNS = {
    "short rows": b"\5\7\0\0" * 9 + b"\0\1",
    "an early end": b"\x15\7\0\0" * 5 + b"\0\1",
    "jumps": b"\4\1\0\2\3\2\5\1\0\1",
    "a jump from a whole row": b"\x15\1\0\2\0\2\5\1\0\1",
    "a jump beyond its row": b"\4\1\0\2\x20\2\5\1\0\0\3\3\0\1",
    "a jump beyond the top": b"\4\1\0\2\3\x20\5\1\0\1",
    "a run beyond its row": b"\x18\1\0\0\4\2\0\1",
    "no line ends": b"\x15\1" * 9 + b"\0\1",
    "line ends alone": b"\0\0" * 9 + b"\0\1",
    "an end alone": b"\0\1",
    "pixels as they are, beyond a row": b"\x12\0\0\5\1\2\3\4\5\0\0\0\3\6\0\1",
    "more rows than there are": b"\x15\1\0\0" * 12 + b"\0\1",
}


BMPS: Mapping[str, Dialect] = {
    **{
        f"{name}, {depth} bits": Dialect(bmp(21, 9, header=header, depth=depth), (21, 9))
        for name, header in {"core": CORE, "info": INFO, "v4": V4, "v5": V5}.items()
        for depth in (1, 4, 8, 16, 24, 32)
        if not (header == CORE and depth in (16, 32))
    },
    "2 bits": undecoded(bmp(21, 9, depth=2)),
    "v2": Dialect(bmp(21, 9, header=V2, masks=_MASKS_888), (21, 9)),
    "v3": Dialect(bmp(21, 9, header=V3, masks=_MASKS_888), (21, 9)),
    "os/2 2.0": Dialect(bmp(21, 9, header=OS2), (21, 9)),
    "os/2 2.0, 8 bits": Dialect(bmp(21, 9, header=OS2, depth=8), (21, 9)),
    "os/2 2.0, short": undecoded(bmp(21, 9, header=16)),
    "a header of 20 bytes": undecoded(bmp(21, 9, header=20)),
    "a header of 46 bytes": undecoded(bmp(21, 9, header=46)),
    "a header of 60 bytes": undecoded(bmp(21, 9, header=60)),
    "a header of 17 bytes": refused(bmp(21, 9, header=17), Verdict.NOT_AN_IMAGE),
    "a palette beyond the end": refused(
        _counted(bmp(21, 9, depth=8, colours=7), 0), Verdict.TRUNCATED, (21, 9)
    ),
    "a palette amid the pixels": Dialect(
        _counted(bmp(21, 9, depth=8, colours=7), 60), (21, 9)
    ),
    "more colours than there can be": Dialect(
        _counted(bmp(21, 9, depth=8, colours=256), 70_000), (21, 9)
    ),
    "upside down": Dialect(bmp(21, -9), (21, 9)),
    "few colours": Dialect(bmp(21, 9, depth=8, colours=3), (21, 9)),
    "5-6-5 bit fields": Dialect(
        bmp(21, 9, depth=16, compression=BITFIELDS, masks=_MASKS_565), (21, 9)
    ),
    "8-8-8 bit fields": Dialect(
        bmp(21, 9, depth=32, compression=BITFIELDS, masks=_MASKS_888), (21, 9)
    ),
    "10-10-10 bit fields": undecoded(
        bmp(21, 9, depth=32, compression=BITFIELDS,
            masks=struct.pack("<III", 0x3FF << 20, 0x3FF << 10, 0x3FF))
    ),
    "bit fields in v3": Dialect(
        bmp(21, 9, header=V3, depth=16, compression=BITFIELDS, masks=_MASKS_565), (21, 9)
    ),
    "bit fields with alpha in v4": Dialect(
        bmp(21, 9, header=V4, depth=32, compression=BITFIELDS,
            masks=_MASKS_888 + struct.pack("<I", 0xFF000000)), (21, 9)
    ),
    "bit fields with alpha in v5": Dialect(
        bmp(21, 9, header=V5, depth=32, compression=BITFIELDS,
            masks=_MASKS_888 + struct.pack("<I", 0xFF000000)), (21, 9)
    ),
    "alpha bit fields": undecoded(
        bmp(21, 9, depth=32, compression=ALPHA_BITFIELDS,
            masks=_MASKS_888 + struct.pack("<I", 0xFF000000))
    ),
    "run lengths, 8 bits": Dialect(
        bmp(21, 9, depth=8, compression=RLE8, pixels=runs8(21, 9)), (21, 9)
    ),
    "run lengths, 4 bits": Dialect(
        bmp(21, 9, depth=4, compression=RLE4, pixels=runs8(21, 9)), (21, 9)
    ),
    "run lengths with jumps": Dialect(
        bmp(21, 9, depth=8, compression=RLE8, pixels=b"\4\1\0\2\3\2\5\1\0\1"), (21, 9)
    ),
    "run lengths that end early": Dialect(
        bmp(21, 9, depth=8, compression=RLE8, pixels=b"\4\1\0\1"), (21, 9)
    ),
    "a jpeg inside": refused(
        bmp(21, 9, depth=0, compression=JPEG, pixels=b"\xff\xd8\xff\xd9"),
        Verdict.UNSUPPORTED_FORMAT, (21, 9),
    ),
    "a png inside": refused(
        bmp(21, 9, depth=0, compression=PNG, pixels=b"\x89PNG"),
        Verdict.UNSUPPORTED_FORMAT, (21, 9),
    ),
    "run lengths that stop": Dialect(
        bmp(21, 9, depth=8, compression=RLE8, pixels=runs8(21, 9)[:-9]), (21, 9), Verdict.TRUNCATED
    ),
    "run lengths without an end mark": Dialect(
        bmp(21, 9, depth=8, compression=RLE8, pixels=runs8(21, 9)[:-2]), (21, 9)
    ),
    "pixels as they are in run lengths": Dialect(
        bmp(21, 9, depth=8, compression=RLE8, pixels=(b"\0\x15" + b"\0" * 22 + b"\0\0") * 9
            + b"\0\1"), (21, 9)
    ),
    "pixels as they are in run lengths, 4 bits": Dialect(
        bmp(21, 9, depth=4, compression=RLE4, pixels=(b"\0\x15" + b"\0" * 12 + b"\0\0") * 9
            + b"\0\1"), (21, 9)
    ),
    "run lengths upside down": Dialect(
        bmp(21, -9, depth=8, compression=RLE8, pixels=runs8(21, 9)), (21, 9)
    ),
    "run lengths of the wrong depth": refused(
        bmp(21, 9, depth=24, compression=RLE8, pixels=runs8(21, 9)), Verdict.CORRUPT, (21, 9)
    ),
    "no width": refused(bmp(0, 9), Verdict.CORRUPT),
    "core, 16 bits": refused(bmp(21, 9, header=CORE, depth=16), _WIDE, (21, 9)),
    "core, 32 bits": refused(bmp(21, 9, header=CORE, depth=32), _WIDE, (21, 9)),
    "a side of 65,535": Dialect(bmp(65_535, 1, depth=1), (65_535, 1)),
    "a side of 65,536": refused(bmp(65_536, 1, depth=1), _WIDE, (65_536, 1)),
    "a height of 65,536": refused(bmp(1, 65_536, depth=1), _WIDE, (1, 65_536)),
    "a negative width": refused(bmp(-21, 9), Verdict.CORRUPT, None),
    "no height": refused(bmp(21, 0), Verdict.CORRUPT, (21, 0)),
    "5 bits": refused(bmp(21, 9, depth=5, colours=0), Verdict.UNSUPPORTED_FORMAT, (21, 9)),
    "64 bits": refused(bmp(21, 9, depth=64), Verdict.UNSUPPORTED_FORMAT, (21, 9)),
    "a gap before the pixels": Dialect(
        _PLAIN[:10] + struct.pack("<I", 54 + 40) + _PLAIN[14:54] + b"\0" * 40 + _PLAIN[54:], (21, 9)
    ),
    "no offset": Dialect(_PLAIN[:10] + b"\0" * 4 + _PLAIN[14:], (21, 9)),
    "pixels in the header": Dialect(
        _PLAIN[:10] + struct.pack("<I", 30) + _PLAIN[14:], (21, 9)
    ),
    "bit fields of 24 bits": refused(
        bmp(21, 9, depth=24, compression=BITFIELDS, masks=_MASKS_888), _WIDE, (21, 9)
    ),
    "bit fields of 8 bits": refused(
        bmp(21, 9, depth=8, compression=BITFIELDS, masks=_MASKS_888), _WIDE, (21, 9)
    ),
    "bit fields of nothing": Dialect(
        bmp(21, 9, depth=32, compression=BITFIELDS, masks=b"\0" * 12), (21, 9)
    ),
    "bit fields in reverse": undecoded(
        bmp(21, 9, depth=32, compression=BITFIELDS,
            masks=struct.pack("<III", 0xFF, 0xFF00, 0xFF0000))
    ),
    "bit fields up high": Dialect(
        bmp(21, 9, depth=32, compression=BITFIELDS,
            masks=struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00)), (21, 9)
    ),
    "runs of 24 bits in os/2 2.0": undecoded(
        bmp(21, 9, header=OS2, depth=24, compression=4, pixels=b"\x15\0\0\0\0\0" * 9 + b"\0\1")
    ),
    "huffman in os/2 2.0": refused(
        bmp(21, 9, header=OS2, depth=1, compression=3), _WIDE, (21, 9)
    ),
    **{
        f"{bits} bits of runs with {name}": Dialect(
            coloured(bits, RLE8 if bits == 8 else RLE4, pixels), (21, 9)
        )
        for name, pixels in _RUNS.items()
        for bits in (4, 8)
    },
    "8 bits of runs without a free colour": Dialect(
        coloured(8, RLE8, b"".join(b"\0\x14" + bytes(range(20 * y, 20 * y + 20)) + b"\0\0"
                                   for y in range(9)) + b"\0\1"), (21, 9)
    ),
    "8 bits of runs and few colours": Dialect(
        coloured(8, RLE8, b"\5\7\5\1\5\x30\0\0" * 9 + b"\0\1", colours=3), (21, 9)
    ),
    **{
        f"{name}, {depth} bits with alpha{' and no bit fields' * (compression == RAW)}": masked(
            header, depth, (*colours, alpha), compression
        )
        for name, header in _HEADERS.items()
        if header != INFO
        for depth, colours, alpha, compression in (
            (16, _555, 0x8000, BITFIELDS), (16, _565, 0x8000, BITFIELDS), (16, _555, 1, BITFIELDS),
            (32, _888, _ALPHA, BITFIELDS), (32, _888, _ALPHA, RAW), (16, _555, 0x8000, RAW),
        )
    },
    "v4, 32 bits with two bits of alpha and no bit fields": masked(
        V4, 32, (*_888, 0xC0000000), RAW
    ),
    "v5, 16 bits with alpha, upside down": Dialect(
        bmp(21, -9, header=V5, depth=16, compression=BITFIELDS,
            masks=struct.pack("<4I", *_555, 0x8000), pixels=chance(21, 9, 16)), (21, 9)
    ),
    "info, 16 bits with alpha": masked(INFO, 16, (*_555, 0x8000)),
    "v4, bit fields of nothing": masked(V4, 32, (0, 0, 0, 0)),
    "no offset, in colours": Dialect(_COLOURFUL[:10] + bytes(4) + _COLOURFUL[14:], (21, 9)),
    "an offset to the palette": Dialect(
        _INDEXED[:10] + struct.pack("<I", 54) + _INDEXED[14:], (21, 9)
    ),
    "8 bits in colours": Dialect(coloured(8, RAW, chance(21, 9, 8)), (21, 9)),
    "8 bits and indices beyond the palette": Dialect(
        coloured(8, RAW, chance(21, 9, 8), colours=7), (21, 9)
    ),
    "a wrong file size": Dialect(_PLAIN[:2] + b"\1\0\0\0" + _PLAIN[6:], (21, 9)),
    "bytes behind its end": Dialect(_PLAIN + b"more", (21, 9)),
}  # fmt: skip
