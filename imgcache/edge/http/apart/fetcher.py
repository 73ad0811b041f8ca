"""Fetcher whose attempts another process makes (serving.py)."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack, suppress
from typing import Self

import msgspec

from imgcache.config import FetchSettings
from imgcache.core.http.url import WebUrl
from imgcache.edge.http.apart.line import Line
from imgcache.edge.http.apart.messages import Ask, Drop, End, Expect, News, Taken
from imgcache.edge.http.deadlines import Deadlines
from imgcache.edge.http.exchange import Attempt, AttemptStats, Sink
from imgcache.edge.http.on_demand import FetcherOnDemand
from imgcache.facts import Validators

# Seconds within which a dropped attempt tells what it has cost.
_LAST_WORDS = 1.0
# Longer than servers take them; a message has room for it.
_LONGEST_URL = 1 << 19
# Seconds beyond the deadline of an attempt within which its process tells its end.
_GRACE = 5.0

# What is told of one attempt, until it is read; None: there is no more.
_AttemptNews = asyncio.Queue[tuple[News, bytes] | None]


class ApartFetcher:
    """As the Fetcher of fetcher.py. If its process is `lost`, attempts are made here instead."""

    def __init__(self, end: socket.socket, settings: FetchSettings) -> None:
        """`end`: of the socket whose other end is served."""
        self.lost = False
        self._is_closed = False
        self._end = end
        self._here = FetcherOnDemand(settings)
        self._opened = AsyncExitStack()
        self._line = Line(msgspec.msgpack.Decoder(News), self._hear, self._lose)
        self._news: dict[int, _AttemptNews] = {}
        self._asked = self._heard = 0
        self._deadlines = Deadlines(settings.deadline + _GRACE)
        self._again = Deadlines(_GRACE)

    async def __aenter__(self) -> Self:
        """Raises ConfigError for a `ca_file` that can't be read."""
        await self._opened.enter_async_context(self._here)
        await asyncio.get_running_loop().connect_accepted_socket(lambda: self._line, self._end)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_closed = True
        self._line.close()
        await self._opened.aclose()

    def expect(self) -> None:
        """Have the HTTP libraries imported."""
        self._line.say(Expect())

    async def attempt(
        self,
        url: WebUrl,
        validators: Validators,
        sink: Sink,
        stats: AttemptStats | None = None,
        first: int | None = None,
    ) -> Attempt:
        """Ask for `url` once: see fetcher.py."""
        stats = stats or AttemptStats()
        # An observer wants to hear of each step, which is not told here.
        if not self.lost and stats.watch is None and len(url.href) <= _LONGEST_URL:
            self._asked += 1
            ended = await self._ask(
                Ask(self._asked, url, validators, first, sink.least), sink, stats
            )
            if ended is not None:
                return ended
        return await self._here.attempt(url, validators, sink, stats, first)

    async def _ask(self, ask: Ask, sink: Sink, stats: AttemptStats) -> Attempt | None:
        """None where the process was lost over it."""
        stats.answering, stats.host = False, ask.url.host
        news = self._news[ask.number] = asyncio.Queue()
        try:
            self._line.say(ask)
            return await self._followed(ask.number, news, sink, stats)
        except BaseException:
            self._line.say(Drop(ask.number))
            with suppress(TimeoutError):
                async with asyncio.timeout(_LAST_WORDS):
                    await self._followed(ask.number, news, _Nowhere(), stats)
            raise
        finally:
            del self._news[ask.number]

    async def _followed(
        self, number: int, news: _AttemptNews, sink: Sink, stats: AttemptStats
    ) -> Attempt | None:
        """To its end; None where that was not told."""
        while (told := await self._next(news)) is not None:
            one, data = told
            if isinstance(one, End):
                _count(one, stats)  # before the sink can fail
            if one.anew:
                await sink.reset()
            if data:
                await sink.write(data)
            if isinstance(one, End):
                result = one.result
                if result is None:
                    return None
                return Attempt(result, stats.requests, stats.wire_bytes)
            self._line.say(Taken(number, sink.enough, sink.least))
        return None

    async def _next(self, news: _AttemptNews) -> tuple[News, bytes] | None:
        """What is told next of an attempt; None where its process is lost.

        The process keeps the deadline, but for attempts that wait for a connection; those that
        have one end in time. So one that tells of none for so long is stopped or stuck.
        """
        # Twice, as it may be this one that was stopped: then the news waits in the socket.
        for deadlines in (self._deadlines, self._again):
            heard = None
            while heard != self._heard:
                heard = self._heard
                with suppress(TimeoutError):
                    async with deadlines.one():
                        return await news.get()
        self._line.close()
        return None

    def _hear(self, one: News, data: bytes) -> None:
        self._heard += 1
        news = self._news.get(one.number)
        if news is not None:
            news.put_nowait((one, data))
            if isinstance(one, End):
                news.put_nowait(None)

    def _lose(self) -> None:
        self.lost = not self._is_closed
        for news in self._news.values():
            news.put_nowait(None)


class _Nowhere:
    """Sink of a body that nobody wants any more."""

    enough = True
    least = None

    async def write(self, data: bytes) -> None:
        """Nothing is kept."""

    async def reset(self) -> None:
        """Nothing was kept."""


def _count(end: End, stats: AttemptStats) -> None:
    stats.requests += end.requests
    stats.wire_bytes += end.wire_bytes
    stats.heard_before |= end.heard_before
    stats.answering, stats.host = end.answering, end.host
