"""First frame of an animation, and its place where it does not fill the canvas."""

from __future__ import annotations

import struct

from msgspec import Struct

from imgcache.core.images.formats.chunks import Chunk, chunks
from imgcache.core.images.formats.png import SIGNATURE

# Left, top, right, bottom, in pixels of the canvas.
Place = tuple[int, int, int, int]
_FOR_ALL_FRAMES = frozenset({b"PLTE", b"tRNS", b"iCCP"})
_ANMF_HEAD = struct.Struct("<3s3s3s3s")


class Frame(Struct, frozen=True):
    """A frame as a file of its own, and its place on the canvas."""

    file: bytes
    place: Place


def of_webp(data: bytes) -> Place | None:
    """The place of the first ANMF chunk (RFC 9649, section 2.7.1.1); None without animation."""
    position = 12
    while (kind := data[position : position + 4]) != b"ANMF":
        if not kind:
            return None
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + length + (length & 1)
    fields = _ANMF_HEAD.unpack_from(data.ljust(position + 20, b"\0"), position + 8)
    across, down, width, height = (int.from_bytes(field, "little") for field in fields)
    return 2 * across, 2 * down, 2 * across + width + 1, 2 * down + height + 1


def of_apng(data: bytes) -> Frame | None:
    """The first frame of an animation without the still picture; None for any other.

    PNG section 4.9: that is so where no frame control chunk stands before the still picture. The
    frame becomes a PNG without animation, which any decoder reads the same.
    """
    if b"acTL" not in data:  # nearly always, so the chunks need no second walk
        return None
    header, shared, control = b"", b"", b""
    pixels: list[bytes] = []
    still = False
    for chunk in chunks(data):
        if chunk.kind == b"IHDR":
            header = chunk.body
        elif chunk.kind in _FOR_ALL_FRAMES and not still:
            shared += chunk.file
        elif chunk.kind == b"IDAT":
            still = True
        elif chunk.kind == b"fcTL" and (not still or control):
            break  # the still picture is the first frame, or the second frame begins
        elif chunk.kind == b"fcTL":
            control = chunk.body
        elif chunk.kind == b"fdAT" and control:
            pixels.append(Chunk(b"IDAT", chunk.body[4:]).file)
    if not pixels:
        return None
    width, height, left, top = struct.unpack_from(">4I", control.ljust(20, b"\0"), 4)
    head = Chunk(b"IHDR", control[4:12] + header[8:]).file
    file = SIGNATURE + head + shared + b"".join(pixels) + Chunk(b"IEND", b"").file
    return Frame(file, (left, top, left + width, top + height))
