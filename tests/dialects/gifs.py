"""GIF in its dialects: screens and frames that disagree, blocks between them, broken codes."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from imgcache.model import Verdict
from tests.dialects.dialect import Dialect, refused, unpainted
from tests.support import pictures

_PALETTE = b"\0\0\0\xff\xff\xff"
TRAILER = b";"


def screen(width: int, height: int, *, version: bytes = b"89a", palette: bool = True) -> bytes:
    """The header and the logical screen, with two colours."""
    flags = 0x80 if palette else 0
    return b"GIF" + version + struct.pack("<HHBBB", width, height, flags, 0, 0) + (
        _PALETTE if palette else b""
    )  # fmt: skip


def frame(
    width: int, height: int, left: int = 0, top: int = 0, *, interlaced: bool = False,
    palette: bool = False, data: bytes | None = None,
) -> bytes:  # fmt: skip
    """A black frame at this place; `data` replaces its code size and LZW blocks."""
    flags = (0x40 if interlaced else 0) | (0x80 if palette else 0)
    body = lzw(width * height) if data is None else data
    place = struct.pack("<BHHHHB", 0x2C, left, top, width, height, flags)
    return place + (_PALETTE if palette else b"") + body


def lzw(pixels: int) -> bytes:
    """So many pixels of colour 0, each behind a clear code: 3 bits a code, size 2."""
    bits = "".join(f"{code:03b}"[::-1] for _ in range(pixels) for code in (4, 0)) + "101"
    packed = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    return b"\2" + blocks(packed) + b"\0"


def blocks(data: bytes) -> bytes:
    """Data in sub-blocks, without their terminator."""
    return b"".join(
        bytes((len(data[i : i + 255]),)) + data[i : i + 255] for i in range(0, len(data), 255)
    )


def control(delay: int = 5, *, transparent: int | None = None) -> bytes:
    """A graphic control extension."""
    flags = 0 if transparent is None else 1
    return b"!\xf9\4" + struct.pack("<BHB", flags, delay, transparent or 0) + b"\0"


_LOOP = b"!\xff\x0bNETSCAPE2.0\3\1\0\0\0"
_COMMENT = b"!\xfe" + blocks(b"hello; " * 100) + b"\0"

GIFS: Mapping[str, Dialect] = {
    "89a": Dialect(screen(12, 8) + frame(12, 8) + TRAILER, (12, 8)),
    "87a": Dialect(screen(12, 8, version=b"87a") + frame(12, 8) + TRAILER, (12, 8)),
    "interlaced": Dialect(screen(12, 8) + frame(12, 8, interlaced=True) + TRAILER, (12, 8)),
    "own palette": Dialect(
        screen(12, 8, palette=False) + frame(12, 8, palette=True) + TRAILER, (12, 8)
    ),
    "no palette": Dialect(screen(12, 8, palette=False) + frame(12, 8) + TRAILER, (12, 8)),
    "transparent": Dialect(
        screen(12, 8) + control(0, transparent=0) + frame(12, 8) + TRAILER, (12, 8)
    ),
    "animated": Dialect(
        screen(12, 8) + _LOOP + (control() + frame(12, 8)) * 3 + TRAILER, (12, 8)
    ),
    "a comment": Dialect(screen(12, 8) + _COMMENT + frame(12, 8) + TRAILER, (12, 8)),
    "a small first frame": Dialect(screen(12, 8) + frame(4, 4, 2, 2) + TRAILER, (12, 8)),
    "a first frame beyond the screen": Dialect(
        screen(12, 8) + frame(20, 10) + TRAILER, (20, 10)
    ),
    "a first frame that leaves the screen": Dialect(
        screen(12, 8) + frame(12, 8, 4, 4) + TRAILER, (16, 12)
    ),
    "a second frame beyond the screen": Dialect(
        screen(12, 8) + control() + frame(12, 8) + control() + frame(20, 10) + TRAILER, (12, 8)
    ),
    "no screen": Dialect(screen(0, 0) + frame(12, 8) + TRAILER, (12, 8)),
    "a palette of 256": Dialect(pictures.gif(40, 30), (40, 30)),
    "bytes behind its end": Dialect(screen(12, 8) + frame(12, 8) + TRAILER + b"more", (12, 8)),
    "a wide code size": Dialect(
        screen(12, 8) + frame(12, 8, data=b"\x08" + blocks(b"\0\x03\x04") + b"\0") + TRAILER,
        (12, 8), Verdict.CORRUPT,
    ),
    "codes of 9 bits": unpainted(
        screen(12, 8) + frame(12, 8, data=b"\x09" + blocks(b"\0\3\4") + b"\0") + TRAILER, (12, 8)
    ),
    "loops without a number": refused(
        screen(12, 8) + b"!\xff\x0bANIMEXTS1.0\0" + frame(12, 8) + TRAILER,
        Verdict.CORRUPT, (12, 8),
    ),
    "extensions that hold nothing": Dialect(
        screen(12, 8) + b"!\xff\0!\1\0!\0\0" + control() + b"!\xfe\0" + frame(12, 8) + TRAILER,
        (12, 8),
    ),
    "zeros between its frames": Dialect(
        screen(12, 8) + frame(12, 8) + b"\0\0" + control() + frame(12, 8) + b"\0" + TRAILER,
        (12, 8),
    ),
    "a zero before its first frame": unpainted(
        screen(12, 8) + b"\0" + control() + frame(12, 8) + TRAILER, (12, 8)
    ),
    "a zero behind its first control": unpainted(
        screen(12, 8) + control() + b"\0" + frame(12, 8) + TRAILER, (12, 8)
    ),
    "zeros for a trailer": Dialect(
        screen(12, 8) + frame(12, 8) + b"\0" * 9, (12, 8), Verdict.TRUNCATED
    ),
    "a graphic control that is too long": refused(
        screen(12, 8) + b"!\xf9\5" + b"\0" * 6 + frame(12, 8) + TRAILER, Verdict.CORRUPT, (12, 8)
    ),
    "a graphic control in two blocks": refused(
        screen(12, 8) + control()[:-1] + b"\1\0\0" + frame(12, 8) + TRAILER,
        Verdict.CORRUPT, (12, 8),
    ),
    "no frame": Dialect(screen(12, 8) + TRAILER, (12, 8), Verdict.CORRUPT),
    "no trailer": Dialect(screen(12, 8) + frame(12, 8), (12, 8), Verdict.TRUNCATED),
    "an empty first frame": Dialect(
        screen(12, 8) + frame(0, 0) + TRAILER, (12, 8), Verdict.CORRUPT
    ),
    "an impossible code size": Dialect(
        screen(12, 8) + frame(12, 8, data=b"\x0d\0") + TRAILER, (12, 8), Verdict.CORRUPT
    ),
    "too few pixels": Dialect(
        screen(12, 8) + frame(12, 8, data=lzw(40)) + TRAILER, (12, 8), Verdict.CORRUPT
    ),
    "no pixels": Dialect(
        screen(12, 8) + frame(12, 8, data=b"\2\0") + TRAILER, (12, 8), Verdict.CORRUPT
    ),
}  # fmt: skip
