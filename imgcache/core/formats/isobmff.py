"""The boxes of ISO/IEC 14496-12 files: AVIF, HEIC and JPEG XL live in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from imgcache.core.formats.structure import ShortError, take

# A file needs a dozen boxes; thousands of empty ones are an attack.
_MOST_BOXES = 4096


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its four-character type, and where its payload starts and ends in the file."""

    kind: bytes
    start: int
    end: int


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two offsets; after one that reaches beyond `end` raises ShortError.

    Such a box comes out clipped first: its beginning may tell what is asked for.
    """
    for _ in range(_MOST_BOXES):
        if end - start < 8:  # noqa: PLR2004 - length and type
            break
        length = int.from_bytes(data[start : start + 4], "big")
        header = 8
        if length == 1:
            length, header = int.from_bytes(take(data, start + 8, 8), "big"), 16
        elif length == 0:
            length = end - start
        if length < header:
            raise ShortError
        yield Box(data[start + 4 : start + 8], start + header, min(start + length, end))
        if start + length > end:
            raise ShortError
        start += length


def brands(data: bytes) -> frozenset[bytes]:
    """The major and compatible brands of the file type box at the beginning."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), len(data), 1024)
    return frozenset({data[8:12], *(data[i : i + 4] for i in range(16, end - 3, 4))})
