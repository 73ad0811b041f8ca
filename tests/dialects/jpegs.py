"""JPEG in its dialects: what cameras, phones and editors write, and what browsers refuse."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from PIL import Image

from imgcache.model import Verdict
from tests.dialects.dialect import Dialect, refused, unpainted
from tests.support import pictures

BASELINE, EXTENDED, PROGRESSIVE, LOSSLESS, HIERARCHICAL = (
    0xC0, 0xC1, 0xC2, 0xC3, 0xC5,
)  # fmt: skip
# 16 x 8 pixels of red, as jpegtran -arithmetic writes them.
ARITHMETIC_RED = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb0043001b12141714111b1716171e1c1b2028422b28252528"
    "513a3d3042605565645f555d5b6a7899816a7190735b5d85b586909ea3abadab6780bcc9baa6c799a8aba4ffdb00"
    "43011c1e1e2823284e2b2b4ea46e5d6ea4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4"
    "a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4ffc90011080008001003011100021101031101ffcc000a001010"
    "0501101105ffda000c03010002110311003f00fed38cac4440ffd9"
)
_WIDE = Verdict.UNSUPPORTED_FORMAT


def segment(marker: int, body: bytes) -> bytes:
    """One marker segment (T.81 B.1.1.4)."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def flat(
    width: int,
    height: int,
    *,
    frame: int = BASELINE,
    precision: int = 8,
    sampling: Sequence[int] = (0x11,),
    before: bytes = b"",
) -> bytes:
    """A JPEG of one colour, written bit by bit: every code is one 0, so every byte is one.

    `sampling` has a byte for each component, `before` are segments in front of the frame.
    """
    parts = [
        b"\xff\xd8",
        before,
        segment(0xDB, (b"\x10" if precision > 8 else b"\0") + _quantizers(precision)),
        segment(frame, struct.pack(">BHHB", precision, height, width, len(sampling))
                + b"".join(bytes((i + 1, factors, 0)) for i, factors in enumerate(sampling))),
        segment(0xC4, b"\0" + _ONE_CODE),
        segment(0xC4, b"\x10" + _ONE_CODE),
        segment(0xDA, bytes((len(sampling),))
                + b"".join(bytes((i + 1, 0)) for i in range(len(sampling)))
                + (b"\1\0\0" if frame == LOSSLESS else b"\0\x3f\0")),
        b"\0" * _entropy(width, height, frame, sampling),
        b"\xff\xd9",
    ]  # fmt: skip
    return b"".join(parts)


# One code of one bit, and it means nought: no difference to the block before, no more values.
_ONE_CODE = b"\1" + b"\0" * 15 + b"\0"


def _quantizers(precision: int) -> bytes:
    return (b"\0\1" if precision > 8 else b"\1") * 64


