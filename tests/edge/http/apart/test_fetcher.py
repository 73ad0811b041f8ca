"""A fetcher whose attempts another process makes: what is told, what is lost, what is dropped.

That each attempt ends as one of this process does, the tests of the fetcher show: `both_ways`.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from imgcache.config import FetchSettings
from imgcache.edge.http.apart.fetcher import ApartFetcher
from imgcache.edge.http.apart.serving import _Attempts, serve
from imgcache.edge.http.exchange import Attempt, AttemptStats, Body, Fetches, Hop, Received
from imgcache.edge.http.on_demand import FetcherOnDemand
from imgcache.errors import ConfigError, LocalError
from imgcache.facts import Validators
from imgcache.model import Failure, Verdict
from tests.support.behaviours import (
    Behaviour,
    after,
    answer,
    flood,
    in_turn,
    raw,
    redirect,
    stall,
)
from tests.support.fetching import (
    MemorySink,
    apart,
    failure,
    nothing_is_looked_up,
    settings,
    web,
)
from tests.support.origin import Origin

LARGE = bytes(range(256)) * 8192  # 2 MiB


@asynccontextmanager
async def that_can_be_lost(
    fetch: FetchSettings,
) -> AsyncIterator[tuple[ApartFetcher, Callable[[], None]]]:
    """A fetcher, and what makes its other end go."""
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(serve(theirs, fetch, nothing_is_looked_up))
    async with ApartFetcher(ours, fetch) as fetcher:
        yield fetcher, lambda: theirs.shutdown(socket.SHUT_RDWR)
    await serving


class SlowSink(MemorySink):
    """Takes a piece when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.pieces = 0

    async def write(self, data: bytes) -> None:
        self.pieces += 1
        self.holds.set()
        await self.goes_on.wait()
        await super().write(data)


async def test_a_body_comes_no_faster_than_it_is_taken() -> None:
    async with Origin() as origin, apart(settings(origin), nothing_is_looked_up) as fetcher:
        url = web(origin.route("/a", body=LARGE))
        sink, other = SlowSink(), MemorySink()
        slow = asyncio.create_task(fetcher.attempt(url, Validators(), sink))
        await sink.holds.wait()
        # Meanwhile another one has the line for itself.
        await fetcher.attempt(url, Validators(), other)
        assert other.data == LARGE
        assert fetcher._news[1].empty()
        sink.goes_on.set()
        await slow
    assert sink.data == LARGE
    assert sink.resets == 1
    assert 1 < sink.pieces < 10


async def test_attempts_at_once_are_told_apart() -> None:
    async with Origin() as origin, apart(settings(origin), nothing_is_looked_up) as fetcher:
        bodies = [bytes([number]) * (number * 1000 + 1) for number in range(40)]
        urls = [web(origin.route(f"/{at}", body=body)) for at, body in enumerate(bodies)]
        sinks = [MemorySink() for _ in urls]
        asked = [
            fetcher.attempt(*one) for one in zip(urls, [Validators()] * 40, sinks, strict=True)
        ]
        attempts = await asyncio.gather(*asked)
    assert all(isinstance(one.result, Body) for one in attempts)
    assert [sink.data for sink in sinks] == bodies
    assert [one.wire_bytes for one in attempts] == [len(body) for body in bodies]


async def test_a_dropped_attempt_ends_there_too_and_is_counted() -> None:
    async with Origin() as origin, apart(settings(origin), nothing_is_looked_up) as fetcher:
        origin.route("/a", redirect("/b"))
        origin.route("/b", flood(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000))
        stats, sink = AttemptStats(), SlowSink()
        url = web(origin.url("/a"))
        task = asyncio.create_task(fetcher.attempt(url, Validators(), sink, stats))
        await sink.holds.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stats.requests == 2
        assert stats.wire_bytes > 1 << 19
        assert stats.heard


async def test_counts_of_earlier_attempts_stay() -> None:
    async with Origin() as origin, apart(settings(origin), nothing_is_looked_up) as fetcher:
        url = web(origin.route("/a", body=b"four"))
        stats = AttemptStats()
        await fetcher.attempt(url, Validators(), MemorySink(), stats)
        attempt = await fetcher.attempt(url, Validators(), MemorySink(), stats)
    assert (attempt.requests, attempt.wire_bytes) == (2, 8)
    assert stats.host == "127.0.0.1"


