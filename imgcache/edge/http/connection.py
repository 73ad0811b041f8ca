"""aiohttp's request and answer, with a HeadGuard between each connection and its parser.

Three hooks that aiohttp offers (request_class, response_class, middlewares) and asyncio's own
`data_received`: what goes out is counted, what comes in is guarded, and a kept connection that
proves stale costs nothing but another one. A connection is its answer's own until that is read:
aiohttp would give it to the next request as soon as the end has come, and what happens to that
request would be taken for a fault of the body which is still being read.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import hdrs
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError

from imgcache.edge.http.errors import ConnectionCutError
from imgcache.edge.http.head_guard import MOST_HEAD_BYTES, HeadGuard

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection


class StaleConnectionError(Exception):
    """A kept connection failed before any byte of the answer: worth a free try on another."""


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
        self.intake = _ParserFeed(protocol)
        self.answers = 0
        super().__init__(self.intake.deliver, self.intake.refuse, self.intake.drop)
        protocol.data_received = self  # type: ignore[method-assign]  # asyncio asks for it each time

    @classmethod
    def of(cls, protocol: ResponseHandler) -> _GuardedConnection:
        """The guard that a kept connection has, or a new one for a new connection."""
        guard: Callable[[bytes], None] = protocol.data_received
        return guard if isinstance(guard, _GuardedConnection) else cls(protocol)


class Request(aiohttp.ClientRequest):
    """A request that is counted when it goes out, and never on a connection that talks unasked."""

    on_send: Callable[[], None] | None = None

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request; raises StaleConnectionError where the connection is not silent."""
        protocol = conn.protocol
        if protocol is None or protocol.transport is None:
            raise StaleConnectionError
        wire = _GuardedConnection.of(protocol)
        if wire.answers and (protocol.should_close or _is_readable(protocol.transport)):
            raise StaleConnectionError  # an answer, or the end, came before anything was asked
        wire.expect()
        wire.intake.begin(None)
        if self.on_send is not None:
            self.on_send()
        return await super().send(conn)


def _is_readable(transport: asyncio.Transport) -> bool:
    """Whether bytes or the end wait in the socket, which the event loop has not seen yet."""
    poll = select.poll()
    poll.register(transport.get_extra_info("socket"), select.POLLIN)
    return bool(poll.poll(0))


class Response(aiohttp.ClientResponse):
    """An answer whose head passes through the guard of its connection."""

    talker: ResponseHandler
    wire: _GuardedConnection

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the head; raises StaleConnectionError, ConnectionCutError or aiohttp's errors."""
        protocol = connection.protocol
        assert protocol is not None  # noqa: S101 -- the request has just gone out over it
        self.talker, self.wire = protocol, _GuardedConnection.of(protocol)
        wire = self.wire
        try:
            await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
            if wire.answers and not wire.heard:
                raise StaleConnectionError from exc
            raise ConnectionCutError(exc, heard=wire.heard) from exc
        wire.answers += 1
        wire.intake.begin(self.content)
        self.content.on_eof(self._ended)
        return self

    def _response_eof(self) -> None:
        """Here aiohttp would give the connection back, before the body is read: see `end`."""

    def _ended(self) -> None:
        """The body is complete, if not yet read: nothing more is due from the other side."""
        self.wire.rest()
        # A reader that goes on reading would start aiohttp's clock for the next byte once more.
        self.talker.read_timeout = None

    def surplus(self) -> bool:
        """Whether more came with the answer than the answer (RFC 9112 section 11.2).

        Asked before `end`: the connection's state is this answer's until then.
        """
        if not self.content.is_eof():
            return False
        refused = isinstance(self.talker.exception(), HttpProcessingError)
        chunked = hdrs.TRANSFER_ENCODING in self.headers
        beyond = self.wire.goes_beyond(self.content.total_bytes, chunked=chunked)
        return bool(len(self.talker)) or refused or self.wire.talked_on or beyond

    def end(self) -> None:
        """Give the connection to the next request, or close it where it is not clean."""
        if self.content.is_eof() and not self.surplus():
            self.release()
        else:
            self.close()


class RetryStale:
    """Sends one request, and again for free while kept connections prove stale.

    aiohttp would send a second one on a fresh connection too; so the errors that it answers with
    a retry never reach it from here (RFC 9112 section 9.3.1).
    """

    def __init__(self, kept_at_most: int, on_send: Callable[[], None] | None) -> None:
        self._tries = kept_at_most + 1
        self._on_send = on_send

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """The interface of a client middleware of aiohttp."""
        if isinstance(request, Request):
            request.on_send = self._on_send
        stale: Exception = StaleConnectionError()
        for _ in range(self._tries):
            try:
                return await handler(request)
            except (StaleConnectionError, aiohttp.ClientConnectionResetError) as exc:
                stale = exc
        raise ConnectionCutError(stale, heard=False) from stale
