"""WebP walker, from chunk to chunk (RFC 9649)."""

from __future__ import annotations

from collections.abc import Iterator

from imgcache.core.images.formats import exif
from imgcache.core.images.formats.structure import Finding, Structure, sizeless, truncated
from imgcache.model import Size, Verdict

_PICTURES = frozenset({b"VP8 ", b"VP8L"})
_ANIMATED, _ALPHA = 0x02, 0x10  # flags of VP8X, section 2.7.1
_EXTENDED = 10  # bytes of VP8X
_ALPHA_IS_USED = 0x10  # in the fifth byte of a VP8L picture, section 3.4


def walk(data: bytes) -> Structure:
    """The structure up to the end that the RIFF header announces.

    The orientation stays 1: browsers show a WebP as it is stored, whatever its EXIF chunk says.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    size: Size | None = None
    animated = False
    pictures = frames = 0
    meta: exif.Exif | None = None
    position = 12
    while position + 8 <= min(end, len(data)):
        kind = data[position : position + 4]
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        body = data[position + 8 : position + 8 + min(length, 24)]
        if position == 12:  # noqa: PLR2004 - the first chunk, behind the RIFF header, has the size
            size = _size(kind, body)
            animated = kind == b"VP8X" and bool(body[:1]) and bool(body[0] & _ANIMATED)
        pictures += kind in _PICTURES
        frames += kind == b"ANMF"
        if kind == b"EXIF" and meta is None and position + 8 + length <= len(data):
            meta = _exif(data[position + 8 : position + 8 + length])
        position += 8 + length + (length & 1)
    flaw, detail = _judged(size, frames if animated else pictures)
    # The last chunk may lack its padding byte.
    if end > len(data) + 1 or position > len(data) + 1:
        flaw, detail = truncated()
    unread = None if flaw is Verdict.TRUNCATED else False
    return Structure(
        size=size,
        canvas=size,
        frames=max(frames, 1),
        flaw=flaw,
        detail=detail,
        has_position=meta.has_position if meta is not None else unread,
    )


def _exif(body: bytes) -> exif.Exif:
    """The chunk of section 2.7.1.5; some writers put the mark of a JPEG's segment before it."""
    return exif.parse(body.removeprefix(b"Exif\0\0"))


def _size(kind: bytes, body: bytes) -> Size | None:
    """The canvas, from the first chunk; None where its bytes are missing or make no sense."""
    if kind == b"VP8X" and len(body) >= 10:  # noqa: PLR2004 - section 2.7.1
        return Size(
            int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
        )
    if kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:  # noqa: PLR2004 - section 3.4
        bits = int.from_bytes(body[1:5], "little")
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":  # noqa: PLR2004 - RFC 6386 9.1
        return Size(
            int.from_bytes(body[6:8], "little") & 0x3FFF,
            int.from_bytes(body[8:10], "little") & 0x3FFF,
        )
    return None


def _judged(size: Size | None, pictures: int) -> Finding:
    if size is None or 0 in size:
        return sizeless()
    if not pictures:
        return Verdict.CORRUPT, "it has a header and no pixels"
    return None, ""


def known(data: bytes) -> bytes:
    """The file with its marks of transparency set, which the decoder here heeds.

    Browsers look at the pixels of lossless pictures and of frames whatever the marks say, and pass
    over what follows the ten bytes of the first chunk.
    """
    length = int.from_bytes(data[16:20], "little")
    if data[12:16] == b"VP8X" and length > _EXTENDED:
        data = _with_short_head(data, length)
    marks = {position: mark for position, mark in _marks(data) if not data[position] & mark}
    if not marks:
        return data
    marked = bytearray(data)
    for position, mark in marks.items():
        marked[position] |= mark
    return bytes(marked)


def _with_short_head(data: bytes, length: int) -> bytes:
    more = length + (length & 1) - _EXTENDED
    end = max(0, int.from_bytes(data[4:8], "little") - more)
    head = b"RIFF" + end.to_bytes(4, "little") + b"WEBPVP8X" + _EXTENDED.to_bytes(4, "little")
    return head + data[20 : 20 + _EXTENDED] + data[20 + _EXTENDED + more :]


def _marks(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the marks stand, and their bits: of the canvas, and of a picture that is lossless."""
    extended = data[12:16] == b"VP8X"
    position = 12
    while position + 20 <= len(data):
        kind = data[position : position + 4]
        if kind == b"VP8L":
            yield position + 12, _ALPHA_IS_USED
        if extended and kind in (b"VP8L", b"ANMF"):
            yield 20, _ALPHA
        if kind in _PICTURES | {b"ANMF"}:
            return
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        position += 8 + length + (length & 1)
