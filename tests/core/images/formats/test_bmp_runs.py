"""Runs of a BMP become plain pixels; what they leave out becomes black."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.images.formats import bmp_runs
from imgcache.model import Size

PALETTE = bytes(value for index in range(256) for value in (index, 255 - index, 255, 0))
SIZE = Size(5, 3)
SIZES = st.builds(Size, st.integers(1, 40), st.integers(1, 40))


def pixels(file: bytes, size: Size) -> list[list[tuple[int, int, int]]]:
    """Blue, green and red of each pixel, row by row as the file has them."""
    stride = (size.width + 3) // 4 * 4
    rows = [file[1078 + y * stride :][: size.width] for y in range(size.height)]
    return [[(*file[54 + 4 * i : 57 + 4 * i],) for i in row] for row in rows]


def drawn(data: bytes, depth: int = 8, size: Size = SIZE) -> list[str]:
    """Rows of hexadecimal indices; a point where it is black."""
    rows = pixels(bmp_runs.plain(data, 0, depth, size, PALETTE), size)
    return ["".join("." if p == (0, 0, 0) else f"{p[0]:x}" for p in row) for row in rows]


@pytest.mark.parametrize(
    ("depth", "data", "rows"),
    [
        (8, b"\5\1\0\0\5\2\0\0\5\3\0\1", ["11111", "22222", "33333"]),
        (8, b"\2\1\0\0\5\2\0\0\5\3\0\1", ["11...", "22222", "33333"]),
        (8, b"\5\1\0\1", ["11111", ".....", "....."]),
        (8, b"\1\1\0\2\2\1\2\5\0\1", ["1....", "...55", "....."]),
        (8, b"\x08\1\0\0\1\2\0\1", ["11111", "2....", "....."]),
        (8, b"\0\3\1\2\3\0\2\7\0\1", ["12377", ".....", "....."]),
        (8, b"\5\1\0\0" * 9, ["11111", "11111", "11111"]),
        (8, b"\0\2\0\7\1\1\0\1", [".....", ".....", "....."]),
        (4, b"\5\x12\0\0\0\5\x12\x34\x56\0\0\0\3\x77\0\1", ["12121", "12345", "777.."]),
        (4, b"\0\3\x12\x34\0\1", ["123..", ".....", "....."]),
    ],
)
def test_runs_lie_where_they_say(depth: int, data: bytes, rows: list[str]) -> None:
    assert drawn(data, depth) == rows


def test_black_takes_the_darkest_colour_where_none_is_free() -> None:
    size = Size(16, 17)
    data = b"".join(b"\0\x10" + bytes(range(at, at + 16)) + b"\0\0" for at in range(0, 256, 16))
    rows = pixels(bmp_runs.plain(data + b"\0\1", 0, 8, size, b"\x09\x09\x09\0" * 256), size)
    assert rows == [[(9, 9, 9)] * 16] * 17


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b"\5\1\0\0\5\1\0\0\5\1", False),
        (b"\5\1\0\0\5\1\0\0\4\1", True),
        (b"\5\1\0\0\5\1\0\0\4\1\0\0", False),
        (b"\5\1\0\1", False),
        (b"\5\1\0\0\5\1\0\0\0\5\1\2\3", True),
        (b"", True),
    ],
)
def test_runs_without_an_end_are_cut_unless_all_rows_are_there(data: bytes, *, cut: bool) -> None:
    assert bmp_runs.is_cut(data, 0, 8, SIZE) is cut


@given(st.binary(max_size=200), SIZES, st.sampled_from([4, 8]))
def test_any_bytes_become_a_picture_of_the_right_size(data: bytes, size: Size, depth: int) -> None:
    file = bmp_runs.plain(data, 0, depth, size, PALETTE)
    assert len(file) == 1078 + (size.width + 3) // 4 * 4 * size.height
    assert len(pixels(file, size)) == size.height
