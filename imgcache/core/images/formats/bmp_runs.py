"""Runs of a BMP with run-length encoding: where each lies, and the whole as plain pixels.

Browsers paint black where runs leave pixels out, and drop what lies beyond a row.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from imgcache.model import Size

_LINE_END, _BITMAP_END, _JUMP = 0, 1, 2
_NIBBLES = 4
_COLOURS = 256
_INFO_HEADER = 40
_PIXELS_AT = 14 + _INFO_HEADER + 4 * _COLOURS

# Column, row (the first in the file is 0), how many pixels from there on, and where their bytes
# begin and end: one byte is repeated, more are pixels as they are. None where the picture ends.
Run = tuple[int, int, int, int, int]


def runs(data: bytes, position: int, depth: int) -> Iterator[Run | None]:
    """Runs in their order; one of no pixels tells where a line end or a jump leads."""
    x = y = 0
    while position + 2 <= len(data):
        count, value = data[position], data[position + 1]
        position += 2
        if count:
            yield x, y, count, position - 1, position
            x += count
        elif value == _LINE_END:
            x, y = 0, y + 1
            yield x, y, 0, position, position
        elif value == _BITMAP_END:
            yield None
            return
        elif value == _JUMP:
            x += sum(data[position : position + 1])
            y += sum(data[position + 1 : position + 2])
            position += 2
            yield x, y, 0, position, position
        else:
            end = position + ((value + 1) // 2 if depth == _NIBBLES else value)
            yield x, y, value, position, end
            x += value
            position = end + (end - position & 1)


def is_cut(data: bytes, position: int, depth: int, size: Size) -> bool:
    """Whether the runs stop before the last row is whole or left behind, without an end mark."""
    for run in runs(data, position, depth):
        if run is None:
            return False
        x, y, count, _, end = run
        if y + (x + count >= size.width) >= size.height and end <= len(data):
            return False
    return True


def plain(data: bytes, position: int, depth: int, size: Size, palette: bytes) -> bytes:
    """The same picture as a BMP of 8 bits without runs, its rows in the same order.

    `size` has a negative height where the first row is the upper one; `palette` has 4 bytes a
    colour.
    """
    width, height = size.width, abs(size.height)
    pixels, gaps = _drawn(data, position, depth, Size(width, height))
    colours = bytearray(palette.ljust(4 * _COLOURS, b"\0")[: 4 * _COLOURS])
    if gaps:
        black = _black(colours, pixels)
        for start, end in gaps:
            pixels[start:end] = black * (end - start)
    padding = bytes(-width % 4)
    rows = (
        b"".join(pixels[at : at + width] + padding for at in range(0, len(pixels), width))
        if padding
        else bytes(pixels)
    )
    file = struct.pack("<2sIHHI", b"BM", _PIXELS_AT + len(rows), 0, 0, _PIXELS_AT)
    info = struct.pack(
        "<IiiHHIIiiII", _INFO_HEADER, width, size.height, 1, 8, 0, 0, 0, 0, _COLOURS, 0
    )
    return file + info + colours + rows


def _drawn(
    data: bytes, position: int, depth: int, size: Size
) -> tuple[bytearray, list[tuple[int, int]]]:
    """Palette indices row by row, and the spans that no run covers."""
    width, height = size
    pixels = bytearray(width * height)
    gaps: list[tuple[int, int]] = []
    done = 0
    for run in runs(data, position, depth):
        if run is None or run[1] >= height:
            break
        x, y, count, start, end = run
        if not count or x >= width:
            continue
        seen = _indices(data[start:end], count, depth)[: width - x]
        at = y * width + x
        if at > done:
            gaps.append((done, at))
        done = at + len(seen)
        pixels[at:done] = seen
    if done < len(pixels):
        gaps.append((done, len(pixels)))
    return pixels, gaps


def _indices(packed: bytes, count: int, depth: int) -> bytes:
    if depth == _NIBBLES:
        packed = bytes(half for byte in packed for half in (byte >> 4, byte & 15))
        return (packed * count if len(packed) == 2 else packed)[:count]  # noqa: PLR2004 - one byte
    return packed * count if len(packed) == 1 else packed


def _black(colours: bytearray, pixels: bytearray) -> bytes:
    """An index that means black: a free one becomes it, else it is the darkest colour."""
    free = next((index for index in range(_COLOURS) if index not in pixels), None)
    if free is None:
        darkest = min(range(_COLOURS), key=lambda index: sum(colours[4 * index : 4 * index + 3]))
        return bytes((darkest,))
    colours[4 * free : 4 * free + 4] = bytes(4)
    return bytes((free,))
