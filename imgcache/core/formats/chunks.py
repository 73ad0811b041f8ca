"""The chunks of a PNG, to be read and written (PNG specification, third edition, section 5)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_SIGNATURE = 8
_FRAME = 12  # length, type and checksum


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk; `sound` tells whether its checksum is right."""

    kind: bytes
    body: bytes
    sound: bool = True

    @property
    def file(self) -> bytes:
        """The bytes that a file has of it."""
        check = struct.pack(">I", zlib.crc32(self.kind + self.body))
        return struct.pack(">I", len(self.body)) + self.kind + self.body + check


def chunks(data: bytes) -> Iterator[Chunk]:
    """All whole chunks, in order."""
    position = _SIGNATURE
    while len(data) - position >= _FRAME:
        kind = data[position + 4 : position + 8]
        end = position + 8 + int.from_bytes(data[position : position + 4], "big")
        body, check = data[position + 8 : end], data[end : end + 4]
        yield Chunk(kind, body, zlib.crc32(kind + body) == int.from_bytes(check, "big"))
        position = end + 4
