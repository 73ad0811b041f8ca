from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from imgcache.config import FetchSettings
from imgcache.engine.run.listener import Lane
from imgcache.engine.run.scheduling.jobs import Outcome
from imgcache.engine.run.scheduling.scheduler import HostScheduler
from imgcache.model import Failure, Verdict
from tests.support import virtual_time

DEAD = Failure(Verdict.CONNECT_ERROR, "refused", host_fault=True)
GONE = Failure(Verdict.GONE, "404", 404)
LATER = Failure(Verdict.RATE_LIMITED, "429", 429, transient=True, retry_after=0.01)
BUSY = Failure(Verdict.RATE_LIMITED, "429", 429, host_fault=True)


@dataclass(eq=False)
class Job:
    host: str
    number: int = 0
    tries: int = 0


class Log:
    """Runs jobs by a script, and remembers what was under way together."""

    def __init__(self, script: Callable[[Job], Awaitable[Outcome]]) -> None:
        self.script = script
        self.ran: list[Job] = []
        self.skipped: list[tuple[Job, Failure | None]] = []
        self.active: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def run(self, job: Job) -> Outcome:
        self.ran.append(job)
        for key in (job.host, "all"):
            self.active[key] += 1
            self.most[key] = max(self.most[key], self.active[key])
        try:
            return await self.script(job)
        finally:
            for key in (job.host, "all"):
                self.active[key] -= 1

    def skip(self, job: Job, failure: Failure | None) -> None:
        self.skipped.append((job, failure))

    def lanes(self, **settings: float) -> HostScheduler[Job]:
        return HostScheduler(FetchSettings.model_validate(settings), self.run, self.skip)


async def well(_: Job) -> Outcome:
    await asyncio.sleep(0)
    return Outcome()


async def test_every_job_runs_once() -> None:
    log = Log(well)
    jobs = [Job(f"{number % 7}.test", number) for number in range(100)]
    await log.lanes().drain(jobs)
    assert sorted(job.number for job in log.ran) == list(range(100))
    assert log.skipped == []


async def test_no_jobs_end_at_once() -> None:
    await Log(well).lanes().drain([])


async def test_limits_hold_per_host_and_over_all() -> None:
    log = Log(well)
    jobs = [Job(f"{number % 5}.test") for number in range(200)]
    await log.lanes(concurrency=8, per_host=3).drain(jobs)
    assert log.most["all"] == 8
    assert log.most["0.test"] == 3


async def test_a_host_that_never_answered_gets_one_place() -> None:
    log = Log(well)
    gate = asyncio.Event()

    async def silent_until_opened(job: Job) -> Outcome:
        if job.number == 0:
            await gate.wait()
        elif job.host == "live.test" and job.number == 9:
            gate.set()
        return Outcome()

    log.script = silent_until_opened
    jobs = [Job("slow.test", number) for number in range(5)]
    jobs += [Job("live.test", number) for number in range(1, 10)]
    await log.lanes(per_host=4).drain(jobs)
    before_it_answered = log.ran[: [job.number for job in log.ran].index(9) + 1]
    assert [job.host for job in before_it_answered].count("slow.test") == 1


async def test_a_job_is_tried_again_after_its_delay() -> None:
    async def fails_twice(job: Job) -> Outcome:
        job.number += 1
        return Outcome(GONE, again=0.001) if job.number < 3 else Outcome(GONE)

    log = Log(fails_twice)
    await log.lanes().drain([Job("a.test"), Job("b.test")])
    assert Counter(job.host for job in log.ran) == {"a.test": 3, "b.test": 3}


async def test_a_pause_holds_the_host_and_nobody_else() -> None:
    other_done = asyncio.Event()

    async def pauses_first(job: Job) -> Outcome:
        if job.host == "b.test" and job.number == 4:
            other_done.set()
        if job.host == "a.test" and job.number == 0:
            job.number = 9
            return Outcome(BUSY, again=0.0, pause=0.05)
        if job.host == "a.test":
            assert other_done.is_set()
        return Outcome()

    log = Log(pauses_first)
    jobs = [Job("a.test", 0), Job("a.test", 1), *(Job("b.test", n) for n in range(5))]
    await log.lanes().drain(jobs)
    assert len(log.ran) == 8


async def test_a_dead_host_costs_a_handful_and_its_other_jobs_are_skipped() -> None:
    async def dead(_: Job) -> Outcome:
        return Outcome(DEAD)

    log = Log(dead)
    await log.lanes(breaker_failures=5).drain([Job("a.test", n) for n in range(300)])
    assert len(log.ran) == 5
    assert [failure for _, failure in log.skipped] == [DEAD] * 295


async def test_a_status_of_one_url_never_counts_against_its_host() -> None:
    async def gone(_: Job) -> Outcome:
        return Outcome(GONE)

    log = Log(gone)
    await log.lanes(breaker_failures=2).drain([Job("a.test", n) for n in range(50)])
    assert len(log.ran) == 50