class FullSink(MemorySink):
    """Of a disk without room."""

    async def write(self, data: bytes) -> None:  # noqa: ARG002  none of it finds room
        raise LocalError("no space is left")


async def test_a_fault_of_the_sink_ends_the_attempt_as_it_is() -> None:
    async with Origin() as origin, apart(settings(origin), nothing_is_looked_up) as fetcher:
        url = web(origin.route("/a", body=LARGE))
        stats = AttemptStats()
        with pytest.raises(LocalError, match="no space"):
            await fetcher.attempt(url, Validators(), FullSink(), stats)
        assert stats.requests == 1
        again = await fetcher.attempt(url, Validators(), MemorySink())
        assert isinstance(again.result, Body)


async def test_attempts_that_are_lost_are_made_here() -> None:
    async with Origin() as origin:
        origin.route("/a", in_turn(stall(), answer(b"whole")))
        async with that_can_be_lost(settings(origin)) as (fetcher, lose):
            url = web(origin.url("/a"))
            sink = MemorySink()
            task = asyncio.create_task(fetcher.attempt(url, Validators(), sink))
            await origin.asked("/a")
            lose()
            attempt = await asyncio.wait_for(task, 30)
            assert fetcher.lost
            assert isinstance(attempt.result, Body)
            assert sink.data == b"whole"
            await fetcher.attempt(url, Validators(), MemorySink())
            assert origin.count("/a") == 3


async def test_a_body_that_had_begun_begins_anew() -> None:
    async with Origin() as origin:
        origin.route("/a", in_turn(half_of(LARGE), answer(LARGE)))
        async with that_can_be_lost(settings(origin)) as (fetcher, lose):
            sink = SlowSink()
            url = web(origin.url("/a"))
            task = asyncio.create_task(fetcher.attempt(url, Validators(), sink))
            await sink.holds.wait()
            lose()
            sink.goes_on.set()
            await task
    assert sink.data == LARGE
    assert sink.resets == 2


