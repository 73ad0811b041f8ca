"""PNG chunks where they should not be, twice, or of the wrong length, in colourful pictures."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

from imgcache.model import Verdict
from tests.dialects import jpegs
from tests.dialects.dialect import Dialect, refused
from tests.support import colours
from tests.support.colours import SIDE, code_points, gama, iccp, trns
from tests.support.pictures import chunk

_SIZE = (SIDE, SIDE)
_PALETTE = colours.palette(256)
_RGB, _GREY = colours.png(), colours.png(colour=0)
_INDEXED = colours.png(depth=8, colour=3)
_TEXT = chunk(b"tEXt", b"k\0v")
_KEY, _OTHER_KEY = trns(255, 0, 0), trns(0, 255, 0)
_PROPHOTO, _P3 = iccp(colours.PROPHOTO_PROFILE), iccp(colours.P3_PROFILE)
_LINEAR = gama(100_000)
_HALF = chunk(b"tRNS", bytes(range(200)))
_CODE_POINTS = bytes((12, 13, 0, 1))
_BODIES = {
    b"sBIT": b"\x08\x08\x08", b"bKGD": bytes(6), b"pHYs": bytes(9), b"tIME": b"\7\xd0\1\1\0\0\0",
    b"hIST": bytes(12), b"sPLT": b"n\0\x08" + bytes(6), b"sRGB": b"\0", b"gAMA": b"\0\1\x86\xa0",
    b"cHRM": colours.chrm(colours.P3)[8:-4], b"iCCP": _P3[8:-4], b"cICP": _CODE_POINTS,
    b"tEXt": b"k\0v", b"zTXt": b"k\0\0" + zlib.compress(b"v"), b"iTXt": b"k\0\0\0\0\0v",
    b"eXIf": jpegs.tiff(6), b"mDCV": bytes(24), b"cLLI": bytes(8), b"prVt": b"x",
}  # fmt: skip
_UNCHECKED = sorted(_BODIES.keys() - {b"cICP", b"eXIf"})


def split(data: bytes) -> tuple[bytes, bytes]:
    """What stands before the pixels, and the pixels."""
    at = data.index(b"IDAT") - 4
    return data[:at], data[at + 8 : -16]


def before(data: bytes, *extra: bytes) -> bytes:
    """With more chunks right before the pixels."""
    head, packed = split(data)
    return _file(head, *extra, chunk(b"IDAT", packed))


def behind(data: bytes, *extra: bytes) -> bytes:
    """With more chunks behind the pixels."""
    head, packed = split(data)
    return _file(head, chunk(b"IDAT", packed), *extra)


def between(data: bytes, *extra: bytes, at: int = 100) -> bytes:
    """With more chunks between the first bytes of the pixels and the rest."""
    head, packed = split(data)
    return _file(head, chunk(b"IDAT", packed[:at]), *extra, chunk(b"IDAT", packed[at:]))


def damaged(whole: bytes) -> bytes:
    """A chunk with a wrong checksum."""
    return whole[:-4] + bytes(4)


def _file(*parts: bytes) -> bytes:
    return b"".join(parts) + chunk(b"IEND")


def _first(data: bytes, *extra: bytes) -> bytes:
    return data[:33] + b"".join(extra) + data[33:]


# Animations of one frame or two, which are the still picture or not.


def _acTL(frames: int = 1) -> bytes:  # noqa: N802 - as the format spells it
    return chunk(b"acTL", struct.pack(">II", frames, 0))


def _fcTL(  # noqa: N802 - as the format spells it
    sequence: int = 0, side: int = SIDE, left: int = 0, disposal: int = 0, length: int = 26
) -> bytes:
    body = struct.pack(">5IHHBB", sequence, side, side, left, left, 1, 10, disposal, 0)
    return chunk(b"fcTL", body.ljust(length, b"\0")[:length])


def _fdAT(sequence: int, packed: bytes) -> bytes:  # noqa: N802 - as the format spells it
    return chunk(b"fdAT", struct.pack(">I", sequence) + packed)


_HEAD, _PACKED = split(_RGB)
_STILL = chunk(b"IDAT", _PACKED)


def _apng(*parts: bytes, frames: int = 1) -> bytes:
    return _file(_HEAD, _acTL(frames), *parts)


def _shown(data: bytes) -> Dialect:
    return Dialect(data, _SIZE)


def _blank(data: bytes) -> Dialect:
    """Loaded by browsers, which paint nothing or a part of it."""
    return Dialect(data, _SIZE, Verdict.CORRUPT)


def _refused(data: bytes) -> Dialect:
    return refused(data, Verdict.CORRUPT, _SIZE)


PNG_CHUNKS: Mapping[str, Dialect] = {
    **{
        f"{kind.decode()} between pixels": _blank(between(_RGB, chunk(kind, body)))
        for kind, body in (_BODIES | {b"WHAT": b"", b"PLTE": bytes(6), b"tRNS": bytes(6)}).items()
    },
    "a damaged chunk between pixels": _blank(between(_RGB, damaged(_TEXT))),
    "a chunk behind no pixels": _blank(between(_RGB, _TEXT, at=0)),
    "a chunk behind all pixels, and none": _shown(between(_RGB, _TEXT, at=len(_PACKED))),
    "a chunk before the checksum of the pixels": _shown(between(_RGB, _TEXT, at=-4)),
    "rubbish for pixels behind a chunk": _shown(behind(_RGB, _TEXT, chunk(b"IDAT", b"rubbish"))),
    "every chunk behind the pixels": _shown(
        behind(_RGB, *(chunk(kind, body) for kind, body in _BODIES.items()), _RGB[8:33],
               _PALETTE, _KEY, _acTL(), _fcTL(), _fdAT(1, _PACKED))
    ),
    "damaged chunks behind the pixels": _shown(
        behind(_RGB, *map(damaged, (_RGB[8:33], _PALETTE, _KEY, _P3, _acTL(), _fcTL())))
    ),
    "chunks that are too short": _shown(
        before(_RGB, *(chunk(kind, _BODIES[kind][:-1]) for kind in _UNCHECKED))
    ),
    "chunks that are too long": _shown(
        before(_RGB, *(chunk(kind, _BODIES[kind] + b"\0") for kind in _UNCHECKED))
    ),
    "empty chunks": _shown(before(_RGB, *(chunk(kind) for kind in _UNCHECKED))),
    "damaged chunks": _shown(
        before(_RGB, *(damaged(chunk(kind, body)) for kind, body in _BODIES.items()))
    ),
    "an end with bytes": _shown(_RGB[:-12] + chunk(b"IEND", b"bytes")),
    # Palettes and what refers to them.
    "a background before its palette": _refused(
        _first(before(_INDEXED, _PALETTE), chunk(b"bKGD", b"\0"))
    ),
    "a long background before its palette": _refused(
        _first(before(_INDEXED, _PALETTE), chunk(b"bKGD", bytes(6)))
    ),
    "an empty background before its palette": _shown(
        _first(before(_INDEXED, _PALETTE), chunk(b"bKGD"))
    ),
    "a damaged background before its palette": _shown(
        _first(before(_INDEXED, _PALETTE), damaged(chunk(b"bKGD", b"\0")))
    ),
    "a background behind its palette": _shown(before(_INDEXED, _PALETTE, chunk(b"bKGD", b"\0"))),
    "a background before the palette of a coloured one": _shown(
        before(_RGB, chunk(b"bKGD", bytes(6)), _PALETTE)
    ),
    "a palette behind the pixels": _blank(behind(_INDEXED, _PALETTE)),
    "a palette of two bytes": _refused(before(_RGB, chunk(b"PLTE", b"\0\0"))),
    "a palette of a single colour": _shown(before(_INDEXED, chunk(b"PLTE", b"\1\2\3"))),
    "a palette of 767 bytes": _shown(before(_INDEXED, chunk(b"PLTE", _PALETTE[8:-5]))),
    "transparency of a palette before it": _shown(_first(before(_INDEXED, _PALETTE), _HALF)),
    "transparency of a palette before it, and behind": _shown(
        _first(before(_INDEXED, _PALETTE, _HALF), chunk(b"tRNS", b"\x80" * 200))
    ),
    "transparency of a palette behind the pixels": _shown(
        behind(before(_INDEXED, _PALETTE), _HALF)
    ),
    "a transparent colour behind the pixels": _shown(behind(_RGB, _KEY)),
    "a transparent grey behind the pixels": _shown(behind(_GREY, trns(0))),
    "a transparent colour and more bytes": _shown(
        before(_RGB, chunk(b"tRNS", _KEY[8:-4] + b"more"))
    ),
    "a transparent grey and more bytes": _shown(before(_GREY, chunk(b"tRNS", b"\0\0more"))),
    "a transparent colour of 16 bits and more bytes": _shown(
        before(colours.png(depth=16), chunk(b"tRNS", bytes(9)))
    ),
    "two transparent colours": _shown(before(_RGB, _KEY, _OTHER_KEY)),
    "two transparent colours, the first too short": _shown(
        before(_RGB, chunk(b"tRNS", b"\0"), _OTHER_KEY)
    ),
    "a transparent colour beside alpha": _shown(before(colours.png(colour=6), _KEY)),
    # Colour spaces.
    "code points with a matrix": _refused(before(_RGB, chunk(b"cICP", b"\x0c\x0d\1\1"))),
    "code points with a range of 2": _refused(before(_RGB, chunk(b"cICP", b"\x0c\x0d\0\2"))),
    "unknown code points with a matrix": _refused(before(_RGB, chunk(b"cICP", b"\0\0\1\1"))),
    "code points with a matrix behind others": _shown(
        before(_RGB, code_points(12, 13), chunk(b"cICP", b"\x0c\x0d\1\1"))
    ),
    "code points with a matrix behind short ones": _refused(
        before(_RGB, chunk(b"cICP", b"\0"), chunk(b"cICP", b"\x0c\x0d\1\1"))
    ),
    "code points with a matrix behind a palette": _shown(
        before(_RGB, _PALETTE, chunk(b"cICP", b"\x0c\x0d\1\1"))
    ),
    "damaged code points with a matrix": _shown(
        before(_RGB, damaged(chunk(b"cICP", b"\x0c\x0d\1\1")))
    ),
    "long code points with a matrix": _shown(before(_RGB, chunk(b"cICP", b"\x0c\x0d\1\1\0"))),
    "code points of video": _shown(before(_RGB, chunk(b"cICP", b"\x0c\x0d\0\0"))),
    "code points of video, and gamma": _shown(
        before(_RGB, chunk(b"cICP", b"\x0c\x0d\0\0"), _LINEAR)
    ),
    "code points of video, and a profile": _shown(
        before(_RGB, chunk(b"cICP", b"\x0c\x0d\0\0"), _PROPHOTO)
    ),
    "code points behind a palette": _shown(before(_INDEXED, _PALETTE, code_points(12, 13))),
    "code points behind a palette, and gamma": _shown(
        before(_RGB, _PALETTE, code_points(9, 14), _LINEAR)
    ),
    "a profile behind a palette": _shown(before(_RGB, _PALETTE, _P3)),
    "a profile behind the pixels": _shown(behind(_RGB, _PROPHOTO)),
    "two profiles": _shown(before(_RGB, _PROPHOTO, _P3)),
    "two profiles, the first is none": _shown(before(_RGB, chunk(b"iCCP", b"p\0\0rubbish"), _P3)),
    "two profiles, the first makes no sense": _shown(before(_RGB, iccp(b"junk" * 50), _P3)),
    "two profiles, the first is damaged": _shown(before(_RGB, damaged(_PROPHOTO), _P3)),
    "an unknown intent of sRGB, and gamma": _shown(before(_RGB, chunk(b"sRGB", b"\4"), _LINEAR)),
    "no gamma, and one": _shown(before(_RGB, gama(0), _LINEAR)),
    # Frames.
    **{
        f"a frame control of {length} bytes": _refused(_apng(_fcTL(length=length), _STILL))
        for length in (25, 27, 28)
    },
    "a frame control of 27 bytes without animation": _refused(before(_RGB, _fcTL(length=27))),
    "a damaged frame control of 27 bytes": _refused(before(_RGB, damaged(_fcTL(length=27)))),
    "a later frame control of 27 bytes": _blank(
        _apng(_fcTL(), _STILL, _fcTL(1, length=27), _fdAT(2, _PACKED), frames=2)
    ),
    "a frame control of 27 bytes behind the last frame": _shown(
        _apng(_fcTL(), _STILL, _fcTL(1, length=27))
    ),
    "a frame control before the animation's": _shown(before(_RGB, _fcTL(), _acTL())),
    "a frame control out of sequence": _refused(_apng(_fcTL(5), _STILL)),
    "a frame control of a part": _refused(_apng(_fcTL(side=8), _STILL)),
    "a frame control beyond the canvas": _refused(_apng(_fcTL(left=1), _STILL)),
    "a frame control with an unknown disposal": _refused(_apng(_fcTL(disposal=3), _STILL)),
    "an animation of no frame": _shown(_apng(_STILL, frames=0)),
    "a frame before the pixels": _refused(_apng(_fcTL(), _fdAT(1, _PACKED), _STILL)),
    "a frame in two chunks": _shown(
        _apng(_STILL, _fcTL(), _fdAT(1, _PACKED[:100]), _fdAT(2, _PACKED[100:]))
    ),
    "a chunk between the pixels of a frame": _blank(
        _apng(_STILL, _fcTL(), _fdAT(1, _PACKED[:100]), _TEXT, _fdAT(2, _PACKED[100:]))
    ),
    "a chunk before the pixels of a frame": _shown(
        _apng(_STILL, _fcTL(), _TEXT, _fdAT(1, _PACKED))
    ),
    "a chunk between the pixels of a still picture": _blank(
        _apng(chunk(b"IDAT", _PACKED[:100]), _TEXT, chunk(b"IDAT", _PACKED[100:]), _fcTL(),
              _fdAT(1, _PACKED))
    ),
    "a still picture that is damaged": _blank(
        _apng(chunk(b"IDAT", b"rubbish"), _fcTL(), _fdAT(1, _PACKED))
    ),
    "a frame out of sequence": _blank(_apng(_STILL, _fcTL(), _fdAT(7, _PACKED))),
    "a frame without a number": _blank(_apng(_STILL, _fcTL(), chunk(b"fdAT", b"abc"))),
}  # fmt: skip
