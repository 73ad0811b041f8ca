"""ICO and CUR walker: finds the entry that browsers pick, and makes a file of it alone.

Browsers pick the largest entry, then the one with most bits a pixel; the directory gives the size.
They paint nothing of a picture that says another one of itself.
"""

from __future__ import annotations

import struct
from functools import cache

from msgspec import Struct

from imgcache.core.images.formats import bmp, png
from imgcache.core.images.formats.structure import Finding, Structure, truncated
from imgcache.model import Size, Verdict

_DIRECTORY, _ENTRY = 6, 16
_CURSOR = 2
_CORE_HEADER = bmp.CORE_HEADER.to_bytes(4, "little")
_WITH_ALPHA = 32  # bits a pixel
_PICTURE_HEAD = 24  # the beginning of a PNG or BMP that tells its size


class IconEntry(Struct, frozen=True):
    """One directory entry; the offsets are those of its bytes in the file."""

    size: Size
    depth: int
    start: int
    length: int


def entries(data: bytes) -> list[IconEntry]:
    """The directory in the order of preference; none where it is cut off."""
    kind, count = struct.unpack_from("<HH", data.ljust(_DIRECTORY, b"\0"), 2)
    if len(data) < _DIRECTORY + _ENTRY * count:
        return []
    read = [_entry(data, _DIRECTORY + _ENTRY * i, kind) for i in range(count)]
    return sorted(read, key=lambda entry: (-entry.size.width * entry.size.height, -entry.depth))


def _entry(data: bytes, at: int, kind: int) -> IconEntry:
    width, height, colours, _, _, depth, length, start = struct.unpack_from("<BBBBHHII", data, at)
    if kind == _CURSOR or not depth:  # cursors keep their hot spot there
        depth = ((colours or 256) - 1).bit_length()
    return IconEntry(Size(width or 256, height or 256), depth, start, length)


def walk(data: bytes) -> Structure:
    """The structure of the entry that browsers pick."""
    listed = entries(data)
    if not listed:
        flaw, detail = truncated()
        return Structure(flaw=flaw, detail=detail)
    best = listed[0]
    if any(one.start < _DIRECTORY + _ENTRY * len(listed) for one in listed):
        flaw, detail = Verdict.CORRUPT, "its directory points at itself"
        return Structure(size=best.size, canvas=best.size, flaw=flaw, detail=detail)
    flaw, detail = _judged(data, best)
    return Structure(size=best.size, canvas=_coded(data, best), flaw=flaw, detail=detail)


def _judged(data: bytes, entry: IconEntry) -> Finding:
    if entry.start + entry.length > len(data):
        return truncated()
    if data.startswith(png.SIGNATURE, entry.start):
        inner = png.walk(data[entry.start : entry.start + entry.length])
        if inner.flaw is not None:
            return inner.flaw, inner.detail
    elif data.startswith(_CORE_HEADER, entry.start):
        return Verdict.CORRUPT, "its picture has OS/2's short header, so browsers paint nothing"
    own = _own_size(data, entry)
    if own in (None, entry.size):
        return None, ""
    detail = f"its directory says {_named(entry.size)} and its picture {_named(own)}"
    return Verdict.CORRUPT, f"{detail}, so browsers paint nothing"


def _named(size: Size) -> str:
    return f"{size.width} x {size.height}"


def _coded(data: bytes, entry: IconEntry) -> Size | None:
    """What a decoder will allocate: as much as the picture declares, or the directory."""
    if len(data) < entry.start + _PICTURE_HEAD:
        return None
    own = _own_size(data, entry)
    if own is None or data.startswith(png.SIGNATURE, entry.start):
        return own or entry.size
    return Size(max(abs(own.width), entry.size.width), max(own.height, entry.size.height))


def _own_size(data: bytes, entry: IconEntry) -> Size | None:
    """The size that the picture itself declares; None for what is neither PNG nor BMP.

    A BMP counts its mask as rows, too; one of negative width is none that browsers paint.
    """
    head = data[entry.start : entry.start + _PICTURE_HEAD].ljust(_PICTURE_HEAD, b"\0")
    if head.startswith(png.SIGNATURE):
        return Size(int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big"))
    (length,) = struct.unpack_from("<I", head)
    if length not in bmp.HEADER_SIZES:
        return None
    width, height = struct.unpack_from("<HH" if length == bmp.CORE_HEADER else "<ii", head, 4)
    return Size(width, abs(height) // 2)


def _with_mask(body: bytes, size: Size) -> bytes:
    """A BMP whose pixels all have an alpha of 0 with the mask for alpha, as browsers show it."""
    start = int.from_bytes(body[:4], "little")
    end, stride = start + 4 * size.width * size.height, (size.width + 31) // 32 * 4
    has_fields = any(body[16:20])  # then the alpha may lie elsewhere
    if has_fields or len(body) < end or any(body[start + 3 : end : 4]):
        return body
    mask = body[end:].ljust(stride * size.height, b"\0")
    rows = (mask[at : at + stride] for at in range(0, stride * size.height, stride))
    opaque = b"".join(b"".join(map(_opacities, row))[: size.width] for row in rows)
    pixels = bytearray(body[start:end])
    pixels[3::4] = opaque
    return body[:start] + pixels + body[end:]


@cache
def _opacities(bits: int) -> bytes:
    """Those of eight pixels by their bits in the mask, where a 1 lets the page through."""
    return bytes(0 if bits >> 7 - at & 1 else 255 for at in range(8))


def only(data: bytes) -> bytes:
    """An icon file that holds the picked entry and nothing else, for decoders that can't choose."""
    best = entries(data)[0]
    body = data[best.start : best.start + best.length]
    depth = 32 if body.startswith(png.SIGNATURE) else int.from_bytes(body[14:16], "little")
    if depth == _WITH_ALPHA and not body.startswith(png.SIGNATURE):
        body = _with_mask(body, best.size)
    place = struct.pack(
        "<BBBBHHII", best.size.width & 255, best.size.height & 255, 0, 0, 1, depth, len(body), 22
    )
    return struct.pack("<HHH", 0, 1, 1) + place + body