def half_of(body: bytes) -> Behaviour:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return stall(head + body[: len(body) // 2])


class Watch:
    """Hears each step."""

    def __init__(self) -> None:
        self.statuses: list[int] = []

    def asking(self, url: object) -> None:
        """One is asked."""

    def answered(self, hop: Hop) -> None:
        self.statuses.append(hop.status)


async def test_an_observer_hears_all() -> None:
    async with Origin() as origin, apart(settings(origin), nothing_is_looked_up) as fetcher:
        watch = Watch()
        url = web(origin.route("/a", body=b"body"))
        await fetcher.attempt(url, Validators(), MemorySink(), AttemptStats(watch=watch))
    assert watch.statuses == [200]


async def test_a_missing_ca_file_is_told_at_once() -> None:
    fetch = FetchSettings.model_validate({"ca_file": "/nowhere/ca.pem"})
    ours, theirs = socket.socketpair()
    with theirs, ours, pytest.raises(ConfigError, match=r"fetch\.ca_file"):
        async with ApartFetcher(ours, fetch):
            pass


class Picky(MemorySink):
    """Has enough of a body after a few bytes, and then keeps no more than these."""

    def __init__(self) -> None:
        super().__init__(wanted=20_000)

    async def write(self, data: bytes) -> None:
        self.data = (self.data + data)[: self.wanted]


async def test_a_sink_has_enough_as_early_as_here() -> None:
    async with Origin() as origin, apart(settings(origin), nothing_is_looked_up) as fetcher:
        url = web(origin.route("/a", body=LARGE[:100_000]))
        sink = Picky()
        attempt = await fetcher.attempt(url, Validators(), sink)
        assert isinstance(attempt.result, Body)
        assert attempt.result.received == Received(whole=False, total=100_000)
        broken = (
            f"HTTP/1.1 200 OK\r\nContent-Length: {len(LARGE)}\r\n\r\n".encode() + LARGE[:99_000]
        )
        origin.route("/cut", raw(broken))
        cut = await fetcher.attempt(web(origin.url("/cut")), Validators(), Picky())
        assert isinstance(cut.result, Body)


class FullAtTheEnd(MemorySink):
    """Of a disk that is full when the last bytes come."""

    async def write(self, data: bytes) -> None:  # noqa: ARG002  as above
        raise LocalError("no space is left")


async def test_an_attempt_whose_last_bytes_find_no_room_is_counted_and_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("imgcache.edge.http.apart.fetcher._LAST_WORDS", 3600)
    async with Origin() as origin, apart(settings(origin), nothing_is_looked_up) as fetcher:
        url = web(origin.route("/a", body=b"four"))
        stats = AttemptStats()
        attempt = fetcher.attempt(url, Validators(), FullAtTheEnd(), stats)
        with pytest.raises(LocalError):
            await asyncio.wait_for(attempt, 30)
        assert (stats.requests, stats.wire_bytes, stats.heard) == (1, 4, True)


async def test_it_gets_ready_when_requests_are_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = asyncio.Event()

    async def opens(fetcher: FetcherOnDemand) -> Fetches:
        opened.set()
        return fetcher

    monkeypatch.setattr(FetcherOnDemand, "open", opens)
    async with apart(FetchSettings(), nothing_is_looked_up) as fetcher:
        fetcher.expect()
        await asyncio.wait_for(opened.wait(), 30)


class Untold(FetcherOnDemand):
    """A fetcher whose result no message can tell."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(FetchSettings())
        self.failure = failure

    async def attempt(self, *_: object, **__: object) -> Attempt:
        return Attempt(self.failure, 1, 0)


@pytest.mark.parametrize(
    "failure",
    [Failure(Verdict.TOO_LARGE, "x", bytes=1 << 70), Failure(Verdict.TOO_LARGE, "\udcff")],
)
async def test_what_can_not_be_told_is_asked_for_here(failure: Failure) -> None:
    ours, theirs = socket.socketpair()
    attempts = _Attempts(Untold(failure))
    async with Origin() as origin:
        url = web(origin.route("/a", body=b"four"))
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: attempts.line, theirs)
        async with ApartFetcher(ours, settings(origin)) as fetcher, asyncio.timeout(5):
            attempt = await fetcher.attempt(url, Validators(), MemorySink())
        assert isinstance(attempt.result, Body)


async def test_an_attempt_that_is_dropped_before_it_begins_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("imgcache.edge.http.apart.fetcher._LAST_WORDS", 3600)
    async with Origin() as origin, apart(settings(origin), nothing_is_looked_up) as fetcher:
        url = web(origin.route("/a", stall()))
        task = asyncio.create_task(fetcher.attempt(url, Validators(), MemorySink()))
        await asyncio.sleep(0)  # it has said what it wants
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 30)


async def test_a_process_that_tells_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgcache.edge.http.apart.fetcher._GRACE", 0.0)
    ours, theirs = socket.socketpair()
    async with Origin() as origin:
        url = web(origin.route("/a", body=b"four"))
        with theirs:
            async with ApartFetcher(ours, settings(origin, deadline="0.1s")) as fetcher:
                attempt = await fetcher.attempt(url, Validators(), MemorySink())
                assert fetcher.lost
    assert isinstance(attempt.result, Body)


async def test_one_that_waits_for_others_does_not_lose_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its wait for a connection is longer than one attempt may take; the others are heard of."""
    monkeypatch.setattr("imgcache.edge.http.apart.fetcher._GRACE", 0.8)
    async with Origin() as origin:
        slow, connected = f"http://slow.test:{origin.port}", asyncio.Event()
        for path in ("/1", "/2"):
            origin.route(path, stall())
        origin.route("/image", body=b"x")
        origin.route("/redirect", after(connected, redirect(f"{slow}/image")))
        resolve = [f"slow.test:{origin.port}:127.0.0.1"]
        fetch = settings(origin, per_host=1, deadline="2s", resolve=resolve)
        async with apart(fetch, nothing_is_looked_up) as fetcher:

            def attempt(url: str) -> asyncio.Task[Attempt]:
                return asyncio.create_task(fetcher.attempt(web(url), Validators(), MemorySink()))

            stalling = [attempt(slow + path) for path in ("/1", "/2")]
            await origin.asked("/1")
            last = attempt(origin.url("/redirect"))
            await origin.asked("/redirect")
            connected.set()
            for one in stalling:
                assert failure(await one).verdict is Verdict.TIMEOUT
            assert isinstance((await last).result, Body)
