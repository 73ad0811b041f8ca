"""A link to the origin: 50 ms until an answer begins, and 2 MB/s on each connection.

    python -m benchmarks.beside.slow_link PORT ORIGIN_PORT

A process of its own. What a client sends is passed on 50 ms late (requests are short: each comes
in one piece), what comes back at the speed of the link. Pieces and buffers are small, so that
hardly more is under way than a line would hold. To each line on stdin it answers with the bytes
that have gone to clients since the last one.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import sys
from typing import cast

from benchmarks.beside.sites import HOSTS, address

DELAY = 0.05
BYTES_A_SECOND = 2_000_000
PIECE = 16384


class Link:
    """What all connections share: where the origin is, and the count of bytes."""

    def __init__(self, origin: int) -> None:
        self.origin = origin
        self.sent = 0

    def tell(self) -> None:
        """Answer a line on stdin; its end is that of the link."""
        if not sys.stdin.readline():
            asyncio.get_running_loop().stop()
            return
        print(self.sent, flush=True)
        self.sent = 0


class Client(asyncio.Protocol):
    """The connection of a client, which opens one to the origin."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._answers: Answers | None = None
        self._early: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open the other half."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=0)
        small = (socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * PIECE)
        self.transport.get_extra_info("socket").setsockopt(*small)
        self._opening = asyncio.ensure_future(self._open())

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        answers = Answers(self._link, self)
        await loop.create_connection(lambda: answers, "127.0.0.1", self._link.origin)
        self._answers = answers
        for data in self._early:
            answers.transport.write(data)

    def data_received(self, data: bytes) -> None:
        """A request, which goes on later."""
        asyncio.get_running_loop().call_later(DELAY, self._pass_on, data)

    def _pass_on(self, data: bytes) -> None:
        if self._answers is None:
            self._early.append(data)
        else:
            self._answers.transport.write(data)

    def pause_writing(self) -> None:
        """The client does not read as fast as the link would send."""
        if self._answers is not None:
            self._answers.held(by_client=True)

    def resume_writing(self) -> None:
        """It has read all."""
        if self._answers is not None:
            self._answers.held(by_client=False)

    def connection_lost(self, _: Exception | None) -> None:
        """The other half ends with this one."""
        self._opening.cancel()
        if self._answers is not None:
            self._answers.transport.abort()


class Answers(asyncio.BufferedProtocol):
    """The connection to the origin, read no faster than the link is."""

    def __init__(self, link: Link, client: Client) -> None:
        self._link, self._client = link, client
        self._buffer = memoryview(bytearray(PIECE))
        self._due = 0.0
        self._client_is_slow = self._link_is_full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Requests can go out."""
        self.transport = cast("asyncio.Transport", transport)

    def get_buffer(self, _: int) -> memoryview:
        """Where the next piece is read to."""
        return self._buffer

    def buffer_updated(self, count: int) -> None:
        """A piece goes on; the next one when the link has carried this one."""
        loop = asyncio.get_running_loop()
        self._link.sent += count
        self._due = max(self._due, loop.time()) + count / BYTES_A_SECOND
        self._link_is_full = True
        self.transport.pause_reading()
        loop.call_at(self._due, self._carried)
        self._client.transport.write(bytes(self._buffer[:count]))

    def _carried(self) -> None:
        self._link_is_full = False
        self._go_on()

    def held(self, *, by_client: bool) -> None:
        """Whether the client's socket is full."""
        self._client_is_slow = by_client
        self._go_on()

    def _go_on(self) -> None:
        if not self._client_is_slow and not self._link_is_full and not self.transport.is_closing():
            self.transport.resume_reading()

    def connection_lost(self, _: Exception | None) -> None:
        """The other half ends when all is sent."""
        self._client.transport.close()


async def listen(port: int, origin: int) -> None:
    loop, link = asyncio.get_running_loop(), Link(origin)
    addresses = ["127.0.0.1", *map(address, range(HOSTS))]
    await loop.create_server(lambda: Client(link), addresses, port, backlog=1024)
    loop.add_reader(sys.stdin, link.tell)


def main() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.new_event_loop()
    loop.run_until_complete(listen(int(sys.argv[1]), int(sys.argv[2])))
    loop.run_forever()


if __name__ == "__main__":
    main()
