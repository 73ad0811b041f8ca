"""What a worker tells of its shard."""

from __future__ import annotations

import asyncio

from imgcache.config import FetchSettings
from imgcache.engine.refresh.shards.outbox import demand
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.scheduling.jobs import Outcome
from imgcache.engine.run.scheduling.scheduler import HostScheduler
from imgcache.model import Failure, Verdict
from tests.support import virtual_time
from tests.support.plans import jobs

_DEAD = Failure(Verdict.TIMEOUT, "late", host_fault=True)


def test_requests_under_way_to_a_host_that_was_given_up_are_in_use() -> None:
    """Another shard must not get their places before they end."""
    fetch = FetchSettings(per_host=4, breaker_failures=1)
    under_way = 0
    told: list[tuple[int, int]] = []
    times = iter([0, 1, 5, 5, 5])

    async def run(_: Job) -> Outcome:
        nonlocal under_way
        under_way += 1
        seconds = next(times, 5)
        await asyncio.sleep(seconds)
        under_way -= 1
        return Outcome(_DEAD if seconds else None)

    scheduler = HostScheduler[Job](fetch, run, lambda *_: None)

    async def look() -> None:
        await asyncio.sleep(3)
        told.append((under_way, demand(scheduler.lanes(), fetch.per_host, scheduler.active)))

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(look())
            await scheduler.drain(jobs("a.test", each=20))

    virtual_time.run(both())
    assert told == [(3, 3)]
