"""Hosts that answer 429 or 503 without Retry-After, in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pytest

from imgcache.config import FetchSettings
from imgcache.engine.run.scheduling.jobs import Outcome, outcome_of
from imgcache.engine.run.scheduling.scheduler import HostScheduler
from imgcache.model import Failure, Verdict
from tests.support import virtual_time
from tests.support.limiters import (
    Limiter,
    fixed_window,
    nothing,
    sliding_window,
    token_bucket,
)

BUSY = Failure(Verdict.RATE_LIMITED, "429", 429, transient=True)
SICK = Failure(Verdict.SERVER_ERROR, "503", 503, transient=True)
LATENCY = 0.03


@dataclass(eq=False)
class Job:
    host: str
    number: int
    tries: int = 0


class Web:
    """Hosts with limits; `broken` are the numbers of the images that are always refused."""

    def __init__(self, limits: dict[str, Limiter], broken: Iterable[int] = ()) -> None:
        self.limits = limits
        self.broken = frozenset(broken)
        self.fetch = FetchSettings()
        self.requests: Counter[str] = Counter()
        self.at_once: Counter[str] = Counter()
        self.served: list[Job] = []
        self.ended: list[tuple[Job, Failure | None]] = []
        self.finished: dict[str, float] = {}
        self.seconds = 0.0

    async def ask(self, job: Job) -> Outcome:
        job.tries += 1
        self.requests[job.host] += 1
        self.at_once[job.host] += 1
        await asyncio.sleep(LATENCY / 2)
        refused = self._refuses(job)
        await asyncio.sleep(LATENCY / 2)
        self.at_once[job.host] -= 1
        if refused:
            return outcome_of(BUSY, job.tries, self.fetch)
        self.served.append(job)
        self.finished[job.host] = asyncio.get_running_loop().time()
        return Outcome()

    def _refuses(self, job: Job) -> bool:
        limit = self.limits.get(job.host)
        now = asyncio.get_running_loop().time()
        return job.number in self.broken or (limit is not None and not limit(now))

    def end(self, job: Job, failure: Failure | None) -> None:
        self.ended.append((job, failure))

    def visit(self, **images: int) -> None:
        """Ask for so many images of each host."""
        jobs = [Job(host, number) for host, count in images.items() for number in range(count)]

        async def drain() -> None:
            await HostScheduler(self.fetch, self.ask, self.end).drain(jobs)
            self.seconds = asyncio.get_running_loop().time()

        virtual_time.run(drain())
        assert len(self.served) + len(self.ended) == len(jobs)


LIMITS: dict[str, tuple[Callable[[], Limiter], float]] = {
    "10 a second, burst of 10": (lambda: token_bucket(10, 10), 12),
    "10 a second, burst of 3": (lambda: token_bucket(10, 3), 14),
    "10 in each second": (lambda: fixed_window(10, 1), 15),
    "10 in each second, the first half over": (lambda: fixed_window(10, 1, 0.5), 15),
    "10 in any second": (lambda: sliding_window(10, 1), 17),
    "10 in any second, refused ones counted": (lambda: sliding_window(10, 1, strict=True), 25),
    "2 a second, burst of 10": (lambda: token_bucket(2, 10), 60),
    "2 in each second": (lambda: fixed_window(2, 1), 70),
    "60 in each minute": (lambda: fixed_window(60, 60), 80),
}


@pytest.mark.parametrize(("limit", "seconds"), LIMITS.values(), ids=LIMITS)
def test_a_host_with_a_limit_gives_all_its_images(
    limit: Callable[[], Limiter], seconds: float
) -> None:
    web = Web({"limited": limit()})
    web.visit(limited=120, other=600)
    assert web.ended == []
    assert web.seconds < seconds  # of virtual time
    assert web.requests["limited"] < 190
    assert web.finished["other"] < 5


@pytest.mark.parametrize("limit", [limit for limit, _ in LIMITS.values()], ids=LIMITS)
@pytest.mark.parametrize("images", [3, 11, 12, 13, 17, 30])
def test_a_few_images_more_than_the_limit_come_too(
    limit: Callable[[], Limiter], images: int
) -> None:
    web = Web({"limited": limit()})
    web.visit(limited=images)
    assert web.ended == []


def test_a_host_with_places_for_two_is_asked_by_two() -> None:
    web = Web({})
    web.limits["small"] = lambda _: web.at_once["small"] <= 2
    web.visit(small=120)
    assert (web.ended, web.requests["small"] < 160) == ([], True)


def test_a_host_that_refuses_everything_is_given_up_soon() -> None:
    web = Web({"never": nothing})
    web.visit(never=500)
    assert web.requests["never"] < 10
    assert web.seconds < 10
    assert {failure for _, failure in web.ended} == {BUSY}


def test_a_host_that_refuses_everything_from_some_moment_on_is_given_up_in_a_minute() -> None:
    web = Web({"never": token_bucket(0, 200)})
    web.visit(never=500)
    assert len(web.served) == 200
    assert web.requests["never"] < 230
    assert web.seconds < 90


@pytest.mark.parametrize("others", [0, 1, 30])
def test_the_last_image_of_a_host_costs_no_more_than_its_tries(others: int) -> None:
    web = Web({}, broken=[others])
    web.visit(host=others + 1)
    assert web.requests["host"] == others + web.fetch.attempts


@pytest.mark.parametrize("share", [2, 5, 10, 50])
def test_images_that_are_always_refused_do_not_take_the_others_with_them(share: int) -> None:
    broken = range(0, 1000, 100 // share) if share < 50 else range(990, 1000)
    web = Web({}, broken=broken)
    web.visit(sick=1000)
    assert {job.number for job, _ in web.ended} == set(broken)
    assert web.requests["sick"] < 1000 + 5 * len(broken)
    assert web.seconds < 200


def test_an_outcome_without_a_time_to_wait_slows_down_and_another_pauses() -> None:
    fetch = FetchSettings(attempts=1)
    for failure in (BUSY, SICK):
        assert outcome_of(failure, 1, fetch) == Outcome(failure, refused=True)
    paused = Failure(Verdict.RATE_LIMITED, "429", 429, transient=True, retry_after=5.0)
    assert outcome_of(paused, 1, fetch) == Outcome(paused, pause=5.0)
    other = Failure(Verdict.SERVER_ERROR, "500", 500, transient=True)
    assert outcome_of(other, 1, fetch) == Outcome(other)
