"""Items of a meta box: where in the file their bytes lie, and what its Exif item says.

Source: ISO/IEC 14496-12 (8.11.3 item location, 8.11.6 item information, 8.11.11 item data) and
ISO/IEC 23008-12 (HEIF), annex A.2.1 (Exif).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from imgcache.core.images.formats import exif
from imgcache.core.images.formats.isobmff import Box, boxes
from imgcache.core.images.formats.structure import ShortError, take

# More than an Exif block may have in a JPEG, which is where cameras write them.
_LARGEST = 1 << 17
_WIDE = 2  # the version from which numbers of items have four bytes, and their types are named


class Extent(NamedTuple):
    """A piece of an item. `method` 0 counts from the beginning of the file, 1 in the item data."""

    item: int
    method: int
    start: int
    length: int


def extents(body: bytes) -> Iterator[Extent]:
    """The pieces that an item location box tells of. Raises ShortError where the box is cut."""
    head = take(body, 0, 6)
    version = head[0]
    offset_size, length_size = head[4] >> 4, head[4] & 15
    base_size, index_size = head[5] >> 4, head[5] & 15 if version else 0
    width = 4 if version >= _WIDE else 2
    position = 6 + width
    for _ in range(int.from_bytes(take(body, 6, width), "big")):
        item = int.from_bytes(take(body, position, width), "big")
        position += width
        method = take(body, position, 2)[1] & 15 if version else 0
        position += (2 if version else 0) + 2
        base = int.from_bytes(take(body, position, base_size), "big")
        count = int.from_bytes(take(body, position + base_size, 2), "big")
        position += base_size + 2
        # Extents without bytes in the table are all the same, whatever their announced number.
        for _ in range(count if index_size + offset_size + length_size else min(count, 1)):
            position += index_size
            start = int.from_bytes(take(body, position, offset_size), "big")
            length = int.from_bytes(take(body, position + offset_size, length_size), "big")
            position += offset_size + length_size
            yield Extent(item, method, base + start, length)


def has_position(data: bytes, outer: Box) -> bool | None:
    """Whether the Exif of this meta box has GPS coordinates; None where that can't be read."""
    if not outer.whole:
        return None
    try:
        found = {box.kind: box for box in boxes(data, outer.start + 4, outer.end)}
        items = set(_exif_items(data, found))
        if not items:
            return False
        blocks = _blocks(data, found, items)
    except ShortError:
        return None
    return any(exif.parse(_tiff(block)).has_position for block in blocks.values())


def _exif_items(data: bytes, found: Mapping[bytes, Box]) -> Iterator[int]:
    """The numbers of the items that are Exif blocks."""
    info = found.get(b"iinf")
    if info is None:
        return
    count = 4 if take(data, info.start, 1)[0] else 2
    for entry in boxes(data, info.start + 4 + count, info.end):
        version = take(data, entry.start, 4)[0]
        width = 2 if version == _WIDE else 4
        if version >= _WIDE and take(data, entry.start + 4 + width + 2, 4) == b"Exif":
            yield int.from_bytes(take(data, entry.start + 4, width), "big")


def _blocks(data: bytes, found: Mapping[bytes, Box], items: set[int]) -> dict[int, bytes]:
    """The bytes of some items, at most `_LARGEST` of each. Raises ShortError where some lack."""
    places, own = found.get(b"iloc"), found.get(b"idat")
    blocks = dict.fromkeys(items, b"")
    if places is None:
        return blocks
    for one in extents(data[places.start : places.end]):
        room = _LARGEST - len(blocks.get(one.item, b""))
        if one.item not in items or room <= 0:
            continue
        if one.method > 1:  # made of other items, which nobody writes
            raise ShortError
        start = one.start + (own.start if one.method and own is not None else 0)
        end = own.end if one.method and own is not None else len(data)
        # A length of zero means all that follows (8.11.3.3).
        length = min(one.length or max(end - start, 0), room)
        blocks[one.item] += take(data, start, length)
    return blocks


def _tiff(block: bytes) -> bytes:
    """The TIFF block, behind the four bytes that say how far it is from them."""
    return block[4 + int.from_bytes(block[:4], "big") :]
