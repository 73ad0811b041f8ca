"""A connection serves one answer at a time: nothing of one request touches another's verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from imgcache.config import FetchSettings
from imgcache.edge.http.exchange import Attempt, Body
from imgcache.edge.http.fetcher import Fetcher
from imgcache.facts import Validators
from imgcache.model import Failure, Verdict
from tests.support.behaviours import Behaviour, answer, head, raw, reset, stall
from tests.support.fetching import MemorySink, nothing_is_looked_up, settings, web
from tests.support.origin import Origin

# More than a read buffer and what the parser holds back: the end is seen long before it is read.
LARGE = b"x" * 289_000
WITH_LENGTH = head(200, {"Content-Length": str(len(LARGE))}) + LARGE
CHUNKED = (
    head(200, {"Transfer-Encoding": "chunked"}) + b"%x\r\n" % len(LARGE) + LARGE + b"\r\n0\r\n\r\n"
)
SURPLUS = {
    "garbage": b"garbage",
    "a letter": b"H",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "an answer": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "an answer with a body": head(200, {"Content-Length": "4"}) + b"evil",
}


TIME_OUT, BREAK = 0.1, 0.3
FAULTS: list[Behaviour] = [stall(), reset(), raw(), raw(b"garbage"), raw(b"HTTP/1.1 200 OK\r\nX")]


class SlowSink(MemorySink):
    """A reader that is late: the loop turns many times before it takes the next piece."""

    async def write(self, data: bytes) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        await super().write(data)


class PausingSink(SlowSink):
    """Takes a break, longer than the time-out, before it reads on to the end."""

    async def write(self, data: bytes) -> None:
        await super().write(data)
        if len(self.data) > len(LARGE) // 2:
            await asyncio.sleep(BREAK)


async def ask_all(fetch: FetchSettings, urls: Sequence[str]) -> list[Attempt]:
    """All at once, over the few connections that the host gets."""
    async with Fetcher(fetch, lookup=nothing_is_looked_up) as fetcher:
        return await asyncio.gather(
            *(fetcher.attempt(web(url), Validators(), SlowSink()) for url in urls)
        )


@pytest.mark.parametrize("surplus", SURPLUS.values(), ids=SURPLUS)
@pytest.mark.parametrize("good", [WITH_LENGTH, CHUNKED], ids=["length", "chunks"])
async def test_surplus_condemns_its_own_answer_and_no_other(good: bytes, surplus: bytes) -> None:
    async with Origin() as origin:
        bad = raw(good + surplus, keep=True)
        urls = [origin.route(f"/{n}", raw(good, keep=True) if n % 4 else bad) for n in range(40)]
        attempts = await ask_all(settings(origin), urls)
    told = [isinstance(attempt.result, Failure) for attempt in attempts]
    assert told == [n % 4 == 0 for n in range(40)]
    verdicts = {one.result.verdict for one in attempts if isinstance(one.result, Failure)}
    assert verdicts == {Verdict.PROTOCOL_ERROR}


@pytest.mark.parametrize("surplus", SURPLUS.values(), ids=SURPLUS)
@pytest.mark.parametrize(
    "good",
    [
        head(200, {"Content-Length": "3"}) + b"abc",
        head(200, {"Transfer-Encoding": "chunked"}) + b"3\r\nabc\r\n0\r\nX: y\r\n\r\n",
    ],
    ids=["length", "chunks and trailers"],
)
async def test_surplus_in_one_piece_with_a_small_answer_is_told(
    good: bytes, surplus: bytes
) -> None:
    async with Origin() as origin:
        origin.route("/bad", raw(good + surplus, keep=True))
        origin.route("/good", raw(good, keep=True))
        bad, sound = await ask_all(
            settings(origin, per_host=1), [origin.url("/bad"), origin.url("/good")]
        )
        assert origin.connections == 2
    assert isinstance(bad.result, Failure)
    assert bad.result.verdict is Verdict.PROTOCOL_ERROR
    assert isinstance(sound.result, Body)


@pytest.mark.parametrize("good", [WITH_LENGTH, CHUNKED], ids=["length", "chunks"])
async def test_an_empty_line_behind_an_answer_is_passed_over(good: bytes) -> None:
    async with Origin() as origin:
        url = origin.route("/a", raw(good + b"\r\n", keep=True))
        attempts = await ask_all(settings(origin), [url] * 8)
    assert all(isinstance(attempt.result, Body) for attempt in attempts)


@pytest.mark.parametrize("good", [WITH_LENGTH, CHUNKED], ids=["length", "chunks"])
async def test_the_clock_of_a_complete_answer_stands_still(good: bytes) -> None:
    """Neither a reader who takes longer than `idle_timeout`, nor the next request, is timed out."""
    async with Origin() as origin:
        url = web(origin.route("/a", raw(good, keep=True)))
        fetch = settings(origin, idle_timeout=TIME_OUT)
        async with Fetcher(fetch, lookup=nothing_is_looked_up) as fetcher:
            first = await fetcher.attempt(url, Validators(), PausingSink())
            await asyncio.sleep(BREAK)
            second = await fetcher.attempt(url, Validators(), MemorySink())
        assert origin.connections == 1
    assert isinstance(first.result, Body)
    assert isinstance(second.result, Body)


@pytest.mark.parametrize("fault", FAULTS, ids=["silence", "reset", "end", "garbage", "half a head"])
async def test_a_request_that_fails_does_not_touch_the_answer_before_it(fault: Behaviour) -> None:
    async with Origin() as origin:
        first = web(origin.route("/a", answer(LARGE)))
        then = web(origin.route("/b", fault))
        fetch = settings(origin, per_host=1, idle_timeout=TIME_OUT)
        async with Fetcher(fetch, lookup=nothing_is_looked_up) as fetcher:
            reading = asyncio.create_task(fetcher.attempt(first, Validators(), PausingSink()))
            await origin.asked("/a")
            failed = await fetcher.attempt(then, Validators(), MemorySink())
            attempt = await reading
    assert isinstance(attempt.result, Body)
    assert isinstance(failed.result, Failure)
