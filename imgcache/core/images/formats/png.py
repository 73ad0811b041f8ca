"""PNG and APNG walker, from chunk to chunk (PNG specification, third edition)."""

from __future__ import annotations

import zlib

from imgcache.core.images.formats.chunks import Chunk
from imgcache.core.images.formats.png_rules import HEADER_LENGTH, Met, take
from imgcache.core.images.formats.structure import (
    Finding,
    Span,
    Structure,
    oriented,
    sizeless,
    truncated,
)
from imgcache.model import Verdict

SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Section 11.2.1, table 12: bit depths by colour type, and samples a pixel.
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_INDEXED = 3
_LARGEST_SIDE = 1_000_000  # libpng's limit, which browsers keep
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


def walk(data: bytes) -> Structure:
    """The structure up to IEND; chunks that no decoder needs are left out of `parts`."""
    met, kept = Met(), [(0, len(SIGNATURE))]
    position, refused = len(SIGNATURE), None
    while len(data) - position >= 8:  # noqa: PLR2004 - length and type of a chunk
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        if not met.header and (kind, length) != (b"IHDR", HEADER_LENGTH):
            return _structure(met, kept, (Verdict.CORRUPT, "its first chunk is not the header"))
        end = position + 12 + length
        whole = min(end, len(data))
        if end > len(data):
            refused = _refusal(met)  # before a chunk whose checksum is cut off
        if take(met, Chunk(kind, data[position + 8 : whole - 4], data[whole - 4 : whole])):
            kept.append((position, whole))
        if end > len(data):
            break
        if kind == b"IEND":
            met.has_position = bool(met.has_position)
            return _structure(met, kept, _judged(met))
        position = end
    else:
        refused = _refusal(met)
    return _structure(met, kept, (Verdict.CORRUPT, refused) if refused else truncated())


def _structure(met: Met, kept: list[Span], finding: Finding) -> Structure:
    coded, orientation = met.size, met.orientation or 1
    flaw, detail = finding
    return Structure(
        size=oriented(coded, orientation) if coded else None,
        headed=met.headed,
        canvas=coded,
        orientation=orientation,
        frames=max(met.announced, met.frames, 1),
        parts=tuple(kept),
        flaw=flaw,
        detail=detail,
        has_position=met.has_position,
    )


def _judged(met: Met) -> Finding:
    if reason := _inconsistency(met):
        return Verdict.CORRUPT, reason
    if met.announced > met.frames:
        return truncated("frames of its animation are missing")
    return None, ""


def _inconsistency(met: Met) -> str | None:
    """Why an image that was walked to its end contradicts itself or the format."""
    if met.size is None:
        return sizeless()[1]
    if refused := _refusal(met):
        return refused
    if not met.pixels:
        return "it has a header and no pixels"
    if _filtered_length(met.header) > _DEFLATE_RATIO * met.pixels:
        return "it holds fewer pixels than its header says"
    return None


def _refusal(met: Met) -> str | None:
    """Why browsers refuse it, whatever follows."""
    if met.size is None:
        return None
    if 0 in met.size:
        return sizeless()[1]
    depth, colour, packing, filtering, interlace = met.header[8:13]
    if depth not in _DEPTHS.get(colour, ()) or packing or filtering or interlace > 1:
        return "its header describes no pixels that PNG has"
    if max(met.size) > _LARGEST_SIDE:
        return f"browsers refuse more than {_LARGEST_SIDE:,} pixels a side"
    return met.damage


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


def has_few_colours(data: bytes) -> bool:
    """Whether a sound PNG has a palette, or greys of less than 8 bits."""
    depth, colour = data[24:26]
    return colour == _INDEXED or depth < 8  # noqa: PLR2004 - bits


def lacks_pixels(data: bytes) -> bool:
    """Whether a sound structure holds fewer pixels than its header says, by inflating them all.

    For files whose decoded pixels look as if nothing had been written there, and for pixels that
    are not decoded.
    """
    needed = _filtered_length(data[16:29])
    inflater = zlib.decompressobj()
    for start, end in walk(data).parts:
        packed = data[start + 8 : end - 4] if data[start + 4 : start + 8] == b"IDAT" else b""
        try:
            while packed and needed > 0:
                needed -= len(inflater.decompress(packed, _STEP))
                packed = inflater.unconsumed_tail
        except zlib.error:
            return True
    return needed > 0
