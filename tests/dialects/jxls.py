"""JPEG XL in its dialects: all ways to write its header. No encoder is needed: one picture is real.

Source: ISO/IEC 18181-1, annexes D.2 (SizeHeader) and D.3 (ImageMetadata); 18181-2 (boxes).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from imgcache.model import Verdict
from tests.dialects.avifs import box
from tests.dialects.dialect import Dialect

_LENGTH_BITS = (9, 13, 18, 30)
_CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")
# 40 x 24 pixels of red.
RED = bytes.fromhex(
    "ff0a050848282e04001288020004015de5120000152aa38c1bbc9cebf9f24387c5b48deb0c6db56d6149a2c8383649"
    "277048124b10ed3c0f554000308cf93600f02c00504100d0704eec400300952400"
)


class _Bits:
    """Collects bits, the first one lowest."""

    def __init__(self) -> None:
        self._value = self._count = 0

    def put(self, value: int, count: int) -> None:
        self._value |= value << self._count
        self._count += count

    def bytes(self) -> bytes:
        return self._value.to_bytes(-(-self._count // 8), "little")


def header(width: int, height: int, *, ratio: int = 0, orientation: int = 1) -> bytes:
    """The beginning of a codestream; a `ratio` of 1 to 7 stands in place of the width."""
    bits = _Bits()
    small = not (height % 8 or height > 256 or (not ratio and (width % 8 or width > 256)))
    bits.put(small, 1)
    _put_length(bits, height, small=small)
    bits.put(ratio, 3)
    if not ratio:
        _put_length(bits, width, small=small)
    bits.put(orientation == 1, 1)
    if orientation != 1:
        bits.put(1, 1)
        bits.put(orientation - 1, 3)
    return b"\xff\x0a" + bits.bytes() + b"\0" * 20


def _put_length(bits: _Bits, length: int, *, small: bool) -> None:
    if small:
        bits.put(length // 8 - 1, 5)
        return
    choice = next(i for i, count in enumerate(_LENGTH_BITS) if length <= 1 << count)
    bits.put(choice, 2)
    bits.put(length - 1, _LENGTH_BITS[choice])


def sized(data: bytes, width: int, height: int) -> Dialect:
    """A header without a picture: browsers show nothing, imgcache knows its size."""
    return Dialect(data, None, Verdict.UNSUPPORTED_FORMAT, (width, height), "image/jxl")


def _shown(data: bytes) -> Dialect:
    return Dialect(
        data, (40, 24), Verdict.UNSUPPORTED_FORMAT, None, "image/jxl", "decoders that are missing"
    )


def _in_parts(data: bytes) -> bytes:
    parts = (data[:40], data[40:])
    return _CONTAINER + b"".join(
        box(b"jxlp", struct.pack(">I", i | (0x8000_0000 if i else 0)), part)
        for i, part in enumerate(parts)
    )


JXLS: Mapping[str, Dialect] = {
    "a codestream": _shown(RED),
    "in a box": _shown(_CONTAINER + box(b"jxlc", RED)),
    "in parts": _shown(_in_parts(RED)),
    "behind its exif": _shown(
        _CONTAINER + box(b"Exif", b"\0" * 20_000) + box(b"jxlc", RED)
    ),
    "small": sized(header(64, 48), 64, 48),
    "odd": sized(header(61, 47), 61, 47),
    "wide": sized(header(5000, 20), 5000, 20),
    "large": sized(header(100_000, 300_000), 100_000, 300_000),
    **{
        f"ratio {number}": sized(header(0, 120, ratio=number), width, 120)
        for number, width in enumerate((120, 144, 160, 180, 213, 150, 240), start=1)
    },
    **{
        f"orientation {number}": sized(
            header(60, 40, orientation=number), *((40, 60) if number > 4 else (60, 40))
        )
        for number in range(2, 9)
    },
}  # fmt: skip
