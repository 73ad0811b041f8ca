"""Client connections with time limits: a slow or silent client costs the others nothing.

uvicorn limits the head's size and the silence between two requests, but would wait for ever for
the rest of a head, or for a client that does not read.
"""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from imgcache.service import problems

# Seconds for a whole request head, and in which a client must read a block of an answer.
HEAD_TIME = 10.0
STALL_TIME = 30.0


class TimedConnection(H11Protocol):
    """One client. Above `most` connections, the one idle for longest is closed."""

    _timer: asyncio.TimerHandle | None = None
    _since = 0.0

    def __init__(self, *args: Any, most: int, **words: Any) -> None:
        """A connection of a server that has at most `most` of them; the rest is uvicorn's."""
        super().__init__(*args, **words)
        self._most = most

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected."""
        super().connection_made(transport)
        # asyncio does it, but not for sockets that were bound elsewhere: without it an
        # answer in two parts waits 40 ms for the client's acknowledgement of the first.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._await_head()
        if len(self.connections) > self._most:
            waiting = [one for one in self.connections if isinstance(one, TimedConnection)]
            idle = [one for one in waiting if one.is_idle] or waiting
            min(idle, key=lambda one: one._since).transport.abort()  # noqa: SLF001  one of us

    def connection_lost(self, exc: Exception | None) -> None:
        """The client left."""
        self._stop_waiting()
        super().connection_lost(exc)

    @property
    def is_idle(self) -> bool:
        """Whether no request of it is being answered."""
        cycle: RequestResponseCycle | None = self.cycle  # None until the first request
        return cycle is None or cycle.response_complete

    def handle_events(self) -> None:
        """Bytes came: they may complete a head."""
        super().handle_events()
        if not self.is_idle:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """The next head may take as long as the first."""
        self._await_head()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read what was sent."""
        super().pause_writing()
        self._wait(STALL_TIME)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._stop_waiting()

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets a problem document, as every other error does.

        Where an answer has begun, or has ended, there is no room for another one.
        """
        del msg
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        body = problems.answer(HTTPStatus.BAD_REQUEST, "this is no proper HTTP request")
        headers = [*body.raw_headers, (b"connection", b"close")]
        reason = HTTPStatus.BAD_REQUEST.phrase.encode()
        head = h11.Response(status_code=400, headers=headers, reason=reason)
        for event in (head, h11.Data(data=bytes(body.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _await_head(self) -> None:
        self._since = self.loop.time()
        self._wait(HEAD_TIME)

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
