"""A body's coding undone in bounded steps: gzip that comes although nobody asked, or nothing."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

_STEP = 1 << 16
_GZIP = 31  # the window bits by which zlib knows a gzip stream


class NotGzipError(Exception):
    """The bytes are no gzip stream (RFC 1952), or go on after its end."""


class Verbatim:
    """No coding: the bytes are what they are."""

    whole = True

    def feed(self, data: bytes) -> Iterable[bytes]:
        """The bytes themselves."""
        return (data,)


class Inflater:
    """Inflates one gzip stream piece by piece; each piece is at most 64 KiB, whatever it claims."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    @property
    def whole(self) -> bool:
        """Whether the stream's own end was seen; a cut one has none."""
        return self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces that `data` inflates to; raises NotGzipError."""
        try:
            while data and not self._stream.eof:
                piece = self._stream.decompress(data, _STEP)
                data = self._stream.unconsumed_tail
                if piece:
                    yield piece
        except zlib.error as exc:
            raise NotGzipError("not a gzip stream") from exc
        if data or self._stream.unused_data:
            raise NotGzipError("bytes after the gzip stream")