async def test_an_answer_opens_a_given_up_host_again() -> None:
    tries = 0
    release = asyncio.Event()

    async def recovers(job: Job) -> Outcome:
        nonlocal tries
        if job.host == "other.test":
            await release.wait()
            return Outcome()
        tries += 1
        if tries == 12:
            release.set()
        return Outcome(DEAD) if tries <= 4 else Outcome()

    log = Log(recovers)
    jobs = [Job("other.test"), *(Job("a.test", n) for n in range(12))]
    await log.lanes(breaker_failures=3, breaker_pause=0.001).drain(jobs)
    assert log.skipped == []
    assert len(log.ran) == 13


async def test_a_silenced_host_is_not_asked_again() -> None:
    async def busy(_: Job) -> Outcome:
        return Outcome(BUSY, silence=True)

    log = Log(busy)
    await log.lanes(breaker_pause=0.0).drain([Job("a.test", n) for n in range(20)])
    assert len(log.ran) == 1
    assert {failure for _, failure in log.skipped} == {BUSY}


async def test_stopping_starts_nothing_more_and_ends_what_waits() -> None:
    log = Log(well)
    lanes = log.lanes(concurrency=2)

    async def stops(job: Job) -> Outcome:
        lanes.stop()
        return Outcome(GONE, again=100.0) if job.number == 0 else Outcome()

    log.script = stops
    await lanes.drain([Job(f"{n}.test", n) for n in range(10)])
    assert len(log.ran) == 2
    assert sorted(job.number for job, _ in log.skipped) == [0, 2, 3, 4, 5, 6, 7, 8, 9]
    assert {failure for _, failure in log.skipped} == {None}


async def test_a_given_up_host_is_probed_again_and_again_even_if_the_probe_may_be_retried() -> None:
    probes = 0
    release = asyncio.Event()

    async def dead_until_the_fifth_probe(job: Job) -> Outcome:
        nonlocal probes
        if job.host == "other.test":
            await release.wait()
            return Outcome()
        probes += 1
        if probes >= 7:
            release.set()
            return Outcome()
        job.number += 1
        return Outcome(DEAD, again=0.0 if job.number % 2 else None)

    log = Log(dead_until_the_fifth_probe)
    jobs = [Job("other.test"), *(Job("a.test") for _ in range(9))]
    await log.lanes(breaker_failures=1, breaker_pause=0.001).drain(jobs)
    assert log.skipped == []


async def test_a_silenced_host_stays_silenced_when_a_late_answer_comes() -> None:
    asked = asyncio.Event()

    async def script(job: Job) -> Outcome:
        if job.number == 0:
            return Outcome()
        if job.number == 1:
            await asked.wait()
            return Outcome()
        asked.set()
        return Outcome(BUSY, silence=True)

    log = Log(script)
    await log.lanes(per_host=2).drain([Job("a.test", n) for n in range(6)])
    assert [failure for _, failure in log.skipped] == [BUSY] * 3


async def test_a_new_host_gets_nothing_more_while_its_first_job_waits_for_another_try() -> None:
    async def refuses(job: Job) -> Outcome:
        job.number += 1
        return Outcome(DEAD, again=0.001 if job.number < 3 else None)

    log = Log(refuses)
    await log.lanes(breaker_failures=2).drain([Job("a.test") for _ in range(50)])
    assert len(log.ran) == 6
    assert len(log.skipped) == 48


async def test_a_host_that_only_asks_for_pauses_is_silenced_after_a_while() -> None:
    async def busy(_: Job) -> Outcome:
        return Outcome(LATER, pause=0.01)

    log = Log(busy)
    lanes = log.lanes(per_host=1, attempts=3, retry_after_cap=0.01)
    await lanes.drain([Job("a.test", n) for n in range(50)])
    assert 3 <= len(log.ran) <= 5
    assert {failure for _, failure in log.skipped} == {LATER}


async def test_pauses_at_the_same_time_count_once() -> None:
    async def busy(_: Job) -> Outcome:
        return Outcome(LATER, pause=0.01)

    log = Log(busy)
    lanes = log.lanes(per_host=6, attempts=3, retry_after_cap=0.05)
    await lanes.drain([Job("a.test", n) for n in range(18)])
    assert (len(log.ran), log.skipped) == (18, [])


async def test_another_answer_forgives_the_pauses_before_it() -> None:
    async def busy_now_and_then(job: Job) -> Outcome:
        return Outcome(LATER, pause=0.01) if job.number % 2 else Outcome()

    log = Log(busy_now_and_then)
    lanes = log.lanes(per_host=1, attempts=3, retry_after_cap=0.05)
    await lanes.drain([Job("a.test", n) for n in range(40)])
    assert (len(log.ran), log.skipped) == (40, [])


async def test_lanes_tell_what_is_left_of_each_host() -> None:
    gate, given_up, seen = asyncio.Event(), asyncio.Event(), list[Lane]()

    async def script(job: Job) -> Outcome:
        if job.host == "dead.test":
            if job.number:
                asyncio.get_running_loop().call_later(0.001, given_up.set)
            return Outcome(DEAD)
        await gate.wait()
        return Outcome()

    log = Log(script)
    scheduler = log.lanes(per_host=2, breaker_failures=2)
    jobs = [Job("alive.test", number) for number in range(5)]
    jobs += [Job("dead.test", number) for number in range(9)]

    async def look() -> None:
        await given_up.wait()
        seen.extend(scheduler.lanes())
        gate.set()

    assert list(scheduler.lanes()) == []
    await asyncio.gather(scheduler.drain(jobs), look())
    assert seen == [Lane("alive.test", 5), Lane("dead.test", 7, is_asked=False)]
    assert list(scheduler.lanes()) == []


