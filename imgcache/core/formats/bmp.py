"""Reads the headers of a BMP and checks that its pixels are there (Microsoft's BITMAPV5HEADER)."""

from __future__ import annotations

import struct

from imgcache.core.formats.structure import Finding, Structure, truncated
from imgcache.model import Size, Verdict

CORE_HEADER = 12
HEADER_SIZES = frozenset({CORE_HEADER, 16, 40, 52, 56, 64, 108, 124})
_RAW, _RLE8, _RLE4, _BITFIELDS = 0, 1, 2, 3
_DEPTHS = frozenset({1, 2, 4, 8, 16, 24, 32})
_CORE_HEAD = 26
_HEAD = 34  # file header and the fields up to the compression and data size


def walk(data: bytes) -> Structure:
    """The structure as the two headers tell it."""
    head = data[:_HEAD].ljust(_HEAD, b"\0")
    pixels_at, header = struct.unpack_from("<II", head, 10)
    if header == CORE_HEADER:
        width, height, _, depth = struct.unpack_from("<HHHH", head, 18)
        compression = _RAW
    else:
        width, height, _, depth, compression = struct.unpack_from("<iiHHI", head, 18)
    if len(data) < (_CORE_HEAD if header == CORE_HEADER else _HEAD):
        flaw, detail = truncated()
        return Structure(flaw=flaw, detail=detail)
    size = Size(width, abs(height))
    flaw, detail = _judged(size, depth, compression)
    row = (size.width * depth + 31) // 32 * 4
    needed = row * size.height if compression in (_RAW, _BITFIELDS) else 1
    if flaw is None and len(data) < pixels_at + needed:
        flaw, detail = truncated()
    return Structure(size=size, canvas=size, flaw=flaw, detail=detail)


def _judged(size: Size, depth: int, compression: int) -> Finding:
    if size.width <= 0 or size.height == 0:
        return Verdict.CORRUPT, "its header gives no size"
    if depth not in _DEPTHS or compression not in (_RAW, _RLE8, _RLE4, _BITFIELDS):
        return Verdict.UNSUPPORTED_FORMAT, "browsers don't show BMP files of this kind"
    return None, ""
