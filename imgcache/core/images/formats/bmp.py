"""BMP walker: reads the headers, checks that the pixels are there (Microsoft's BITMAPV5HEADER)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from imgcache.core.images.formats.structure import Finding, Structure, truncated
from imgcache.model import Size, Verdict

CORE_HEADER = 12
HEADER_SIZES = frozenset({CORE_HEADER, 16, 40, 52, 56, 64, 108, 124})
_SHORT_OS2, _OS2 = 16, 64
_OS2_RUNS = (_OS2, 4)  # in OS/2's header that compression is runs of 24 bits
_RAW, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS = 0, 1, 2, 3, 6
_SHOWN = frozenset({_RAW, _RLE8, _RLE4, _BITFIELDS, _ALPHA_BITFIELDS})
_DEPTHS = frozenset({1, 2, 4, 8, 16, 24, 32})
_CORE_DEPTHS = frozenset({1, 4, 8, 24})
_LARGEST_SIDE = (1 << 16) - 1  # browsers show no larger ones
_UNDECODED_DEPTHS = frozenset({2})
_RUN_DEPTHS = {_RLE8: 8, _RLE4: 4}
_CORE_HEAD = 26
_HEAD = 34  # file header and the fields up to the compression and data size
_MASKS = 54  # where the bit fields are, behind a header of 40 bytes or in a longer one
_ALPHA_HEADER = 56  # headers from that length on have a fourth one, for alpha
# The bit fields that the decoder here knows, by depth: red, green, blue, alpha.
_DECODED_FIELDS = {
    16: {(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0)},
    32: {
        (0xFF0000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0),
        (0xFF000000, 0xFF00, 0xFF, 0),
        (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
        (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
        (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        (0xFF000000, 0xFF00, 0xFF, 0xFF0000),
        (0, 0, 0, 0),
    },
}
_LINE_END, _BITMAP_END, _JUMP = 0, 1, 2


@dataclass(frozen=True, slots=True)
class _Header:
    """What the two headers say; the height is negative where the first row is the upper one."""

    pixels_at: int
    length: int
    width: int
    height: int
    depth: int
    compression: int

    @property
    def size(self) -> Size | None:
        return Size(self.width, abs(self.height)) if self.width > 0 else None

    @property
    def is_runs(self) -> bool:
        return self.compression in _RUN_DEPTHS

    def needed(self) -> int:
        """How many bytes the pixels take without run-length encoding."""
        return (self.width * self.depth + 31) // 32 * 4 * abs(self.height)


def _header(data: bytes) -> _Header | None:
    """The headers; None where they are cut off."""
    head = data[:_HEAD].ljust(_HEAD, b"\0")
    pixels_at, length = struct.unpack_from("<II", head, 10)
    if len(data) < (_CORE_HEAD if length == CORE_HEADER else _HEAD):
        return None
    if length == CORE_HEADER:
        width, height, _, depth = struct.unpack_from("<HHHH", head, 18)
        return _Header(pixels_at, length, width, height, depth, _RAW)
    width, height, _, depth, compression = struct.unpack_from("<iiHHI", head, 18)
    return _Header(
        pixels_at, length, width, height, depth, _RAW if length == _SHORT_OS2 else compression
    )


def walk(data: bytes) -> Structure:
    """The structure as the two headers tell it; pixels in runs are walked to their end."""
    header = _header(data)
    if header is None:
        flaw, detail = truncated()
        return Structure(flaw=flaw, detail=detail)
    flaw, detail = _judged(data, header)
    if flaw is None and _is_cut(data, header):
        flaw, detail = truncated()
    # Whether it is decoded here depends on its bit fields.
    headed = header.compression != _BITFIELDS or len(data) >= _MASKS + 16
    return Structure(size=header.size, headed=headed, canvas=header.size, flaw=flaw, detail=detail)


def _judged(data: bytes, header: _Header) -> Finding:
    if header.width <= 0 or header.height == 0:
        return Verdict.CORRUPT, "its header gives no size"
    shown = header.compression in _SHOWN or (header.length, header.compression) == _OS2_RUNS
    depths = _CORE_DEPTHS if header.length == CORE_HEADER else _DEPTHS
    too_large = max(header.width, abs(header.height)) > _LARGEST_SIDE
    if header.depth not in depths or not shown or too_large:
        return Verdict.UNSUPPORTED_FORMAT, "browsers don't show BMP files of this kind"
    if _RUN_DEPTHS.get(header.compression, header.depth) != header.depth:
        return Verdict.CORRUPT, "its pixels are no runs of the depth that its header says"
    if not _is_decoded(data, header):
        return Verdict.UNSUPPORTED_FORMAT, "it is a BMP of a rare kind, which is not decoded here"
    return None, ""


def _is_decoded(data: bytes, header: _Header) -> bool:
    """Whether the decoder here supports this kind, as browsers do."""
    if header.depth in _UNDECODED_DEPTHS or header.length == _SHORT_OS2:
        return False
    if header.compression == _BITFIELDS and header.length != _OS2:
        return _fields(data, header) in _DECODED_FIELDS.get(header.depth, ())
    return header.compression in {_RAW, *_RUN_DEPTHS}


def _fields(data: bytes, header: _Header) -> tuple[int, ...]:
    """The bit fields of red, green, blue, and alpha; pixels of 16 bits are decoded without it."""
    fields = struct.unpack_from("<IIII", data[_MASKS : _MASKS + 16].ljust(16, b"\0"))
    has_alpha = header.length >= _ALPHA_HEADER and header.depth > 16  # noqa: PLR2004 - bits a pixel
    return fields if has_alpha else (*fields[:3], 0)


def _is_cut(data: bytes, header: _Header) -> bool:
    if not header.is_runs:
        return len(data) < header.pixels_at + header.needed()
    end, rows = _runs(data, header)
    return end is None and rows < abs(header.height)


def _runs(data: bytes, header: _Header) -> tuple[int | None, int]:
    """Position of the end-of-bitmap mark, and how many rows stand before it.

    None where there is no mark. Rows count once they are whole or left behind.
    """
    position, x, y = header.pixels_at, 0, 0
    while position + 2 <= len(data):
        count, value = data[position], data[position + 1]
        if (count, value) == (0, _BITMAP_END):
            return position, y + (x >= header.width)
        position += 2
        if count:
            x += count
        elif value == _LINE_END:
            x, y = 0, y + 1
        elif value == _JUMP:
            x, y = (
                x + sum(data[position : position + 1]),
                y + sum(data[position + 1 : position + 2]),
            )
            position += 2
        else:
            x += value
            position += ((value + 1) // 2 if header.depth == 4 else value) + 1 & ~1  # noqa: PLR2004
    return None, y + (x >= header.width)


def filled(data: bytes) -> bytes:
    """The file with a run for each pixel that its runs leave out, for a decoder that wants all."""
    header = _header(data)
    if header is None or not header.is_runs:
        return data
    end, rows = _runs(data, header)
    missing = abs(header.height) - rows
    if end is None or missing <= 0:
        return data
    row = b"\xff\0" * (header.width // 255 + 1) + b"\0\0"
    return data[:end] + row * missing + data[end:]
