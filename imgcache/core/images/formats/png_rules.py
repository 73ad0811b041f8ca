"""PNG chunks as browsers take them: which are refused, which count, and which are passed over.

Browsers read a chunk by where it stands: Chromium by the rules of the `png` crate, Firefox by those
of libpng. A decoder that reads all of them alike would show another picture, or none.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping

from msgspec import Struct

from imgcache.core.images.formats import exif
from imgcache.core.images.formats.chunks import Chunk
from imgcache.model import Size

HEADER_LENGTH = 13
_ANIMATION_LENGTH = 8
_CONTROL = struct.Struct(">5I4xBB")  # fcTL without the delay (PNG 11.3.6.2)
_LAST_DISPOSAL, _LAST_BLEND = 2, 1
_INDEXED = 3  # the colour type of a palette image
# Section 11.3.1.1: how long a tRNS chunk is by colour type; browsers use the samples that they need
# of a longer one, unless it is a palette's.
_TRANSPARENCY = {0: range(2, 1 << 31), 2: range(6, 1 << 31), _INDEXED: range(1, 257)}
_PALETTE = range(3, 3 * 256 + 1)
_CODE_POINTS_LENGTH = 4
_LOWER = 0x20  # the bit by which a chunk's first letter says that it may be left out (section 5.4)
# Beyond this Pillow refuses the file; no real profile is that large.
_LARGEST_PROFILE = 1 << 20


class Met(Struct):
    """What has been met so far: `take` is told each chunk in its order.

    Attributes:
        header: the body of the header chunk.
        orientation: as the first eXIf chunk has it.
        has_position: whether GPS coordinates are in it; None while there is no such chunk.
        headed: whether the pixels have begun, so that nothing can change the size.
        pixels: how many bytes of compressed pixels there are.
        announced: frames of an animation that acTL promises.
        frames: frames whose fcTL chunk is there.
        damage: why browsers refuse the file, or don't show all of it; empty where they do.
    """

    header: bytes = b""
    orientation: int | None = None
    has_position: bool | None = None
    headed: bool = False
    pixels: int = 0
    announced: int = 0
    frames: int = 0
    damage: str = ""
    last: bytes = b""
    coloured: bool = False
    transparent: bool = False
    profiled: bool = False
    code_points: bool = False
    sequence: int = 0
    drawn: bool = False

    @property
    def size(self) -> Size | None:
        """Width and height as the header has them."""
        if len(self.header) != HEADER_LENGTH:
            return None
        return Size(int.from_bytes(self.header[:4], "big"), int.from_bytes(self.header[4:8], "big"))

    @property
    def colour_type(self) -> int:
        """As the header has it."""
        return self.header[9] if len(self.header) == HEADER_LENGTH else 0


def take(met: Met, chunk: Chunk) -> bool:
    """Notes what the next chunk says; returns whether a decoder needs it."""
    counts = _counts(met, chunk)
    met.last = chunk.kind
    if counts and not chunk.sound:
        _refuse(met, f"the checksum of its {chunk.kind.decode()} chunk is wrong")
    return counts


def _counts(met: Met, chunk: Chunk) -> bool:
    if chunk.kind == b"IDAT":
        return _pixels(met, chunk)
    if chunk.kind == b"IEND":
        return True
    rules = _BEHIND if met.headed else _BEFORE
    if rule := rules.get(chunk.kind):
        return rule(met, chunk)
    if not (met.headed or chunk.kind[0] & _LOWER):
        _refuse(met, f"browsers refuse its {chunk.kind.decode('latin-1')!r} chunk")
    return False


def _refuse(met: Met, reason: str) -> None:
    met.damage = met.damage or reason


def _pixels(met: Met, chunk: Chunk) -> bool:
    """IDAT chunks are pixels as long as nothing stands between them."""
    if met.headed and met.last != b"IDAT":
        return False
    met.headed = met.drawn = True
    met.pixels += len(chunk.body)
    return True


def _header(met: Met, chunk: Chunk) -> bool:
    if met.header:
        _refuse(met, "browsers refuse its second header")
    met.header = met.header or chunk.body
    return True


def _palette(met: Met, chunk: Chunk) -> bool:
    if met.coloured or len(chunk.body) not in _PALETTE:
        _refuse(met, "browsers refuse its palette")
    met.coloured = True
    return True


def _transparency(met: Met, chunk: Chunk) -> bool:
    """The first one that fits; that of a palette stands behind it."""
    fits = len(chunk.body) in _TRANSPARENCY.get(met.colour_type, ())
    waits = met.colour_type == _INDEXED and not met.coloured
    if met.transparent or waits or not fits:
        return False
    met.transparent = True
    return True


def _profile(met: Met, chunk: Chunk) -> bool:
    """The first one counts, even where it holds no profile."""
    if met.profiled or not chunk.sound:
        return False
    met.profiled = True
    return _is_profile(chunk.body)


def _code_points(met: Met, chunk: Chunk) -> bool:
    """The first one before a palette; its matrix is 0, its range 0 or 1 (PNG 11.3.2.6)."""
    if met.coloured or met.code_points or len(chunk.body) != _CODE_POINTS_LENGTH:
        return False
    met.code_points = chunk.sound
    if chunk.sound and (chunk.body[2] or chunk.body[3] > 1):
        _refuse(met, "browsers refuse the matrix or the range of its cICP chunk")
    return False


def _background(met: Met, chunk: Chunk) -> bool:
    waits = met.colour_type == _INDEXED and not met.coloured
    if waits and chunk.body and chunk.sound:
        _refuse(met, "its bKGD chunk stands before its palette, which browsers refuse")
    return False


def _exif(met: Met, chunk: Chunk) -> bool:
    if chunk.sound and met.orientation is None:
        found = exif.parse(chunk.body)
        met.orientation, met.has_position = found.orientation, found.has_position
    return False


def _animation(met: Met, chunk: Chunk) -> bool:
    if met.announced or len(chunk.body) != _ANIMATION_LENGTH:
        return False
    met.announced = int.from_bytes(chunk.body[:4], "big")
    return met.announced > 0


def _control(met: Met, chunk: Chunk) -> bool:
    """The beginning of a frame; what is not announced behind the pixels is not looked at."""
    met.frames += 1
    if met.headed and met.frames > met.announced:
        return False
    if not _is_control(met, chunk.body):
        _refuse(met, "an fcTL chunk of its animation is wrong")
    met.sequence += 1
    met.drawn = False
    return True


def _is_control(met: Met, body: bytes) -> bool:
    size = met.size
    if len(body) != _CONTROL.size or size is None:
        return False
    sequence, width, height, left, top, disposal, blend = _CONTROL.unpack(body)
    inside = 0 < width <= size.width - left and 0 < height <= size.height - top
    whole = (width, height) == size  # so are frames that are the still picture (section 4.9)
    known = disposal <= _LAST_DISPOSAL and blend <= _LAST_BLEND
    return sequence == met.sequence and inside and known and (met.headed or whole)


def _frame(met: Met, chunk: Chunk) -> bool:
    """Pixels of a frame, which nothing may stand between."""
    if met.headed and not 0 < met.frames <= met.announced:
        return False
    parted = met.drawn and met.last != b"fdAT"
    if not met.headed or parted or chunk.body[:4] != struct.pack(">I", met.sequence):
        _refuse(met, "the pixels of a frame of its animation are out of order")
    met.sequence += 1
    met.drawn = True
    return True


_Rule = Callable[[Met, Chunk], bool]
_BEFORE: Mapping[bytes, _Rule] = {
    b"IHDR": _header,
    b"PLTE": _palette,
    b"tRNS": _transparency,
    b"iCCP": _profile,
    b"cICP": _code_points,
    b"bKGD": _background,
    b"eXIf": _exif,
    b"acTL": _animation,
    b"fcTL": _control,
    b"fdAT": _frame,
}
# Behind the pixels only frames count.
_BEHIND: Mapping[bytes, _Rule] = {b"fcTL": _control, b"fdAT": _frame}


def _is_profile(body: bytes) -> bool:
    """Whether an iCCP chunk holds a profile that inflates to a sane length."""
    name, _, packed = body.partition(b"\0")
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(packed[1:], _LARGEST_PROFILE)
    except zlib.error:
        return False
    return bool(name) and packed[:1] == b"\0" and inflater.eof