def _entropy(width: int, height: int, frame: int, sampling: Sequence[int]) -> int:
    """Bytes of zero bits that hold all codes: two a block, or one a sample without loss."""
    if frame == LOSSLESS:
        return -(-width * height * len(sampling) // 8)
    across = max(factors >> 4 for factors in sampling)
    down = max(factors & 15 for factors in sampling)
    units = -(-width // (8 * across)) * -(-height // (8 * down))
    blocks = units * sum((factors >> 4) * (factors & 15) for factors in sampling)
    return -(-blocks * 2 // 8)


# Of a scan: its components, the first and last coefficient, and what it refines (T.81 B.2.3).
Scan = tuple[Sequence[int], int, int, int]


def first(*components: int, last: int = 0) -> Scan:
    """The scan that begins these components: their DC values, or all in a sequential frame."""
    return components, 0, last, 0


def rest(component: int) -> Scan:
    """The AC values of a component in a progressive frame."""
    return (component,), 1, 63, 0


def in_scans(*scans: Scan, frame: int = PROGRESSIVE) -> bytes:
    """A JPEG of 40 x 24 with three components of one colour, in these scans."""
    whole = flat(40, 24, frame=frame, sampling=(0x11,) * 3)
    # 15 blocks a component, with two codes each in a sequential frame.
    bits = 15 if frame == PROGRESSIVE else 30
    parts = (
        segment(0xDA, bytes((len(names), *(n for name in names for n in (name, 0)), *numbers)))
        + b"\0" * -(-bits * len(names) // 8)
        for names, *numbers in scans
    )
    return whole[: whole.index(b"\xff\xda")] + b"".join(parts) + b"\xff\xd9"


def with_segments(data: bytes, *segments: bytes) -> bytes:
    """The same with more segments behind its start."""
    return data[:2] + b"".join(segments) + data[2:]


def before_frame(data: bytes, extra: bytes) -> bytes:
    """The same with more bytes right before its frame header."""
    at = data.index(b"\xff\xc0")
    return data[:at] + extra + data[at:]


def before_scan(data: bytes, extra: bytes) -> bytes:
    """The same with more bytes between the frame header and the first scan."""
    at = data.index(b"\xff\xda")
    return data[:at] + extra + data[at:]


def before_last_scan(data: bytes, extra: bytes) -> bytes:
    """The same with more bytes right before its last scan."""
    at = data.rindex(b"\xff\xda")
    return data[:at] + extra + data[at:]


def tiff(*orientations: int, order: str = "<", kind: int = 3, count: int = 1) -> bytes:
    """A TIFF block with an orientation (tag 0x0112), or several, and nothing else."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    tag = struct.pack(order + "HHI", 0x0112, kind, count)
    values = (struct.pack(order + ("I" if kind == 4 else "H"), one) for one in orientations)
    head = mark + struct.pack(order + "IH", 8, len(orientations))
    return head + b"".join(tag + value.ljust(4, b"\0") for value in values) + b"\0" * 4


def exif_segment(block: bytes) -> bytes:
    """An APP1 segment around a TIFF block."""
    return segment(0xE1, b"Exif\0\0" + block)


def adobe(transform: int) -> bytes:
    """Adobe's APP14: 0 is RGB or CMYK, 1 is YCbCr, 2 is YCCK; four colours are inverted."""
    return segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))


def gain_map() -> bytes:
    """A photo with the gain map that phones write: XMP that names it, and a second JPEG."""
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf'
        b'-syntax-ns#"><rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"'
        b' hdrgm:Version="1.0"/></rdf:RDF></x:xmpmeta>'
    )
    mark = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp)
    turn = exif_segment(tiff(6))
    return with_segments(_PLAIN, turn, mark) + with_segments(pictures.jpeg(20, 16, seed=2), mark)


def mpo() -> bytes:
    """Two photos in one file, with the index (CIPA DC-007) that cameras write."""
    options = {"save_all": True, "append_images": [pictures.photo(20, 16, seed=2)]}
    return pictures.saved(pictures.photo(40, 24), "MPO", **options)


def _encoded(**options: object) -> bytes:
    return pictures.saved(pictures.photo(40, 24), "JPEG", **options)


def _in_mode(mode: str) -> bytes:
    return pictures.saved(pictures.photo(40, 24).convert(mode), "JPEG")


def _typed(data: bytes, tag: int, kind: int) -> bytes:
    """The same file, one of whose EXIF fields has another type (Pillow writes big-endian ones)."""
    at = data.index(tag.to_bytes(2, "big"), data.index(b"Exif"))
    return data[: at + 2] + kind.to_bytes(2, "big") + data[at + 4 :]


_DENSE = _encoded(exif=pictures.exif(6, dpi=144, pixels=(20, 12)))
_PLAIN = pictures.jpeg(40, 24)
_THUMBNAIL = exif_segment(tiff(8) + pictures.jpeg(16, 8, orientation=6))
_XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")

