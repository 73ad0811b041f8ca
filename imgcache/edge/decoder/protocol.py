"""Protocol between the main process and a decoder: JSON headers and raw bytes in frames.

Nothing is unpickled: a decoder that an image took over can send wrong data, but no code.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from imgcache.core.images.limits import Limits

# Lengths of the header and of the payload that follows it, in bytes.
PREFIX = struct.Struct(">II")
MOST_HEADER = 64 << 10
MOST_PAYLOAD = 64 << 20


class FrameError(ValueError):
    """The bytes are no frame of this protocol."""


def pack(header: Mapping[str, Any], payload: bytes = b"") -> bytes:
    """One frame, ready to be written."""
    words = json.dumps(header, separators=(",", ":")).encode()
    return PREFIX.pack(len(words), len(payload)) + words + payload


def lengths(prefix: bytes) -> tuple[int, int]:
    """Header and payload length of the frame behind `prefix`; FrameError beyond the limits."""
    header, payload = PREFIX.unpack(prefix)
    if header > MOST_HEADER or payload > MOST_PAYLOAD:
        raise FrameError(f"a frame of {header} + {payload} bytes")
    return header, payload


def unpack(words: bytes) -> dict[str, Any]:
    """The header of a frame; raises FrameError for anything but a JSON object."""
    try:
        header = json.loads(words)
    except (ValueError, RecursionError) as exc:
        raise FrameError("a frame without JSON") from exc
    if not isinstance(header, dict):
        raise FrameError("a frame without an object")
    return header


class WorkerLimits(Struct, frozen=True):
    """What the pool tells a worker when it starts: bytes of memory, seconds of CPU, the rest."""

    memory: int
    seconds: float
    image: Limits

    @classmethod
    def parse(cls, text: str) -> WorkerLimits:
        """From the JSON that `words` made of it."""
        fields = json.loads(text)
        image = Limits(fields["pixels"], fields["frames"], fields["scans"])
        return cls(fields["memory"], fields["seconds"], image)

    def words(self) -> str:
        """All values, for a command line."""
        return json.dumps(
            {
                "memory": self.memory,
                "seconds": self.seconds,
                "pixels": self.image.pixels,
                "frames": self.image.frames,
                "scans": self.image.scans,
            }
        )
