"""Reader and writer of PNG chunks (PNG specification, third edition, section 5)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from msgspec import Struct

_SIGNATURE = 8
_FRAME = 12  # length, type and checksum


class Chunk(Struct, frozen=True):
    """One chunk; `check` is its checksum in the file."""

    kind: bytes
    body: bytes
    check: bytes = b""

    @property
    def sound(self) -> bool:
        """Whether the checksum is right."""
        return self._checksum() == self.check

    @property
    def file(self) -> bytes:
        """Its bytes in a file."""
        return struct.pack(">I", len(self.body)) + self.kind + self.body + self._checksum()

    def _checksum(self) -> bytes:
        return struct.pack(">I", zlib.crc32(self.body, zlib.crc32(self.kind)))


def chunks(data: bytes) -> Iterator[Chunk]:
    """All whole chunks, in order."""
    position = _SIGNATURE
    while len(data) - position >= _FRAME:
        kind = data[position + 4 : position + 8]
        end = position + 8 + int.from_bytes(data[position : position + 4], "big")
        yield Chunk(kind, data[position + 8 : end], data[end : end + 4])
        position = end + 4
