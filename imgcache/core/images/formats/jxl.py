"""JPEG XL header reader: the size only, as there is no decoder here (ISO/IEC 18181-1)."""

from __future__ import annotations

from imgcache.core.images.formats.isobmff import boxes
from imgcache.core.images.formats.structure import ShortError, Structure, oriented
from imgcache.model import Size, Verdict

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
# Width : height for the ratio field 1 to 7.
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_LENGTHS = (9, 13, 18, 30)


class _Bits:
    """Little-endian bits, the first one lowest."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data[:64], "little")
        self._left = 8 * min(len(data), 64)

    def take(self, count: int) -> int:
        if count > self._left:
            raise ShortError
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return taken


def walk(data: bytes) -> Structure:
    """The size, and that browsers without a JPEG XL decoder don't show it."""
    detail = "it is a JPEG XL, which most browsers don't show and which is not decoded here"
    size: Size | None = None
    try:
        stream = _codestream(data)
        if stream.startswith(CODESTREAM):
            size = _size(_Bits(stream[2:]))
    except ShortError:
        pass
    return Structure(
        size=size,
        headed=size is not None,
        canvas=size,
        flaw=Verdict.UNSUPPORTED_FORMAT,
        detail=detail,
    )


def _codestream(data: bytes) -> bytes:
    if data.startswith(CODESTREAM):
        return data
    for box in boxes(data, 0, len(data)):
        if box.kind == b"jxlc":
            return data[box.start : box.end]
        if box.kind == b"jxlp":
            return data[box.start + 4 : box.end]
    return b""


def _size(bits: _Bits) -> Size:
    """SizeHeader, and the orientation that follows it in ImageMetadata."""
    small = bits.take(1)
    height = _length(bits, small=bool(small))
    ratio = bits.take(3)
    if ratio:
        numerator, denominator = _RATIOS[ratio - 1]
        width = height * numerator // denominator
    else:
        width = _length(bits, small=bool(small))
    orientation = 1
    if not bits.take(1) and bits.take(1):  # not all defaults, and extra fields
        orientation = bits.take(3) + 1
    return oriented(Size(width, height), orientation)


def _length(bits: _Bits, *, small: bool) -> int:
    return 8 * (bits.take(5) + 1) if small else bits.take(_LENGTHS[bits.take(2)]) + 1
