"""Reader of a minimized image box, which stands for the meta box of a small file: its size only.

Source: ISO/IEC 23008-12 (HEIF), amendment 2, "Low-overhead image file format". Chromium shows such
files; the decoder here does not read them.
"""

from __future__ import annotations

from imgcache.core.images.formats.isobmff import boxes
from imgcache.core.images.formats.structure import ShortError, Structure, oriented, take
from imgcache.model import Size, Verdict

_HEAD = 7  # bytes up to the height, whichever width the sides have
_LARGE = 1 << 39  # the bit of five bytes that says so
_DETAIL = (
    "it is an AVIF in the minimized form, which few browsers show and which is not decoded here"
)


def walk(data: bytes) -> Structure | None:
    """The size, and that it is not decoded; None for a file with a meta box, or with neither."""
    size: Size | None = None
    try:
        for box in boxes(data, 0, len(data)):
            if box.kind in (b"meta", b"moov"):
                return None
            if box.kind == b"mini":
                size = _size(take(data, box.start, _HEAD))
                break
        else:
            return None
    except ShortError:
        return None
    return Structure(size=size, canvas=size, flaw=Verdict.UNSUPPORTED_FORMAT, detail=_DETAIL)


def _size(head: bytes) -> Size:
    """Two bytes of flags, of which the last three bits are the orientation; then both sides."""
    sides = int.from_bytes(head[2:], "big")
    bits = 15 if sides & _LARGE else 7
    mask = (1 << bits) - 1
    width, height = (sides >> 39 - n * bits & mask for n in (1, 2))
    return oriented(Size(width + 1, height + 1), (head[1] & 7) + 1)
