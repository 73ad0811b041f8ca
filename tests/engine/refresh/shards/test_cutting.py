"""Work is cut by host, the largest first; a host is never cut."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from imgcache.engine.refresh.shards.cutting import Cutting, parted, shard_size
from imgcache.engine.refresh.work import Asks
from imgcache.engine.run.attempts import Job
from tests.support.plans import asks, jobs, remakes


def made(hosts: list[int]) -> list[Job]:
    return jobs(*(f"h{host}.test" for host in hosts))


def taken(some: Asks) -> list[Job]:
    return asyncio.run(some.first(len(some)))


HOSTS = st.lists(st.integers(0, 20), max_size=200)


@given(HOSTS, st.integers(0, 30), st.integers(1, 60))
def test_each_job_is_in_one_shard_and_each_host_in_one(
    hosts: list[int], remade: int, most: int
) -> None:
    every = made(hosts)
    cutting = Cutting(asks(every), remakes(jobs("again.test", each=remade)))
    assert len(cutting) == len(every) + remade
    shards = []
    while cutting:
        shards.append(cutting.take(most))
    assert sum(len(again) for _, again in shards) == remade
    asked = [taken(some) for some, _ in shards]
    assert sorted(id(one) for some in asked for one in some) == sorted(map(id, every))
    by_host = [{one.host for one in some} for some in asked]
    assert sum(map(len, by_host)) == len(set(hosts))
    assert all(
        len(some) <= most or len(names) == 1 for some, names in zip(asked, by_host, strict=True)
    )
    assert len(cutting) == 0


def test_the_largest_host_is_first_and_alone_if_it_is_larger_than_a_shard() -> None:
    cutting = Cutting(asks(made([1, 2, 2, 2, 2, 2, 3, 3])), remakes())
    assert [one.left for one in cutting.lanes()] == [1, 2, 5]
    assert [[one.host for one in taken(cutting.take(3)[0])] for _ in range(2)] == [
        ["h2.test"] * 5,
        ["h3.test", "h3.test", "h1.test"],
    ]


def test_what_no_worker_got_is_left() -> None:
    cutting = Cutting(asks(made([1, 2])), remakes(jobs("again.test")))
    cutting.take(1)
    assert [len(one) for one in cutting.drain()] == [1, 1]
    assert not cutting


@given(HOSTS)
def test_parts_keep_hosts_together(hosts: list[int]) -> None:
    parts = [taken(part) for part in parted(asks(made(hosts)), 4)]
    assert len(parts) <= 4
    assert all(parts)
    assert sum(len({one.host for one in part}) for part in parts) == len(set(hosts))
    assert sum(map(len, parts)) == len(hosts)


def test_shards_are_small_enough_for_all_workers_and_not_too_small() -> None:
    assert [shard_size(jobs, 2) for jobs in (10, 10_000, 10_000_000)] == [50, 625, 1000]
