"""Jobs of a supply: each runs once, and few are at hand, however many there are."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import FetchSettings
from imgcache.engine.run.scheduling.jobs import Outcome
from imgcache.engine.run.scheduling.scheduler import HostScheduler
from imgcache.errors import LocalError
from imgcache.model import Failure, Verdict
from tests.support import virtual_time

DEAD = Failure(Verdict.CONNECT_ERROR, "refused", host_fault=True)
BUSY = Failure(Verdict.RATE_LIMITED, "429", 429, host_fault=True)


@dataclass(eq=False)
class Job:
    host: str
    number: int
    tries: int = 0


class Stock:
    """So many jobs of some hosts; each taking lasts a while."""

    def __init__(self, hosts: Mapping[str, int], lasts: float = 0.01) -> None:
        self.hosts = {host: deque(range(number)) for host, number in hosts.items()}
        self.lasts = lasts
        self.taken = self.ended = self.most = 0
        self.under_way = 0

    def left(self) -> Mapping[str, int]:
        return {host: len(numbers) for host, numbers in self.hosts.items()}

    async def take(self, wanted: Mapping[str, int]) -> list[Job]:
        self.under_way += 1
        assert self.under_way == 1
        await asyncio.sleep(self.lasts)
        self.under_way -= 1
        jobs = [
            Job(host, self.hosts[host].popleft())
            for host, most in wanted.items()
            for _ in range(min(most, len(self.hosts[host])))
        ]
        self.taken += len(jobs)
        self.most = max(self.most, self.taken - self.ended)
        return jobs


class Run:
    """What a scheduler did with a stock, by a script."""

    def __init__(
        self,
        hosts: Mapping[str, int],
        script: Callable[[Job], Awaitable[Outcome]],
        stop_after: int | None = None,
        at_hand: tuple[Job, ...] = (),
        **settings: float,
    ) -> None:
        self.stock = Stock(hosts)
        self.script = script
        self.stop_after = stop_after
        self.ran: Counter[tuple[str, int]] = Counter()
        self.skipped: Counter[tuple[str, int]] = Counter()
        self.order: list[str] = []
        fetch = FetchSettings.model_validate(settings)
        self.scheduler = HostScheduler[Job](fetch, self._run, self._skip)
        virtual_time.run(self.scheduler.drain(at_hand, self.stock))

    async def _run(self, job: Job) -> Outcome:
        if job.host not in self.order:
            self.order.append(job.host)
        self.ran[job.host, job.number] += 1
        if self.stop_after is not None and sum(self.ran.values()) >= self.stop_after:
            self.scheduler.stop()
        outcome = await self.script(job)
        self.stock.ended += outcome.again is None and not outcome.refused
        return outcome

    def _skip(self, job: Job, failure: Failure | None) -> None:  # noqa: ARG002  counted only
        self.skipped[job.host, job.number] += 1
        self.stock.ended += 1


async def well(_: Job) -> Outcome:
    await asyncio.sleep(0.1)
    return Outcome()


def every(hosts: Mapping[str, int]) -> set[tuple[str, int]]:
    return {(host, number) for host, count in hosts.items() for number in range(count)}


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 150), max_size=8))
def test_each_job_runs_once(hosts: dict[str, int]) -> None:
    run = Run(hosts, well)
    assert set(run.ran) == every(hosts)
    assert set(run.ran.values()) <= {1}
    assert run.skipped == {}
    assert run.stock.left() == dict.fromkeys(hosts, 0)


def test_jobs_at_hand_run_beside_those_of_the_supply() -> None:
    run = Run({"a": 40, "b": 1}, well, at_hand=(Job("a", 100), Job("c", 101)))
    assert set(run.ran) == every({"a": 40, "b": 1}) | {("a", 100), ("c", 101)}


def test_few_jobs_are_at_hand_however_many_there_are() -> None:
    most = [Run({f"h{n}": each for n in range(100)}, well).stock.most for each in (50, 500)]
    assert most[1] <= most[0]


def test_few_hosts_are_begun_however_many_there_are() -> None:
    most = [Run({f"h{n}": 5 for n in range(hosts)}, well).stock.most for hosts in (1000, 2500)]
    assert most[1] <= most[0]


def test_the_largest_host_is_begun_first() -> None:
    run = Run({"small": 3, "large": 30, "middle": 9}, well, concurrency=1)
    assert run.order[0] == "large"


def test_hosts_that_never_answer_leave_the_places_to_others() -> None:
    dead = {f"dead{n}": 100 for n in range(600)}

    async def answers(job: Job) -> Outcome:
        if job.host.startswith("dead"):
            await asyncio.sleep(10)
            return Outcome(DEAD)
        return await well(job)

    run = Run({**dead, "alive": 90}, answers, concurrency=16, breaker_failures=2)
    assert all(run.ran["alive", number] == 1 for number in range(90))
    assert set(run.ran) | set(run.skipped) == every({**dead, "alive": 90})
    assert not set(run.ran) & set(run.skipped)
    assert len(run.skipped) > 600 * 90


def test_a_host_whose_jobs_are_on_their_way_finds_its_places_again() -> None:
    """It is quicker than its supply; each silent host would hold a place for long."""
    silent = {f"silent{n}": 2 for n in range(40)}
    before = Counter[str]()

    async def answers(job: Job) -> Outcome:
        if job.host.startswith("silent"):
            await asyncio.sleep(1000)
            return Outcome(DEAD)
        before[job.host] += asyncio.get_running_loop().time() < 1000
        return Outcome()

    Run({**silent, "good": 300}, answers, concurrency=8)
    assert before == {"good": 300}


def test_what_trials_wait_for_keeps_up_no_run() -> None:
    """Of many dead hosts one is always on trial, or waits for its next try."""
    hosts = {f"{n}": 20 for n in range(50)}

    async def silent(job: Job) -> Outcome:
        await asyncio.sleep(5 + int(job.host) / 5)
        job.tries += 1
        return Outcome(DEAD, again=None if job.tries == 3 else 5.0)

    run = Run(hosts, silent)
    assert set(run.ran) | set(run.skipped) == every(hosts)
    assert len(run.skipped) > 50 * 10


def test_a_host_that_is_back_is_waited_for() -> None:
    """Its failures came while others of its answers were under way."""

    async def answers(job: Job) -> Outcome:
        await asyncio.sleep(0.1 * job.number)
        fails = job.number in {1, 2} and job.tries == 0
        job.tries += 1
        return Outcome(DEAD, again=60.0 if job.number == 2 else None) if fails else Outcome()

    run = Run({"a": 5}, answers, breaker_failures=1, per_host=4)
    assert run.ran["a", 2] == 2
    assert run.skipped == {}


def test_what_was_not_taken_when_the_run_was_stopped_is_left_over() -> None:
    run = Run({"a": 1000, "b": 10}, well, stop_after=20)
    left = run.scheduler.left_over
    assert left > 0
    assert left == sum(run.stock.left().values())
    assert len(run.ran) + len(run.skipped) + left == 1010


def test_a_host_that_refuses_at_first_is_asked_for_all_of_its_jobs() -> None:
    async def busy(job: Job) -> Outcome:
        await asyncio.sleep(0.1)
        refuses = job.number < 3 and job.tries == 0
        job.tries += 1
        return Outcome(BUSY, again=1.0, refused=True) if refuses else Outcome()

    run = Run({"a": 200}, busy)
    assert set(run.ran) == every({"a": 200})


async def test_what_the_supply_raises_ends_the_run() -> None:
    class Broken(Stock):
        async def take(self, wanted: Mapping[str, int]) -> list[Job]:
            if self.taken:
                raise LocalError("no more")
            return await super().take(wanted)

    scheduler = HostScheduler[Job](FetchSettings(), well, lambda *_: None)
    with pytest.raises(ExceptionGroup) as raised:
        await scheduler.drain((), Broken({"a": 100}, 0.0))
    assert raised.group_contains(LocalError)
