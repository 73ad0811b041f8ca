"""PNG and APNG walker, from chunk to chunk (PNG specification, third edition)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from imgcache.core.images.formats import exif
from imgcache.core.images.formats.structure import Span, Structure, oriented, truncated
from imgcache.model import Size, Verdict

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Section 11.2.1, table 12: bit depths by colour type, and samples a pixel.
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_NEEDED = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP", b"acTL", b"fcTL", b"fdAT"}
)
_CHECKED = _NEEDED - {b"iCCP"}
_HEADER_LENGTH, _ANIMATION_LENGTH = 13, 8
# Section 11.3.1.1: lengths of tRNS by colour type; browsers pass over one of another length.
_TRANSPARENCY = {0: range(2, 3), 2: range(6, 7), 3: range(1, 257)}
_LARGEST_PALETTE = 3 * 256
_LARGEST_SIDE = 1_000_000  # libpng's limit, which browsers keep
_LOWER = 0x20  # the bit by which a chunk's first letter says that it may be left out (section 5.4)
# Section 8.1: left, top, and the steps to the right and down of each pass.
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_STEP = 1 << 20  # inflated at a time, so that a bomb stays small
# Deflate makes at most 1032 bytes of one byte (zlib's technical details).
_DEFLATE_RATIO = 1032
# Beyond this Pillow refuses the file; no real profile is that large.
_LARGEST_PROFILE = 1 << 20


@dataclass(slots=True)
class _Walk:
    """What the walk has found so far."""

    header: bytes = b""
    orientation: int | None = None
    coloured: bool = False
    headed: bool = False
    pixels: int = 0
    announced: int = 0
    frames: int = 0
    damage: str = ""
    kept: list[Span] = field(default_factory=lambda: [(0, 8)])

    @property
    def size(self) -> Size | None:
        if len(self.header) != _HEADER_LENGTH:
            return None
        return Size(int.from_bytes(self.header[:4], "big"), int.from_bytes(self.header[4:8], "big"))

    def structure(self, flaw: Verdict | None = None, detail: str = "") -> Structure:
        coded, orientation = self.size, self.orientation or 1
        return Structure(
            size=oriented(coded, orientation) if coded else None,
            headed=self.headed,
            canvas=coded,
            orientation=orientation,
            frames=max(self.announced, self.frames, 1),
            parts=tuple(self.kept),
            flaw=flaw,
            detail=detail,
        )


def walk(data: bytes) -> Structure:
    """The structure up to IEND; ancillary chunks that no decoder needs are left out of `parts`."""
    met = _Walk()
    position = len(SIGNATURE)
    while len(data) - position >= 8:  # noqa: PLR2004 - length and type of a chunk
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        if not met.header and (kind, length) != (b"IHDR", _HEADER_LENGTH):
            return met.structure(Verdict.CORRUPT, "its first chunk is not the header")
        end = position + 12 + length
        _note(met, data, kind, position, min(end, len(data)))
        if end > len(data):
            break
        if kind == b"IEND":
            return _judged(met)
        position = end
    return met.structure(*truncated())


def _note(met: _Walk, data: bytes, kind: bytes, start: int, end: int) -> None:
    body = memoryview(data)[start + 8 : end - 4]
    if kind == b"IHDR" and not met.header:
        met.header = data[start + 8 : start + 21]
    elif kind == b"IDAT":
        met.headed = True
        met.pixels += len(body)
    elif kind == b"fcTL":
        met.frames += 1
    elif not met.headed:
        _note_before_pixels(met, kind, body, intact=_is_intact(data, start, end))
    if kind in _CHECKED and not _is_intact(data, start, end):
        met.damage = f"the checksum of its {kind.decode()} chunk is wrong"
    if kind in _NEEDED and not _is_passed_over(met, data, kind, start, end):
        met.kept.append((start, end))


def _is_passed_over(met: _Walk, data: bytes, kind: bytes, start: int, end: int) -> bool:
    """Whether browsers ignore a chunk that makes a decoder refuse the whole file."""
    if kind == b"tRNS" and len(met.header) == _HEADER_LENGTH:
        lengths = _TRANSPARENCY.get(met.header[9])
        return lengths is not None and end - start - 12 not in lengths
    if kind == b"acTL":
        return end - start - 12 != _ANIMATION_LENGTH
    return kind == b"iCCP" and not _is_profile(data, start, end)


def _note_before_pixels(met: _Walk, kind: bytes, body: memoryview, *, intact: bool) -> None:
    """Records what counts before the first IDAT only; behind it, it is ignored, as by browsers."""
    if kind == b"acTL" and len(body) == _ANIMATION_LENGTH:
        met.announced = int.from_bytes(body[:4], "big")
    elif kind == b"eXIf" and intact and met.orientation is None:
        met.orientation = exif.parse(bytes(body)).orientation
    elif kind == b"PLTE" and not met.coloured:
        met.coloured = True
        if not 0 < len(body) <= _LARGEST_PALETTE:
            met.damage = "browsers refuse its palette"
    elif kind in (b"IHDR", b"PLTE") or (kind not in _NEEDED and not kind[0] & _LOWER):
        # A repeated chunk, or an unknown one that is critical (section 5.4).
        met.damage = f"browsers refuse its {kind.decode('latin-1')!r} chunk"


def _is_intact(data: bytes, start: int, end: int) -> bool:
    """Whether the checksum of a chunk is right (section 5.5)."""
    checked = memoryview(data)[start + 4 : end - 4]
    return zlib.crc32(checked) == int.from_bytes(data[end - 4 : end], "big")


def _is_profile(data: bytes, start: int, end: int) -> bool:
    """Whether an iCCP chunk holds a profile that inflates to a sane length, checksum included."""
    name, _, packed = data[start + 8 : end - 4].partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(packed[1:], _LARGEST_PROFILE)
    except zlib.error:
        return False
    return bool(name) and packed[:1] == b"\0" and inflater.eof and _is_intact(data, start, end)


def _judged(met: _Walk) -> Structure:
    if reason := _inconsistency(met):
        return met.structure(Verdict.CORRUPT, reason)
    if met.announced > met.frames:
        return met.structure(*truncated("frames of its animation are missing"))
    return met.structure()


def _inconsistency(met: _Walk) -> str | None:
    """Why an image that was walked to its end contradicts itself or the format."""
    size = met.size
    if size is None or 0 in size:
        return "its header gives no size"
    depth, colour, packing, filtering, interlace = met.header[8:13]
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlace > 1:
        return "its header describes no pixels that PNG has"
    if met.damage or max(size) > _LARGEST_SIDE:
        return met.damage or f"browsers refuse more than {_LARGEST_SIDE:,} pixels a side"
    if not met.pixels:
        return "it has a header and no pixels"
    if _filtered_length(met.header) > _DEFLATE_RATIO * met.pixels:
        return "it holds fewer pixels than its header says"
    return None


def _filtered_length(header: bytes) -> int:
    """How many bytes the pixels have before compression (sections 7.3 and 8.1)."""
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, colour, _, _, interlaced = header[8:13]
    length = 0
    for left, top, across, down in _ADAM7 if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            length += rows * ((columns * _SAMPLES[colour] * depth + 7) // 8 + 1)
    return length


def lacks_pixels(data: bytes) -> bool:
    """Whether a sound structure holds fewer pixels than its header says, by inflating them all.

    For files whose decoded pixels look as if nothing had been written there.
    """
    needed = _filtered_length(data[16:29])
    inflater = zlib.decompressobj()
    for start, end in walk(data).parts:
        packed = data[start + 8 : end - 4] if data[start + 4 : start + 8] == b"IDAT" else b""
        while packed and needed > 0:
            needed -= len(inflater.decompress(packed, _STEP))
            packed = inflater.unconsumed_tail
    return needed > 0
