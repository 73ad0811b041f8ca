"""ICC profile writer, for colour spaces that an image declares by numbers instead of a profile.

Sources: ICC.1:2022 sections 7 (structure), 9 (tags), 10 (types) and annex E (adaptation to D50).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from msgspec import Struct

# x and y of red, green, blue and the white point (CIE 1931).
Primaries = tuple[float, float, float, float, float, float, float, float]
# Values from 0 to 1, in proportion to light, for stored values at even steps.
Curve = tuple[float, ...]

_Vector = tuple[float, float, float]
_Matrix = tuple[_Vector, _Vector, _Vector]
_D50: _Vector = (0.9642, 1.0, 0.8249)
# ICC.1:2022 annex E.2: the Bradford matrix.
_BRADFORD: _Matrix = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)
_FLAT = 1e-6  # a determinant below that: the primaries lie on a line
_HEADER = 128
_VERSION = 0x02400000  # 2.4: curves are tables, and no black point is moved


class ColorSpace(Struct, frozen=True):
    """Three primaries, a white point and the curve of all three channels."""

    primaries: Primaries
    curve: Curve


def is_profile(data: bytes) -> bool:
    """Whether it begins as a profile does, and is as long as it says (7.2)."""
    return data[36:40] == b"acsp" and _HEADER < int.from_bytes(data[:4], "big") <= len(data)


def color_channels(data: bytes) -> bytes:
    """The signature of the colour space that a profile is for: `RGB `, `GRAY`, `CMYK` (7.2.6)."""
    return data[16:20]


def rgb_profile(space: ColorSpace) -> bytes:
    """A display profile of this colour space; ValueError for primaries that make none."""
    curve = _curve(space.curve)
    columns = zip(*_adapted(space.primaries), strict=True)
    tags = [(f"{channel}TRC".encode(), curve) for channel in "rgb"]
    tags += [
        (f"{channel}XYZ".encode(), _xyz(column))
        for channel, column in zip("rgb", columns, strict=True)
    ]
    return _file(b"RGB ", tags)


def grey_profile(curve: Curve) -> bytes:
    """A profile for one channel with this curve."""
    return _file(b"GRAY", [(b"kTRC", _curve(curve))])


def _file(space: bytes, tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    tags = [*tags, (b"wtpt", _xyz(_D50))]
    start = _HEADER + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags:
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = (start + len(body), _VERSION, b"mntr", space, b"XYZ ", b"acsp")
    header = struct.pack(">I4xI4s4s4s12x4s28x", *head) + _fixed(*_D50)
    return header.ljust(_HEADER, b"\0") + table + body


def _fixed(*values: float) -> bytes:
    """The s15Fixed16Number of each (4.6); ValueError where one is out of range."""
    try:
        return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))
    except (struct.error, OverflowError) as exc:
        raise ValueError("the primaries lie beyond what a profile can say") from exc


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _curve(curve: Curve) -> bytes:
    points = [round(min(max(value, 0.0), 1.0) * 65535) for value in curve]
    return struct.pack(f">4s4xI{len(points)}H", b"curv", len(points), *points)


def _adapted(primaries: Primaries) -> _Matrix:
    """Linear RGB to XYZ under D50: a row for each coordinate, a column for each primary."""
    red, green, blue, white = (_position(*primaries[at : at + 2]) for at in range(0, 8, 2))
    corners = _transposed((red, green, blue))
    native = _product(corners, _diagonal(_image(_inverse(corners), white)))
    seen, wanted = _image(_BRADFORD, white), _image(_BRADFORD, _D50)
    if 0 in seen:
        raise ValueError("its white is none")
    scales = tuple(want / see for want, see in zip(wanted, seen, strict=True))
    moved = _product(_inverse(_BRADFORD), _product(_diagonal(scales), _BRADFORD))
    return _product(moved, native)


def _position(x: float, y: float) -> _Vector:
    """XYZ of a chromaticity, with Y = 1."""
    if y <= 0:
        raise ValueError(f"a chromaticity with y = {y}")
    return x / y, 1.0, (1 - x - y) / y


def _image(matrix: _Matrix, vector: Sequence[float]) -> _Vector:
    a, b, c = (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
    return a, b, c


def _transposed(matrix: _Matrix) -> _Matrix:
    a, b, c = zip(*matrix, strict=True)
    return a, b, c


def _product(left: _Matrix, right: _Matrix) -> _Matrix:
    a, b, c = (_image(left, column) for column in zip(*right, strict=True))
    return _transposed((a, b, c))


def _diagonal(scales: Sequence[float]) -> _Matrix:
    a, b, c = scales
    return (a, 0.0, 0.0), (0.0, b, 0.0), (0.0, 0.0, c)


def _inverse(matrix: _Matrix) -> _Matrix:
    """By Cramer's rule; ValueError where there is none."""
    rows = (
        _cross(matrix[1], matrix[2]), _cross(matrix[2], matrix[0]), _cross(matrix[0], matrix[1])
    )  # fmt: skip
    determinant = sum(m * r for m, r in zip(matrix[0], rows[0], strict=True))
    if abs(determinant) < _FLAT:
        raise ValueError("the primaries span no triangle")
    a, b, c = rows
    return _transposed(_product(_diagonal((1 / determinant,) * 3), (a, b, c)))


def _cross(u: _Vector, v: _Vector) -> _Vector:
    return u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
