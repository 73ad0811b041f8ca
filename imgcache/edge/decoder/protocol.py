"""Protocol between the main process and a decoder: JSON headers and raw bytes in frames.

Nothing is unpickled: a decoder that an image took over can send wrong data, but no code.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from imgcache.core.images.limits import Limits

# Lengths of the header and of the payload that follows it, in bytes.
PREFIX = struct.Struct(">II")
MOST_HEADER = 64 << 10
MOST_PAYLOAD = 64 << 20
_HEADER = msgspec.json.Decoder(dict[str, Any])


class FrameError(ValueError):
    """The bytes are no frame of this protocol."""


def head(header: Mapping[str, Any], payload: int = 0) -> bytes:
    """A frame, ready to be written, up to its payload, which is so many bytes long."""
    words = msgspec.json.encode(header)
    return PREFIX.pack(len(words), payload) + words


def lengths(prefix: bytes) -> tuple[int, int]:
    """Header and payload length of the frame behind `prefix`; FrameError beyond the limits."""
    header, payload = PREFIX.unpack(prefix)
    if header > MOST_HEADER or payload > MOST_PAYLOAD:
        raise FrameError(f"a frame of {header} + {payload} bytes")
    return header, payload


def unpack(words: bytes) -> dict[str, Any]:
    """The header of a frame; raises FrameError for anything but a JSON object."""
    try:
        return _HEADER.decode(words)
    except (ValueError, RecursionError) as exc:
        raise FrameError("a frame without a JSON object") from exc


class WorkerLimits(Struct, frozen=True):
    """What the pool tells a worker first of all: bytes of memory, seconds of CPU, the rest."""

    memory: int
    seconds: float
    image: Limits

    @classmethod
    def parse(cls, words: bytes) -> WorkerLimits:
        """From the header of a frame."""
        return msgspec.json.decode(words, type=cls)

    def words(self) -> dict[str, Any]:
        """All values, for a header."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found
