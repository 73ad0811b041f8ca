"""Check of an ICC profile as browsers make it, for formats where they refuse one that is broken.

Sources: ICC.1:2022 sections 7 (structure) and 10 (types). Browsers want the header, the tag table,
and either a whole matrix with curves or a table; they look at no other tag.
"""

from __future__ import annotations

from collections.abc import Container

_HEADER, _TAG = 132, 12  # the tags are counted in the last four bytes
_NEWEST = 4  # major version
_CONNECTIONS = frozenset({b"XYZ ", b"Lab "})
_D50 = (0.9642, 1.0, 0.8249)
_NEAR = 0.01
_SMALLEST_TAG = 4
_TABLES = (b"A2B0", b"A2B1")
_TABLE_TYPES = frozenset({b"mft1", b"mft2", b"mAB "})
# Bytes of a parametric curve, by its function (10.18).
_PARAMETRIC = (16, 24, 28, 32, 40)
_XYZ_LENGTH = 20


def is_usable(data: bytes, spaces: Container[bytes]) -> bool:
    """Whether browsers can use it for pixels in one of these colour spaces (7.2.6)."""
    tags = _tags(data) if _has_header(data) and data[16:20] in spaces else None
    if tags is None:
        return False
    tables = [tags[name] for name in _TABLES if name in tags]
    if any(table[:4] not in _TABLE_TYPES for table in tables):
        return False
    if data[16:20] == b"GRAY" and b"kTRC" in tags:
        return _is_curve(tags[b"kTRC"])
    curves = [tags.get(name) for name in (b"rTRC", b"gTRC", b"bTRC")]
    corners = [tags.get(name) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    if None in curves or None in corners:
        return bool(tables)
    return all(_is_curve(curve or b"") for curve in curves) and all(
        len(corner or b"") >= _XYZ_LENGTH and (corner or b"").startswith(b"XYZ ")
        for corner in corners
    )


def _has_header(data: bytes) -> bool:
    """Whether the header is that of a profile that begins here and ends within the bytes (7.2)."""
    if len(data) < _HEADER or data[36:40] != b"acsp" or data[8] > _NEWEST:
        return False
    white = (
        int.from_bytes(data[at : at + 4], "big", signed=True) / 65536 for at in range(68, 80, 4)
    )
    is_near = all(abs(value - d50) <= _NEAR for value, d50 in zip(white, _D50, strict=True))
    length = int.from_bytes(data[:4], "big")
    return _HEADER <= length <= len(data) and data[20:24] in _CONNECTIONS and is_near


def _tags(data: bytes) -> dict[bytes, bytes] | None:
    """The tags by their signature, the first of each; None where one lies outside (7.3)."""
    length, count = int.from_bytes(data[:4], "big"), int.from_bytes(data[128:132], "big")
    if _HEADER + _TAG * count > length:
        return None
    tags: dict[bytes, bytes] = {}
    for at in range(_HEADER, _HEADER + _TAG * count, _TAG):
        start = int.from_bytes(data[at + 4 : at + 8], "big")
        size = int.from_bytes(data[at + 8 : at + 12], "big")
        if size < _SMALLEST_TAG or start + size > length:
            return None
        tags.setdefault(data[at : at + 4], data[start : start + size])
    return tags


def _is_curve(body: bytes) -> bool:
    """Whether a tag is a curve of points (10.6) or one with parameters (10.18), to its end."""
    if body[:4] == b"curv":
        return len(body) >= 12 + 2 * int.from_bytes(body[8:12], "big")
    if body[:4] == b"para":
        function = int.from_bytes(body[8:10], "big")
        return function < len(_PARAMETRIC) and len(body) >= _PARAMETRIC[function]
    return False
