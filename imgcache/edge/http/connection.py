"""Exchanges over aiohttp's connections, with a HeadGuard between each of them and its parser.

aiohttp makes and keeps the connections, and parses what comes; its session, requests and answers
cost as much as all the rest, and are left out. By asyncio's own `data_received` what comes in is
guarded; what goes out is counted, and a kept connection that proves stale costs nothing but
another one. A connection is its answer's own until that is read: aiohttp would give it to the next
request as soon as the end has come, and what happens to that request would be taken for a fault of
the body which is still being read.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import hdrs
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError
from msgspec import Struct

from imgcache.edge.http.errors import ConnectionCutError
from imgcache.edge.http.head_guard import MOST_HEAD_BYTES, HeadGuard

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.http_parser import RawResponseMessage


_INTERIM, _SWITCHING = range(100, 200), 101


class StaleConnectionError(Exception):
    """A kept connection failed before any byte of the answer: worth a free try on another."""


class Reading(Struct, frozen=True):
    """How the answers of a transport are read; sizes in bytes, the time in seconds."""

    idle_timeout: float
    buffer: int
    longest_line: int
    most_headers: int


class _ParserFeed:
    """The parser's intake, which also tells the reader of a body when the parser gives up.

    aiohttp closes the connection then, and would leave the reader waiting for ever. Nor does it
    bound what stands around the chunks of a body (RFC 9112 section 7.1): extensions without end
    cost time, trailers without end all memory.
    """

    def __init__(self, protocol: ResponseHandler) -> None:
        self._protocol = protocol
        self._deliver = protocol.data_received
        self.body: aiohttp.StreamReader | None = None
        self._body_bytes = 0
        self._framing = 0

    def deliver(self, data: bytes) -> None:
        self._deliver(data)
        if self.body is None:
            return
        self._weigh(self.body, len(data))
        self._pass_on(self.body)

    def _pass_on(self, body: aiohttp.StreamReader) -> None:
        exc = self._protocol.exception()
        if isinstance(exc, HttpProcessingError) and not body.is_eof():
            body.set_exception(exc)

    def _weigh(self, body: aiohttp.StreamReader, came: int) -> None:
        grown = body.total_bytes - self._body_bytes
        self._body_bytes = body.total_bytes
        self._framing = 0 if grown else self._framing + came
        if self._framing > MOST_HEAD_BYTES:
            self.refuse(f"{MOST_HEAD_BYTES} bytes around the body and none of it")

    def begin(self, body: aiohttp.StreamReader | None) -> None:
        """What is delivered from now on belongs to this body, or to a head."""
        self.body = body
        self._body_bytes = self._framing = 0
        if body is not None:
            self._pass_on(body)  # its first pieces may have come with the head

    def refuse(self, reason: str) -> None:
        self._protocol.set_exception(BadHttpMessage(reason))
        self.drop()

    def drop(self) -> None:
        if self._protocol.transport is not None:
            self._protocol.transport.abort()


class _GuardedConnection(HeadGuard):
    """The guard of one connection; it takes the place of the connection's `data_received`."""

    def __init__(self, protocol: ResponseHandler) -> None:
        self.protocol = protocol
        self.intake = _ParserFeed(protocol)
        self.answers = 0
        super().__init__(self.intake.deliver, self.intake.refuse, self.intake.drop)
        protocol.data_received = self  # type: ignore[method-assign]  # asyncio asks for it each time

    @classmethod
    def of(cls, connection: Connection) -> _GuardedConnection:
        """The guard that a kept connection has, or a new one for a new connection.

        Raises StaleConnectionError where it has ended.
        """
        protocol = connection.protocol
        if protocol is None or protocol.transport is None or protocol.transport.is_closing():
            raise StaleConnectionError
        guard: Callable[[bytes], None] = protocol.data_received
        return guard if isinstance(guard, _GuardedConnection) else cls(protocol)

    @property
    def is_silent(self) -> bool:
        """Whether nothing came since the last answer, not even the end; the socket is asked, too.

        What waits there, the event loop has not seen yet.
        """
        transport = self.protocol.transport
        if self.protocol.should_close or transport is None:
            return False
        poll = select.poll()
        poll.register(transport.get_extra_info("socket"), select.POLLIN)
        return not poll.poll(0)

    def send(self, head: bytes, reading: Reading) -> None:
        """Write the head of a request, whose answer is read so."""
        self.expect()
        self.intake.begin(None)
        self.protocol.set_response_params(
            read_until_eof=True,
            auto_decompress=False,
            read_timeout=reading.idle_timeout,
            read_bufsize=reading.buffer,
            max_line_size=reading.longest_line,
            max_field_size=reading.longest_line,
            max_headers=reading.most_headers,
        )
        assert self.protocol.transport is not None  # noqa: S101  `of` has looked
        self.protocol.transport.write(head)
        self.protocol.start_timeout()


class Answer:
    """An answer whose head has passed through the guard of its connection."""

    __slots__ = ("_connection", "_message", "_talker", "_wire", "content")

    def __init__(
        self,
        connection: Connection,
        wire: _GuardedConnection,
        message: RawResponseMessage,
        content: aiohttp.StreamReader,
    ) -> None:
        self._connection = connection
        self._wire = wire
        self._talker = wire.protocol
        self._message = message
        self.content = content
        wire.answers += 1
        wire.intake.begin(content)
        content.on_eof(self._ended)

    @property
    def status(self) -> int:
        """As its status line has it."""
        return self._message.code

    @property
    def reason(self) -> str:
        """What stands behind the status."""
        return self._message.reason or ""

    @property
    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """As they came."""
        return self._message.raw_headers

    def _ended(self) -> None:
        """The body is complete, if not yet read: nothing more is due from the other side."""
        self._wire.rest()
        # A reader that goes on reading would start aiohttp's clock for the next byte once more.
        self._talker.read_timeout = None

    def surplus(self) -> bool:
        """Whether more came with the answer than the answer (RFC 9112 section 11.2).

        Asked before `end`: the connection's state is this answer's until then.
        """
        if not self.content.is_eof():
            return False
        refused = isinstance(self._talker.exception(), HttpProcessingError)
        chunked = hdrs.TRANSFER_ENCODING in self._message.headers
        beyond = self._wire.goes_beyond(self.content.total_bytes, chunked=chunked)
        return bool(len(self._talker)) or refused or self._wire.talked_on or beyond

    def end(self) -> None:
        """Give the connection to the next request, or close it where it is not clean."""
        if self.content.is_eof() and not self.surplus():
            self._connection.release()
        else:
            self._connection.close()


async def ask(
    connection: Connection, head: bytes, reading: Reading, on_send: Callable[[], None] | None
) -> Answer:
    """Send the head of a request, and read that of its answer.

    Raises StaleConnectionError, ConnectionCutError or aiohttp's own errors; the caller closes the
    connection then.
    """
    wire = _GuardedConnection.of(connection)
    if wire.answers and not wire.is_silent:
        raise StaleConnectionError  # an answer, or the end, came before anything was asked
    if on_send is not None:
        on_send()
    wire.send(head, reading)
    try:
        message, content = await wire.protocol.read()
        while _is_interim(message.code):
            message, content = await wire.protocol.read()
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
        if wire.answers and not wire.heard:
            raise StaleConnectionError from exc
        raise ConnectionCutError(exc, heard=wire.heard) from exc
    return Answer(connection, wire, message, content)


def _is_interim(status: int) -> bool:
    """An answer that another one follows (RFC 9110 section 15.2); nothing of ours asks for 101."""
    return status in _INTERIM and status != _SWITCHING