async def test_a_lane_tells_how_long_its_host_pauses() -> None:
    found = list[Lane]()

    async def script(job: Job) -> Outcome:
        if job.number:
            found.extend(scheduler.lanes())
            return Outcome()
        return Outcome(LATER, pause=0.05)

    scheduler = Log(script).lanes(per_host=1)
    jobs = [Job("a.test", 0), Job("a.test", 1), Job("b.test", 1)]
    await scheduler.drain(jobs)
    (paused,) = [one for one in found if one.host == "a.test"][:1]
    assert paused.left == 1
    assert 0 < paused.wait <= 0.05


def test_hosts_that_are_given_up_do_not_keep_up_the_run_by_their_trials() -> None:
    async def dead(job: Job) -> Outcome:
        await asyncio.sleep(10 + int(job.host.partition(".")[0]))
        return Outcome(DEAD)

    log = Log(dead)
    jobs = [Job(f"{host}.test", number) for host in range(20) for number in range(50)]
    virtual_time.run(log.lanes(breaker_failures=5, breaker_pause=30).drain(jobs))
    # Each gets five tries, and the first ones some trials more until the last one is given up.
    assert len(log.ran) < 20 * 7
    assert len(log.ran) + len(log.skipped) == 20 * 50


def test_a_host_that_comes_back_in_a_trial_gets_all_of_its_jobs() -> None:
    async def late(job: Job) -> Outcome:
        await asyncio.sleep(1)
        is_back = asyncio.get_running_loop().time() > 60
        return Outcome() if is_back or job.host == "steady.test" else Outcome(DEAD)

    log = Log(late)
    jobs = [Job(host, n) for host in ("a.test", "b.test", "steady.test") for n in range(100)]
    fetch = {"breaker_failures": 5, "breaker_pause": 30, "per_host": 1}
    virtual_time.run(log.lanes(**fetch).drain(jobs))
    assert log.skipped == []
    assert len(log.ran) == 300


class Crowd:
    """40 hosts that are silent until they leave, with two URLs each.

    `ended`: the jobs of other hosts that ended by then.
    """

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.ended: list[Job] = []
        self.jobs = [Job(f"silent{n}.test", number) for number in range(2) for n in range(40)]

    async def answer(self, job: Job) -> Outcome:
        if job.host.startswith("silent"):
            await self.gate.wait()
            return Outcome(DEAD)
        await asyncio.sleep(0.1)
        if not self.gate.is_set():
            self.ended.append(job)
        return Outcome()

    def visit(self, log: Log, jobs: list[Job], concurrency: int) -> None:
        """In virtual time: they leave long after all that does not wait for them is done."""

        async def drain() -> None:
            asyncio.get_running_loop().call_later(1000, self.gate.set)
            await log.lanes(concurrency=concurrency).drain(jobs)

        virtual_time.run(drain())


def test_silent_hosts_do_not_take_the_places_of_one_that_answers() -> None:
    crowd = Crowd()
    good = [Job("good.test", number) for number in range(300)]
    log = Log(crowd.answer)
    crowd.visit(log, [*good, *crowd.jobs], concurrency=8)
    assert len(crowd.ended) == 300
    assert len(log.ran) + len(log.skipped) == 380


def test_hosts_that_have_not_answered_keep_a_share_of_the_places() -> None:
    """Five others could use all places for long."""
    good = [Job(f"good{n}.test", number) for number in range(100) for n in range(5)]
    late = [Job(f"late{n}.test") for n in range(20)]
    log = Log(well)
    virtual_time.run(log.lanes(concurrency=8).drain([*good, *late]))
    hosts = [job.host for job in log.ran]
    assert all(one.host in hosts[:200] for one in late)


def test_hosts_take_turns_where_there_is_one_place() -> None:
    good = [Job("good.test", number) for number in range(40)]
    late = [Job(f"late{n}.test") for n in range(20)]
    log = Log(well)
    virtual_time.run(log.lanes(concurrency=1).drain([*good, *late]))
    hosts = [job.host for job in log.ran]
    assert hosts[1:40:2] == ["good.test"] * 20
    assert hosts[2:42:2] == [one.host for one in late]


def test_a_host_with_a_pace_finds_its_place_again_beside_silent_hosts() -> None:
    crowd = Crowd()
    good = [Job("good.test", number) for number in range(30)]

    refusals = {job for job in good if job.number % 5 == 4}

    async def refuses_one_in_five(job: Job) -> Outcome:
        if job in refusals:
            refusals.remove(job)
            return Outcome(BUSY, again=1.0, refused=True)
        return await crowd.answer(job)

    log = Log(refuses_one_in_five)
    crowd.visit(log, [*good, *crowd.jobs], concurrency=8)
    assert len(crowd.ended) == 30
