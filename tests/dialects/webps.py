"""WebP in its dialects: lossy, lossless, extended, animated; what its chunks may say."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from PIL import Image

from imgcache.model import Verdict
from tests.dialects import jpegs
from tests.dialects.dialect import Dialect, refused
from tests.support import pictures


def chunk(kind: bytes, body: bytes) -> bytes:
    """One RIFF chunk with its padding."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def riff(*chunks: bytes) -> bytes:
    """A WebP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width: int, height: int, flags: int = 0) -> bytes:
    """A VP8X chunk (RFC 9649, 2.7.1)."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return chunk(b"VP8X", bytes((flags, 0, 0, 0)) + sides)


def picture(data: bytes) -> bytes:
    """The picture chunk of a simple WebP."""
    return data[12:]


def frames(*places: tuple[int, int]) -> Sequence[bytes]:
    """Animation frames with these left and top offsets, both even; each is 24 x 16."""
    return [chunk(b"ANIM", b"\0" * 6)] + [
        chunk(
            b"ANMF",
            (left // 2).to_bytes(3, "little") + (top // 2).to_bytes(3, "little")
            + (23).to_bytes(3, "little") + (15).to_bytes(3, "little") + b"\x32\0\0\0"
            + picture(_LOSSY),
        )
        for left, top in places
    ]  # fmt: skip


EXIF, ALPHA, ANIMATED = 0x08, 0x10, 0x02
_LOSSY, _LOSSLESS = pictures.webp(24, 16), pictures.webp(24, 16, lossless=True)
# Visible on the right half only, with black under what is not.
_CLEAR = pictures.saved(
    Image.composite(
        pictures.half_transparent(pictures.photo(24, 16)), Image.new("RGBA", (24, 16)),
        pictures.half_transparent(pictures.photo(24, 16)).getchannel("A"),
    ),
    "WEBP", lossless=True, exact=True,
)  # fmt: skip
_TURN = chunk(b"EXIF", jpegs.tiff(6))


def unmarked(data: bytes) -> bytes:
    """A lossless WebP that says that its alpha is not used (RFC 9649, 3.4)."""
    at = data.index(b"VP8L") + 12
    return data[:at] + bytes((data[at] & ~0x10,)) + data[at + 1 :]


def animated(flags: int, *pictures: bytes) -> bytes:
    """An animation of these pictures, each of them 24 x 16."""
    head = bytes(6) + (23).to_bytes(3, "little") + (15).to_bytes(3, "little") + b"\x32\0\0\0"
    parts = [chunk(b"ANMF", head + one) for one in pictures]
    return riff(canvas(24, 16, flags | ANIMATED), chunk(b"ANIM", bytes(6)), *parts)


def _longer(data: bytes) -> bytes:
    """The same file, whose first chunk has 12 bytes instead of 10."""
    length = int.from_bytes(data[4:8], "little") + 2
    return (
        b"RIFF"
        + length.to_bytes(4, "little")
        + data[8:16]
        + b"\x0c\0\0\0"
        + data[20:30]
        + b"zz"
        + data[30:]
    )


WEBPS: Mapping[str, Dialect] = {
    "lossy": Dialect(_LOSSY, (24, 16)),
    "lossless": Dialect(_LOSSLESS, (24, 16)),
    "lossless with alpha": Dialect(pictures.webp(24, 16, lossless=True, alpha=True), (24, 16)),
    "lossy with alpha": Dialect(pictures.webp(24, 16, alpha=True), (24, 16)),
    "extended": Dialect(riff(canvas(24, 16), picture(_LOSSY)), (24, 16)),
    "extended and lossless": Dialect(riff(canvas(24, 16), picture(_LOSSLESS)), (24, 16)),
    "turned by exif": Dialect(pictures.webp(24, 16, orientation=6), (24, 16)),
    **{
        f"orientation {number}": Dialect(
            riff(canvas(24, 16, EXIF), picture(_LOSSY), chunk(b"EXIF", jpegs.tiff(number))),
            (24, 16),
        )
        for number in (2, 3, 6, 8)
    },
    "turned without the flag": Dialect(riff(canvas(24, 16), picture(_LOSSY), _TURN), (24, 16)),
    "a first chunk of 12 bytes": Dialect(_longer(pictures.webp(24, 16, frames=3)), (24, 16)),
    "animated": Dialect(pictures.webp(24, 16, frames=3), (24, 16)),
    "animated and lossless": Dialect(pictures.webp(24, 16, frames=3, lossless=True), (24, 16)),
    "frames at places": Dialect(
        riff(canvas(40, 30, ANIMATED), *frames((0, 0), (16, 14))), (40, 30)
    ),
    "bytes behind its end": Dialect(_LOSSY + b"more", (24, 16)),
    "an unknown chunk": Dialect(
        riff(canvas(24, 16), chunk(b"what", b"hello"), picture(_LOSSY)), (24, 16)
    ),
    "alpha without its mark": Dialect(unmarked(_CLEAR), (24, 16)),
    "alpha without the mark of the canvas": Dialect(
        riff(canvas(24, 16), picture(_CLEAR)), (24, 16)
    ),
    "alpha without its mark, on a canvas": Dialect(
        riff(canvas(24, 16), picture(unmarked(_CLEAR))), (24, 16)
    ),
    "alpha without its mark, on a canvas with one": Dialect(
        riff(canvas(24, 16, ALPHA), picture(unmarked(_CLEAR))), (24, 16)
    ),
    "opaque without a mark": Dialect(unmarked(_LOSSLESS), (24, 16)),
    "opaque on a canvas with alpha": Dialect(
        riff(canvas(24, 16, ALPHA), picture(_LOSSY)), (24, 16)
    ),
    **{
        f"frames with alpha{name}": Dialect(
            animated(flags, picture(one), picture(_LOSSY)), (24, 16)
        )
        for name, flags, one in (
            ("", ALPHA, _CLEAR),
            (" and no mark", 0, _CLEAR),
            (" and no mark at all", 0, unmarked(_CLEAR)),
        )
    },
    "a scaled header": Dialect(
        _LOSSY[:27] + bytes((_LOSSY[27] | 0x40,)) + _LOSSY[28:], (24, 16)
    ),
    "a canvas of another size": refused(
        riff(canvas(40, 30), picture(_LOSSY)), Verdict.CORRUPT, (40, 30)
    ),
    "a frame beyond the canvas": refused(
        riff(canvas(30, 20, ANIMATED), *frames((0, 0), (16, 14))), Verdict.CORRUPT, (30, 20)
    ),
    "no picture": refused(riff(canvas(24, 16)), Verdict.CORRUPT, (24, 16)),
    "no frame": refused(riff(canvas(24, 16, ANIMATED)), Verdict.CORRUPT, (24, 16)),
    "nothing": refused(riff(), Verdict.CORRUPT),
    "not a key frame": refused(
        _LOSSY[:20] + bytes((_LOSSY[20] | 1,)) + _LOSSY[21:], Verdict.CORRUPT, (24, 16)
    ),
    "a riff that ends early": refused(
        _LOSSY[:4] + struct.pack("<I", 30) + _LOSSY[8:], Verdict.CORRUPT, (24, 16)
    ),
}  # fmt: skip
