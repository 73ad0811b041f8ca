"""Work is cut by host, the largest first; a host is never cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.http.url import WebUrl
from imgcache.engine.refresh.shards.cutting import Cutting, parted, shard_size
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.targets import Target


def job(host: int, number: int = 0) -> Job:
    name = f"h{host}.test"
    return Job(Target(WebUrl(f"http://{name}/{number}", "http", name, 80)))


HOSTS = st.lists(st.integers(0, 20), max_size=200)


@given(HOSTS, st.integers(0, 30), st.integers(1, 60))
def test_each_job_is_in_one_shard_and_each_host_in_one(
    hosts: list[int], remade: int, most: int
) -> None:
    jobs, remake = [job(host) for host in hosts], [job(99) for _ in range(remade)]
    cutting = Cutting(list(jobs), list(remake))
    assert len(cutting) == len(jobs) + remade
    shards = []
    while cutting:
        shards.append(cutting.take(most))
    asked = [one for shard, _ in shards for one in shard]
    assert sorted(map(id, asked)) == sorted(map(id, jobs))
    assert sum(len(again) for _, again in shards) == remade
    by_host = [{one.host for one in shard} for shard, _ in shards]
    assert sum(map(len, by_host)) == len(set(hosts))
    assert all(len(shard) <= most or len({one.host for one in shard}) == 1 for shard, _ in shards)
    assert len(cutting) == 0


def test_the_largest_host_is_first_and_alone_if_it_is_larger_than_a_shard() -> None:
    cutting = Cutting([job(host) for host in [1, 2, 2, 2, 2, 2, 3, 3]], [])
    assert [one.left for one in cutting.lanes()] == [1, 2, 5]
    assert [[one.host for one in cutting.take(3)[0]] for _ in range(2)] == [
        ["h2.test"] * 5,
        ["h3.test", "h3.test", "h1.test"],
    ]


def test_what_no_worker_got_is_left() -> None:
    cutting = Cutting([job(1), job(2)], [job(3)])
    cutting.take(1)
    assert len(cutting.drain()) == 2
    assert not cutting


@given(HOSTS)
def test_parts_keep_hosts_together(hosts: list[int]) -> None:
    jobs = [job(host) for host in hosts]
    parts = parted(jobs, 4)
    assert len(parts) <= 4
    assert all(parts)
    assert sum(len({one.host for one in part}) for part in parts) == len(set(hosts))
    assert sum(map(len, parts)) == len(jobs)


def test_shards_are_small_enough_for_all_workers_and_not_too_small() -> None:
    assert [shard_size(jobs, 2) for jobs in (10, 10_000, 10_000_000)] == [50, 625, 1000]
