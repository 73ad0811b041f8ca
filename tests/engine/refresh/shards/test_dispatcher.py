"""Shards and the workers that run them, in virtual time: workers that hang, die, come and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from types import TracebackType
from typing import Self

from imgcache.config import FetchSettings
from imgcache.edge.workers.protocol import LostError, Place
from imgcache.engine.refresh.shards.cutting import LARGEST, shard_size
from imgcache.engine.refresh.shards.dispatcher import SILENCE, Dispatcher
from imgcache.engine.refresh.shards.loads import Load, balanced
from imgcache.engine.refresh.shards.records import Ended, More, News, Shard, Stop, packed, unpacked
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.listener import ShardEnd
from imgcache.model import Failure, Verdict
from tests.support import virtual_time
from tests.support.plans import asks, jobs, remakes


class Worker:
    """Ends a job each `pace` seconds; hangs or dies before the job of that host.

    `stops_all_for`: so many seconds go by unseen while it waits, as if all were stopped.
    """

    def __init__(
        self, pace: float = 1.0, *, hangs: str = "", dies: str = "", stops_all_for: float = 0.0
    ) -> None:
        self.pace = pace
        self.stops_all_for = stops_all_for
        self.hangs, self.dies = hangs, dies
        self.shards: list[list[str]] = []
        self.discarded = 0
        self.now = self.most_at_once = 0
        self.words: list[bytes] = []
        self.given: asyncio.Queue[list[Job]] = asyncio.Queue()

    async def submit(
        self,
        number: int,  # noqa: ARG002  the protocol's
        order: bytes,
    ) -> AsyncGenerator[bytes, None]:
        shard: Shard = unpacked(order)
        self.shards.append([one.host for one in shard.ask])
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        jobs, more = shard.ask, dict(shard.more)
        try:
            yield packed(News())
            while jobs:
                for left, job in zip(range(len(jobs))[::-1], jobs, strict=True):
                    await self._work_on(job)
                    demand = min(left + sum(more.values()), shard.concurrency)
                    yield packed(News(ended=[Ended(job.target, None)], demand=demand))
                if more:
                    yield packed(News(more=more))
                jobs, more = (await self.given.get() if more else []), {}
        finally:
            self.now -= 1

    async def _work_on(self, job: Job) -> None:
        if self.stops_all_for:
            asyncio.get_running_loop().call_soon(virtual_time.stop_for, self.stops_all_for)
        await asyncio.sleep(self.pace)
        for _ in range(5):  # what waits in a pipe is read before it is news
            await asyncio.sleep(0)
        if job.host == self.dies:
            raise LostError("it died")
        if job.host == self.hangs:
            await asyncio.Event().wait()

    async def tell(self, number: int, word: bytes) -> None:  # noqa: ARG002  the protocol's
        self.words.append(word)
        told = unpacked(word)
        if isinstance(told, More):
            await self.given.put(told.jobs)

    async def discard(self, number: int) -> None:  # noqa: ARG002  the protocol's
        self.discarded += 1


class Crew:
    """Workers that come after so many looks."""

    def __init__(self, *workers: Place, after: int = 0) -> None:
        self.workers = workers
        self.after = after

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def retire(self) -> None:
        pass

    async def places(self) -> Sequence[Place]:
        self.after -= 1
        return self.workers if self.after < 0 else ()


class Vanishing(Crew):
    """Workers that are not used again when they are lost."""

    async def places(self) -> Sequence[Place]:
        return [one for one in self.workers if isinstance(one, Worker) and not one.discarded]


class Run:
    def __init__(self, crew: Crew, ask: list[Job], stop_after: float = 1e6) -> None:
        self.done: list[str] = []
        self.given_up: dict[str, Failure] = {}
        self.shards: list[ShardEnd] = []
        self.most = 0
        self.dispatcher = Dispatcher(crew, FetchSettings(concurrency=8, per_host=2), self)
        self.seconds = virtual_time.run(self._run(list(ask), stop_after))

    async def _run(self, ask: list[Job], stop_after: float) -> float:
        loop = asyncio.get_running_loop()
        loop.call_later(stop_after, lambda: loop.create_task(self.dispatcher.stop(at_once=False)))
        await self.dispatcher.run(asks(ask), remakes())
        return asyncio.get_running_loop().time()

    async def heard(self, load: Load, news: News) -> None:  # noqa: ARG002  the dispatcher's
        under_way = sum(len(one.left) for one in self.dispatcher.under_way)
        self.most = max(self.most, under_way)
        self.done += [one.target.url.href for one in news.ended]

    def ended(self, shard: ShardEnd) -> None:
        self.shards.append(shard)

    def failed(self, job: Job, failure: Failure) -> None:
        self.given_up[job.target.url.host] = failure


def test_all_workers_work_and_each_job_is_done_once() -> None:
    crew = Crew(Worker(), Worker())
    ask = jobs(*(f"h{number}" for number in range(100)), each=3)
    run = Run(crew, ask)
    assert sorted(run.done) == sorted(one.target.url.href for one in ask)
    assert all(len(worker.shards) > 1 for worker in crew.workers if isinstance(worker, Worker))


def test_a_host_that_takes_longest_is_begun_first_and_holds_up_no_other() -> None:
    only = Worker()
    run = Run(Crew(only), [*jobs("small1", "small2", each=30), *jobs("large", each=120)])
    assert only.shards[0] == ["large"] * 120
    # A shard whose hosts can't use all requests leaves room for the next one.
    assert only.most_at_once > 1
    assert run.seconds < 180


def test_a_worker_that_hangs_is_left_and_what_it_had_not_done_goes_elsewhere() -> None:
    bad, good = Worker(hangs="b"), Worker()
    run = Run(Crew(bad, good), jobs("a", "b", "c", each=20))
    assert bad.discarded > 0
    assert sorted(run.done) == sorted(one.target.url.href for one in jobs("a", "b", "c", each=20))
    assert run.given_up == {}


def test_what_kills_three_workers_is_given_up_and_the_others_are_not() -> None:
    worker = Worker(dies="b")
    run = Run(Crew(worker), jobs("a", "b", "c"))
    assert set(run.given_up) == {"b"}
    assert run.given_up["b"].verdict is Verdict.LOCAL_ERROR
    assert "it died" in run.given_up["b"].detail
    assert sorted(run.done) == ["http://a/0", "http://c/0"]
    assert sum("b" in shard for shard in worker.shards) == 3


def test_workers_may_come_late() -> None:
    run = Run(Crew(Worker(), after=30), jobs("a"))
    assert run.done == ["http://a/0"]


def test_jobs_that_no_worker_takes_are_given_up() -> None:
    run = Run(Crew(), jobs("a", "b"))
    assert set(run.given_up) == {"a", "b"}
    assert "no worker" in run.given_up["a"].detail


def test_jobs_that_the_last_worker_left_are_given_up_for_its_reason() -> None:
    run = Run(Vanishing(Worker(dies="b")), jobs("b"))
    assert set(run.given_up) == {"b"}
    assert run.given_up["b"].detail == "no worker is left that could fetch it (it died)"


def test_a_driver_that_was_stopped_itself_gives_up_no_worker() -> None:
    worker = Worker(pace=SILENCE / 2, stops_all_for=10 * SILENCE)
    run = Run(Crew(worker), jobs("a", "b"))
    assert worker.discarded == 0
    assert len(run.done) == 2
    assert run.seconds > 10 * SILENCE


def test_after_the_time_is_up_no_shard_is_begun_and_those_under_way_are_told() -> None:
    worker = Worker()
    ask = jobs(*(f"h{number}" for number in range(100)), each=2)
    run = Run(Crew(worker), ask, stop_after=10.5)
    assert len(worker.shards) == 1
    assert unpacked(worker.words[0]) == Stop()
    assert run.dispatcher.left_out == 200 - len(run.done)
    assert run.given_up == {}


def test_what_is_held_of_shards_does_not_grow_with_the_work() -> None:
    most = []
    for hosts in (1_000, 3_000):
        ask = jobs(*(f"h{number}" for number in range(hosts)), each=5)
        run = Run(Crew(Worker(0.01), Worker(0.01)), ask)
        assert len(run.done) == 5 * hosts
        most.append(run.most / shard_size(5 * hosts, 2))
    assert max(most) <= 8
    assert most[1] <= 1.1 * most[0]


def test_the_jobs_of_a_large_host_are_sent_when_they_are_wanted() -> None:
    worker = Worker(0.01)
    ask = jobs("large", each=LARGEST + 500)
    run = Run(Crew(worker), ask)
    assert sorted(run.done) == sorted(one.target.url.href for one in ask)
    assert len(worker.shards[0]) == LARGEST


def test_what_a_lost_worker_was_not_sent_goes_elsewhere_too() -> None:
    every = jobs("large", each=LARGEST + 500)
    bad, good = Worker(0.01, hangs="large"), Worker(0.01)
    run = Run(Crew(bad, good), every)
    assert bad.discarded > 0
    assert sorted(run.done) == sorted(one.target.url.href for one in every)


def test_each_shard_is_told_and_so_is_a_lost_worker() -> None:
    bad, good = Worker(hangs="c"), Worker()
    run = Run(Crew(bad, good), jobs("a", "b", "c", each=60))
    assert sum(one.urls for one in run.shards) == len(run.done) == 180
    (lost,) = [one for one in run.shards if one.lost is not None]
    assert lost.lost == "a worker was silent for 60 seconds"
    assert lost.seconds >= SILENCE
    assert {one.worker for one in run.shards} == {1, 2}
    assert all(one.hosts == 1 for one in run.shards if one.lost is None)


def test_what_one_shard_no_longer_uses_goes_to_the_others() -> None:
    place = Worker()
    one, two, new = (
        Load(number, place, asks(()), remakes(), 4, 1, demand, beginning=number == 3)
        for number, demand in ((1, 2), (2, 9), (3, 9))
    )
    assert balanced([one, two, new], 12) == [one, two]
    assert [load.concurrency for load in (one, two, new)] == [2, 6, 4]
    assert balanced([one, two, new], 12) == []
    one.demand = 0
    assert balanced([one, two, new], 12) == [one, two]
    assert [load.concurrency for load in (one, two, new)] == [1, 7, 4]
