"""The boxes of ISO/IEC 14496-12 files: AVIF, HEIC and JPEG XL use them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from imgcache.core.images.formats.structure import ShortError, take

# A file needs a dozen boxes; thousands of empty ones are an attack.
_MOST_BOXES = 4096
# Browsers look no further for a brand.
_MOST_BRANDS = 144


class Box(Struct, frozen=True):
    """One box: its four-character type, and where its payload starts and ends in the file.

    `whole` is false where the file ends first; then so does the payload.
    """

    kind: bytes
    start: int
    end: int
    whole: bool = True


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two offsets; after one that reaches beyond `end` raises ShortError.

    Such a box is yielded first, clipped: its beginning may hold what is needed.
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
        whole = start + length <= end
        yield Box(data[start + 4 : start + 8], start + header, min(start + length, end), whole)
        if not whole:
            raise ShortError
        start += length


def brands(data: bytes) -> frozenset[bytes]:
    """The major and compatible brands of the file type box at the beginning."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(_brands_end(data), len(data))
    return frozenset({data[8:12], *(data[i : i + 4] for i in range(16, end - 3, 4))})


def is_avif(data: bytes) -> bool:
    """Whether the file type is AVIF; in the minimized form the minor version says so."""
    return bool(brands(data) & {b"avif", b"avis"}) or data[4:16] == b"ftypmif3avif"


def has_all_brands(data: bytes) -> bool:
    """Whether the file type box is there to its end, so that no brand can follow."""
    return len(data) >= _brands_end(data)


def _brands_end(data: bytes) -> int:
    return min(int.from_bytes(data[:4], "big"), _MOST_BRANDS)