JPEGS: Mapping[str, Dialect] = {
    "baseline": Dialect(_PLAIN, (40, 24)),
    "grey": Dialect(_in_mode("L"), (40, 24)),
    "progressive": Dialect(pictures.jpeg(40, 24, progressive=True), (40, 24)),
    "restart markers": Dialect(_encoded(restart_marker_blocks=1), (40, 24)),
    "cmyk, inverted by adobe": Dialect(_in_mode("CMYK"), (40, 24)),
    "cmyk without a mark": Dialect(flat(40, 24, sampling=(0x11,) * 4), (40, 24)),
    "cmyk": Dialect(flat(40, 24, sampling=(0x11,) * 4, before=adobe(0)), (40, 24)),
    "ycck": Dialect(flat(40, 24, sampling=(0x22, 0x11, 0x11, 0x22), before=adobe(2)), (40, 24)),
    "rgb": Dialect(flat(40, 24, sampling=(0x11,) * 3, before=adobe(0)), (40, 24)),
    "extended, 8 bits": Dialect(flat(40, 24, frame=EXTENDED), (40, 24)),
    **{
        f"sampling {name}": Dialect(flat(41, 25, sampling=factors), (41, 25))
        for name, factors in {
            "4:4:4": (0x11, 0x11, 0x11),
            "4:2:2": (0x21, 0x11, 0x11),
            "4:4:0": (0x12, 0x11, 0x11),
            "4:2:0": (0x22, 0x11, 0x11),
            "4:1:1": (0x41, 0x11, 0x11),
            "3:1": (0x31, 0x11, 0x11),
            "2 on grey": (0x22,),
        }.items()
    },
    **{
        f"orientation {number}": Dialect(
            pictures.jpeg(40, 24, orientation=number), (24, 40) if number > 4 else (40, 24)
        )
        for number in pictures.ORIENTATIONS
    },
    "progressive, turned": Dialect(
        pictures.jpeg(40, 24, orientation=6, progressive=True), (24, 40)
    ),
    "progressive, in scans": Dialect(in_scans(first(1, 2, 3), rest(1), rest(3)), (40, 24)),
    "a scan for each component": Dialect(in_scans(first(1), rest(1), first(3), first(2)), (40, 24)),
    "its first scan comes late": Dialect(
        in_scans(rest(1), rest(2), first(1, 2, 3), rest(3)), (40, 24)
    ),
    "no first scan": unpainted(in_scans(rest(1), rest(2), rest(3)), (40, 24)),
    "no first scan of a component": unpainted(in_scans(first(1, 3), rest(1), rest(2)), (40, 24)),
    "a refined first scan alone": Dialect(
        in_scans(((1, 2, 3), 0, 0, 0x10), rest(1)), (40, 24), Verdict.CORRUPT
    ),
    "sequential, in scans": Dialect(
        in_scans(first(3, last=63), first(1, 2, last=63), frame=BASELINE), (40, 24)
    ),
    "sequential, a scan is missing": Dialect(
        in_scans(first(1, last=63), first(2, last=63), frame=BASELINE), (40, 24), Verdict.CORRUPT
    ),
    "orientation 9": Dialect(with_segments(_PLAIN, exif_segment(tiff(9))), (40, 24)),
    "orientation 0": Dialect(with_segments(_PLAIN, exif_segment(tiff(0))), (40, 24)),
    "exif in motorola's order": Dialect(
        with_segments(_PLAIN, exif_segment(tiff(6, order=">"))), (24, 40)
    ),
    "orientation as a long": Dialect(
        with_segments(_PLAIN, exif_segment(tiff(6, kind=4))), (40, 24)
    ),
    "orientation as a byte": Dialect(
        with_segments(_PLAIN, exif_segment(tiff(6, kind=1))), (40, 24)
    ),
    "two orientations in a tag": Dialect(
        with_segments(_PLAIN, exif_segment(tiff(6, count=2))), (40, 24)
    ),
    "exif behind xmp": Dialect(with_segments(_PLAIN, _XMP, exif_segment(tiff(6))), (24, 40)),
    "two exif blocks": Dialect(
        with_segments(_PLAIN, exif_segment(tiff(6)), exif_segment(tiff(1))), (24, 40)
    ),
    "a broken exif block, and another": Dialect(
        with_segments(_PLAIN, exif_segment(b"II"), exif_segment(tiff(6))), (40, 24)
    ),
    "exif behind the tables": Dialect(before_frame(_PLAIN, exif_segment(tiff(6))), (24, 40)),
    "exif behind the frame": Dialect(before_scan(_PLAIN, exif_segment(tiff(6))), (24, 40)),
    "an exif mark alone, and another block": Dialect(
        with_segments(_PLAIN, exif_segment(b""), exif_segment(tiff(6))), (24, 40)
    ),
    "an exif mark with another padding": Dialect(
        with_segments(_PLAIN, segment(0xE1, b"Exif\0\xff" + tiff(6))), (24, 40)
    ),
    "exif between the scans": Dialect(
        before_last_scan(pictures.jpeg(40, 24, progressive=True), exif_segment(tiff(6))), (40, 24)
    ),
    "exif behind the pixels": Dialect(_PLAIN[:-2] + exif_segment(tiff(6)) + _PLAIN[-2:], (40, 24)),
    **{
        f"orientation {first}, then {second}": Dialect(
            with_segments(_PLAIN, exif_segment(tiff(first, second))), size
        )
        for first, second, size in (
            (6, 1, (24, 40)),
            (1, 6, (40, 24)),
            (9, 6, (24, 40)),
            (6, 9, (24, 40)),
            (0, 6, (24, 40)),
        )
    },
    "components of one name": Dialect(
        flat(40, 24).replace(b"\3\x11", b"\2\x11").replace(b"\3\x00\x00", b"\2\x00\x00"), (40, 24)
    ),
    "an image in its header": refused(before_scan(_PLAIN, b"\xff\xd8"), Verdict.CORRUPT, (40, 24)),
    "an image behind one without an end": Dialect(
        _PLAIN[:-2] + _PLAIN, (40, 24), Verdict.TRUNCATED
    ),
    "a thumbnail in its exif": Dialect(with_segments(_PLAIN, _THUMBNAIL), (24, 40)),
    "density of one mind": Dialect(
        _encoded(exif=pictures.exif(1, dpi=144, pixels=(20, 12))), (20, 12)
    ),
    "density, turned": Dialect(_encoded(exif=pictures.exif(6, dpi=144, pixels=(20, 12))), (12, 20)),
    "density of another mind": Dialect(
        _encoded(exif=pictures.exif(1, dpi=144, pixels=(21, 12))), (40, 24)
    ),
    "density as a long": Dialect(_typed(_DENSE, 0x011A, 4), (24, 40)),
    "density as a short": Dialect(_typed(_DENSE, 0x011B, 3), (24, 40)),
    "density by a short pointer": Dialect(_typed(_DENSE, 0x8769, 3), (24, 40)),
    "density with rational sides": Dialect(_typed(_DENSE, 0xA002, 5), (24, 40)),
    "density in jfif": Dialect(_encoded(dpi=(300, 300)), (40, 24)),
    "mpo": Dialect(mpo(), (40, 24)),
    "gain map": Dialect(gain_map(), (24, 40)),
    "bytes behind its end": Dialect(_PLAIN + b"\0" * 40, (40, 24)),
    "a comment": Dialect(_encoded(comment=b"\xff\xd9 hello"), (40, 24)),
    "an empty comment": Dialect(with_segments(_PLAIN, segment(0xFE, b"")), (40, 24)),
    "fill bytes": Dialect(before_frame(_PLAIN, b"\xff\xff\xff"), (40, 24)),
    "rubbish between segments": Dialect(before_frame(_PLAIN, b"rubbish"), (40, 24)),
    "a grey image of 1 x 1": Dialect(flat(1, 1), (1, 1)),
    "12 bits": refused(flat(40, 24, frame=EXTENDED, precision=12), _WIDE, (40, 24)),
    "lossless": refused(flat(40, 24, frame=LOSSLESS), _WIDE, (40, 24)),
    "hierarchical": refused(flat(40, 24, frame=HIERARCHICAL), _WIDE, (40, 24)),
    "arithmetic": Dialect(ARITHMETIC_RED, None, _WIDE, (16, 8), differs="arithmetic coding"),
    "arithmetic, progressive": Dialect(
        flat(40, 24, frame=0xCA), None, _WIDE, (40, 24), differs="arithmetic coding"
    ),
    "two components": refused(flat(40, 24, sampling=(0x11, 0x11)), _WIDE, (40, 24)),
    "no height": refused(flat(40, 0), Verdict.CORRUPT, (40, 0)),
    "nothing but markers": refused(b"\xff\xd8\xff\xd9", Verdict.CORRUPT),
}


def icc_bomb() -> bytes:
    """A JPEG whose metadata is larger than its pixels: 200 numbered pieces of a profile."""
    pieces = [
        segment(0xE2, b"ICC_PROFILE\0" + bytes((i + 1, 200)) + b"\0" * 65_000) for i in range(200)
    ]
    return with_segments(_PLAIN, *pieces)


def grey(level: int, width: int = 200, height: int = 200) -> Image.Image:
    """A picture that looks like the one of missing data, and is not."""
    return Image.new("RGB", (width, height), (level,) * 3)
