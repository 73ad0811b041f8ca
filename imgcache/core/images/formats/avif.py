"""AVIF walker: the primary item's size and transformations, and where its data lies.

Sources: ISO/IEC 23008-12 (HEIF) sections 6 and 9, AV1 Image File Format 1.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from msgspec import Struct, field

from imgcache.core.images.formats.heif import items, mini, strict
from imgcache.core.images.formats.heif.items import extents
from imgcache.core.images.formats.isobmff import Box, boxes
from imgcache.core.images.formats.structure import (
    ShortError,
    Structure,
    oriented,
    sizeless,
    take,
    truncated,
)
from imgcache.model import Size, Verdict

# (quarter turns anticlockwise, mirror axis or None) -> EXIF orientation; turned, then mirrored
# (HEIF 6.5.10 and 6.5.12: axis 1 exchanges left and right).
_ORIENTATIONS = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7,
    (0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5,
}  # fmt: skip
# The path to the frames of a sequence.
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


_APERTURE = struct.Struct(">IIIIiIiI")  # width, height, and both offsets, each as a fraction
# The major brands by which a decoder may know the file; browsers look at the others, too.
_MAJOR = (b"avif", b"avis", b"mif1", b"msf1")


class _Meta(Struct):
    """What the meta box says."""

    primary: int = 0
    properties: list[Box] = field(default_factory=list)
    links: list[bytes] = field(default_factory=list)
    used: list[int] = field(default_factory=list)
    extent: int = 0
    whole: bool = False
    box: Box | None = None


class _Picture(Struct, frozen=True):
    """The primary item, or the tracks of a sequence: its coded size and how it is shown."""

    size: Size | None = None
    cropped: Size | None = None
    orientation: int = 1


def walk(data: bytes) -> Structure:
    """The structure of all boxes to the end of the file."""
    if (minimized := mini.walk(data)) is not None:
        return minimized
    meta = _Meta()
    track: list[Size] = []
    frames = 1
    headed = False
    flaw: Verdict | None = None
    detail = ""
    is_sequence = data[8:12] == b"avis"
    try:
        for box in _flattened(data, 0, len(data)):
            if box.kind == b"meta" and not meta.properties:
                meta.box = box
                _read_meta(meta, data, box)
            elif box.kind == b"tkhd":
                track.append(_track_size(data, box))
            elif box.kind == b"stsz":
                frames = max(frames, int.from_bytes(take(data, box.start + 8, 4), "big"))
            headed = headed or (bool(track) and box.whole if is_sequence else meta.whole)
    except ShortError:
        flaw, detail = truncated()
    picture = _Picture(max(track)) if is_sequence and track else _picture(meta, data)
    if flaw is None and (picture.size is None or 0 in picture.size):
        flaw, detail = sizeless()
    if meta.extent > len(data):
        flaw, detail = truncated()
    if flaw is None and (refused := _refused(meta, data, is_sequence=is_sequence)):
        flaw, detail = Verdict.CORRUPT, refused
    shown = picture.cropped or picture.size
    return Structure(
        size=oriented(shown, picture.orientation) if shown else None,
        headed=headed or flaw is not Verdict.TRUNCATED,
        canvas=picture.size,
        cropped=picture.cropped,
        orientation=picture.orientation,
        frames=frames,
        flaw=flaw,
        detail=detail,
        has_position=None if meta.box is None else items.has_position(data, meta.box),
    )


def _refused(meta: _Meta, data: bytes, *, is_sequence: bool) -> str | None:
    """Why browsers refuse a file that is whole."""
    if refused := strict.reason(data):
        return refused
    if is_sequence:
        return strict.color_reason(*strict.sample_entry(data))
    used = [meta.properties[n - 1] for n in meta.used if 1 <= n <= len(meta.properties)]
    colors = (data[box.start : box.end] for box in used if box.kind == b"colr")
    # A grid has the settings of its tiles.
    settings = next(
        (data[b.start : b.end] for b in (*used, *meta.properties) if b.kind == b"av1C"), b""
    )
    return strict.color_reason(colors, settings)


def known(data: bytes) -> bytes:
    """The file, its major brand replaced where decoders don't know it."""
    return data if data[8:12] in _MAJOR else data[:8] + b"mif1" + data[12:]


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


def _flattened(data: bytes, start: int, end: int, depth: int = 0) -> Iterator[Box]:
    """The boxes at the top level and inside of a movie, in order; containers by their level."""
    for box in boxes(data, start, end):
        if box.kind in _CONTAINERS[depth : depth + 1]:
            yield from _flattened(data, box.start, box.end, depth + 1)
        else:
            yield box


def _read_meta(meta: _Meta, data: bytes, outer: Box) -> None:
    try:
        for box in boxes(data, outer.start + 4, outer.end):
            _note(meta, data, box)
    finally:
        # The primary item may be named behind its properties.
        for body in meta.links:
            meta.used = meta.used or _associations(body, meta.primary)
    meta.whole = outer.whole


def _note(meta: _Meta, data: bytes, box: Box) -> None:
    """Records one box of the meta box."""
    if box.kind == b"pitm":
        width = 4 if take(data, box.start, 1)[0] else 2
        meta.primary = int.from_bytes(take(data, box.start + 4, width), "big")
    elif box.kind == b"iloc":
        meta.extent = _furthest(take(data, box.start, box.end - box.start))
    elif box.kind == b"iprp":
        for inner in boxes(data, box.start, box.end):
            if inner.kind == b"ipco":
                meta.properties = list(boxes(data, inner.start, inner.end))
            elif inner.kind == b"ipma":
                meta.links.append(data[inner.start : inner.end])


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


def _picture(meta: _Meta, data: bytes) -> _Picture:
    """The primary item; of properties of one kind the first counts."""
    bodies: dict[bytes, bytes] = {}
    for number in meta.used:
        if 1 <= number <= len(meta.properties):
            box = meta.properties[number - 1]
            bodies.setdefault(box.kind, data[box.start : box.end])
    extents = bodies.get(b"ispe", b"")
    if len(extents) < 12:  # noqa: PLR2004 - version, width, height
        return _Picture()
    size = Size(int.from_bytes(extents[4:8], "big"), int.from_bytes(extents[8:12], "big"))
    turns = int.from_bytes(bodies.get(b"irot", b"")[:1]) & 3
    axis = bodies[b"imir"][0] & 1 if bodies.get(b"imir") else None
    return _Picture(size, _aperture(bodies.get(b"clap", b""), size), _ORIENTATIONS[turns, axis])


def _aperture(body: bytes, size: Size) -> Size | None:
    """What a clean aperture leaves of the picture (14496-12, 12.1.4); None where it is ignored.

    Browsers ignore one that is not in whole pixels, or does not begin in the upper left corner:
    what is cut off there was to be hidden, and would still be in the file.
    """
    if len(body) < _APERTURE.size:
        return None
    fields = _APERTURE.unpack_from(body)
    (width, height), ratios = (fields[0], fields[2]), fields[1::2]
    if 0 in ratios or width % ratios[0] or height % ratios[1]:
        return None
    cropped = Size(width // ratios[0], height // ratios[1])
    # The offsets are those of the centres.
    at_corner = (
        2 * fields[4] == (cropped.width - size.width) * ratios[2]
        and 2 * fields[6] == (cropped.height - size.height) * ratios[3]
    )
    inside = 0 < cropped.width <= size.width and 0 < cropped.height <= size.height
    return cropped if at_corner and inside else None


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
    return max((one.start + one.length for one in extents(body) if not one.method), default=0)
