"""Line between two processes: messages with bytes behind them, over a socket that both trust."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from imgcache.edge.http.apart.messages import News, Order

# Lengths of a message and of the bytes that come with it; more than these nobody sends.
_LENGTHS = struct.Struct("=II")
_MOST_WORDS = 1 << 20
_MOST_BYTES = 1 << 24
_ENCODER = msgspec.msgpack.Encoder()
M = TypeVar("M")


class Line(asyncio.Protocol, Generic[M]):
    """One end. What is said in one turn of the event loop goes out together."""

    def __init__(
        self,
        heard: msgspec.msgpack.Decoder[M],
        hear: Callable[[M, bytes], None],
        lose: Callable[[], None],
    ) -> None:
        """`heard`: the messages that may come; `hear` takes each; `lose`: the other end is gone."""
        self._heard = heard
        self._hear = hear
        self._lose = lose
        self._outgoing: list[bytes] = []
        self._came: list[bytes] = []
        self._size = 0
        self._wanted = _LENGTHS.size
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101  that of a stream
        self._transport = transport

    def say(self, message: Order | News, *data: bytes) -> None:
        """Send a message soon, and the bytes behind it; of no use once the other end is gone."""
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._send)
        words = _ENCODER.encode(message)
        self._outgoing += (_LENGTHS.pack(len(words), sum(map(len, data))), words, *data)

    def _send(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if self._transport is not None:
            self._transport.write(b"".join(outgoing))

    def data_received(self, data: bytes) -> None:
        """Part of a message came, or several."""
        self._came.append(data)
        self._size += len(data)
        if self._size < self._wanted:
            return
        whole = b"".join(self._came) if len(self._came) > 1 else data
        try:
            rest = whole[self._read(whole) :]
        except ValueError:  # it says what nobody says who is in his right mind
            self.close()
            return
        self._came, self._size = [rest], len(rest)

    def _read(self, data: bytes) -> int:
        """Tell all whole messages; returns where the next one begins. Raises ValueError."""
        start = 0
        while True:
            self._wanted = _LENGTHS.size
            if len(data) - start < self._wanted:
                return start
            words, more = _LENGTHS.unpack_from(data, start)
            if words > _MOST_WORDS or more > _MOST_BYTES:
                raise ValueError(f"a message of {words} + {more} bytes")
            self._wanted += words + more
            if len(data) - start < self._wanted:
                return start
            at = start + _LENGTHS.size
            start += self._wanted
            self._hear(self._heard.decode(data[at : at + words]), data[at + words : start])

    def connection_lost(self, _: Exception | None) -> None:
        """The other end is gone, or this one was closed."""
        self._transport = None
        self._lose()

    def close(self) -> None:
        """Hear and say nothing more."""
        if self._transport is not None:
            self._transport.abort()
