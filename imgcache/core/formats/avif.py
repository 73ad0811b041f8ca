"""Walks an AVIF: the primary item's size and transformations, and where its data lies.

Sources: ISO/IEC 23008-12 (HEIF) sections 6 and 9, AV1 Image File Format 1.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from imgcache.core.formats.isobmff import Box, boxes
from imgcache.core.formats.structure import ShortError, Structure, oriented, take, truncated
from imgcache.model import Size, Verdict

# (quarter turns anticlockwise, mirror axis or None) -> EXIF orientation; turned, then mirrored
# (HEIF 6.5.10 and 6.5.12: axis 1 exchanges left and right).
_ORIENTATIONS = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7,
    (0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5,
}  # fmt: skip
_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})


@dataclass(slots=True)
class _Meta:
    """What the meta box says."""

    primary: int = 0
    properties: list[Box] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    extent: int = 0


def walk(data: bytes) -> Structure:
    """The structure of all boxes to the end of the file."""
    meta = _Meta()
    track: list[Size] = []
    frames = 1
    flaw: Verdict | None = None
    detail = ""
    try:
        for box in _flattened(data, 0, len(data)):
            if box.kind == b"meta" and not meta.properties:
                _read_meta(meta, data, box)
            elif box.kind == b"tkhd":
                track.append(_track_size(data, box))
            elif box.kind == b"stsz":
                frames = max(frames, int.from_bytes(take(data, box.start + 8, 4), "big"))
    except ShortError:
        flaw, detail = truncated()
    size, orientation = _picture(meta, data)
    if data[8:12] == b"avis" and track:
        size = max(track)
    if flaw is None and (size is None or 0 in size):
        flaw, detail = Verdict.CORRUPT, "its header gives no size"
    if meta.extent > len(data):
        flaw, detail = truncated()
    return Structure(
        size=oriented(size, orientation) if size else None,
        canvas=size,
        orientation=orientation,
        frames=frames,
        flaw=flaw,
        detail=detail,
    )


def code_points(data: bytes) -> tuple[int, int]:
    """Colour primaries and transfer characteristics of the primary item (H.273); 2 is unknown."""
    meta = _Meta()
    try:
        for box in boxes(data, 0, len(data)):
            if box.kind == b"meta":
                _read_meta(meta, data, box)
                break
    except ShortError:
        pass
    for number in meta.used:
        if 1 <= number <= len(meta.properties):
            start = meta.properties[number - 1].start
            # ISO/IEC 14496-12, 12.1.5: an ICC profile would have another type.
            if meta.properties[number - 1].kind == b"colr" and data[start : start + 4] == b"nclx":
                points = data[start + 4 : start + 8]
                return int.from_bytes(points[:2], "big"), int.from_bytes(points[2:], "big")
    return 2, 2


def _flattened(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes at the top level and inside of a movie, in order."""
    for box in boxes(data, start, end):
        if box.kind in _CONTAINERS:
            yield from _flattened(data, box.start, box.end)
        else:
            yield box


def _read_meta(meta: _Meta, data: bytes, outer: Box) -> None:
    for box in boxes(data, outer.start + 4, outer.end):
        if box.kind == b"pitm":
            width = 4 if take(data, box.start, 1)[0] else 2
            meta.primary = int.from_bytes(take(data, box.start + 4, width), "big")
        elif box.kind == b"iloc":
            meta.extent = _furthest(take(data, box.start, box.end - box.start))
        elif box.kind == b"iprp":
            for inner in boxes(data, box.start, box.end):
                if inner.kind == b"ipco":
                    meta.properties = list(boxes(data, inner.start, inner.end))
                elif inner.kind == b"ipma" and not meta.used:
                    meta.used = _associations(data[inner.start : inner.end], meta.primary)


def _associations(body: bytes, item: int) -> list[int]:
    """The property numbers (from 1) of an item, from an ipma box (HEIF 9.3.1)."""
    head = take(body, 0, 8)
    wide_ids, wide_indices = head[0] > 0, bool(head[3] & 1)
    position = 8
    width = 4 if wide_ids else 2
    for _ in range(int.from_bytes(head[4:], "big")):
        found = int.from_bytes(take(body, position, width), "big")
        count = take(body, position + width, 1)[0]
        position += width + 1
        step = 2 if wide_indices else 1
        entries = take(body, position, count * step)
        if found == item:
            mask = 0x7FFF if wide_indices else 0x7F
            return [
                int.from_bytes(entries[i : i + step], "big") & mask
                for i in range(0, len(entries), step)
            ]
        position += len(entries)
    return []


def _picture(meta: _Meta, data: bytes) -> tuple[Size | None, int]:
    """The coded size and the orientation of the primary item."""
    size: Size | None = None
    turns, axis = 0, None
    for number in meta.used:
        if not 1 <= number <= len(meta.properties):
            continue
        box = meta.properties[number - 1]
        body = data[box.start : box.end]
        if box.kind == b"ispe" and len(body) >= 12:  # noqa: PLR2004 - version, width, height
            size = Size(int.from_bytes(body[4:8], "big"), int.from_bytes(body[8:12], "big"))
        elif box.kind == b"irot" and body:
            turns = body[0] & 3
        elif box.kind == b"imir" and body:
            axis = body[0] & 1
    return size, _ORIENTATIONS[turns, axis]


def _track_size(data: bytes, box: Box) -> Size:
    """Width and height of a track header, its last two fields, as 16.16 fixed point."""
    start = box.start + (88 if take(data, box.start, 1)[0] else 76)
    if start + 8 > box.end:
        raise ShortError
    return Size(
        int.from_bytes(take(data, start, 4), "big") >> 16,
        int.from_bytes(take(data, start + 4, 4), "big") >> 16,
    )


def _furthest(body: bytes) -> int:
    """The furthest byte of the file that an item location box points at (14496-12, 8.11.3)."""
    head = take(body, 0, 6)
    version = head[0]
    offset_size, length_size = head[4] >> 4, head[4] & 15
    base_size, index_size = head[5] >> 4, head[5] & 15 if version else 0
    width = 4 if version > 1 else 2
    position = 6 + width
    furthest = 0
    for _ in range(int.from_bytes(take(body, 6, width), "big")):
        position += width
        in_file = not version or not take(body, position, 2)[1] & 15
        position += (2 if version else 0) + 2
        base = int.from_bytes(take(body, position, base_size), "big")
        extents = int.from_bytes(take(body, position + base_size, 2), "big")
        position += base_size + 2
        for _ in range(extents):
            position += index_size
            start = int.from_bytes(take(body, position, offset_size), "big")
            length = int.from_bytes(take(body, position + offset_size, length_size), "big")
            position += offset_size + length_size
            furthest = max(furthest, base + start + length if in_file else 0)
    return furthest
