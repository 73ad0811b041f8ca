"""Frames between a process and its worker processes: pipes of their own, so both trust them."""

from __future__ import annotations

import asyncio
import struct

from msgspec import Struct

_HEAD = struct.Struct(">cIQ")
ORDER, WORD, NEWS, END, FAULT = b"o", b"w", b"n", b"e", b"f"


class Frame(Struct, frozen=True):
    """One message that belongs to an order."""

    kind: bytes
    number: int
    data: bytes = b""


def packed(frame: Frame) -> bytes:
    """As it goes through a pipe."""
    return _HEAD.pack(frame.kind, frame.number, len(frame.data)) + frame.data


async def read(pipe: asyncio.StreamReader) -> Frame | None:
    """The next frame; None where the other side is gone."""
    try:
        kind, number, size = _HEAD.unpack(await pipe.readexactly(_HEAD.size))
        return Frame(kind, number, await pipe.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError):
        return None
