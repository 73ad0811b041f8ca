"""One refresh on every engine, into a folder and into an object store.

What it leaves and tells is that of one process on a folder, entry by entry.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from imgcache.core.cache.plan import Scope
from tests.support.buckets import Objects
from tests.support.clusters import ENGINES, Running
from tests.support.many_hosts import After, ManyHosts, traces

pytestmark = [
    pytest.mark.engines,
    # Ray leaves processes that it has started to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
# One process has no workers that could be killed.
WITH_WORKERS = pytest.mark.parametrize("engine", ENGINES[1:], indirect=True)


def working_folders(scratch: Path) -> list[str]:
    """Those that workers have made for what they were downloading."""
    return [path.name for path in scratch.glob("imgcache-*")]


async def test_it_leaves_what_one_process_leaves_in_a_folder(
    site: ManyHosts,
    tmp_path: Path,
    scratch: Path,
    engine: Running,
    bucket_or_none: Objects | None,
) -> None:
    one, other, bucket = (
        site.build(tmp_path / "one"),
        site.build(tmp_path / "other"),
        bucket_or_none,
    )
    alone = traces(one, await site.refresh(one, processes=1))
    again = traces(one, await site.refresh(one, processes=1, scope=Scope.EVERYTHING))
    assert len(alone["index"]["urls"]) == len(site.urls())
    assert again["report"]["summary"]["revalidated"] > 0
    site.bucket = bucket
    assert traces(other, await site.refresh(other, **engine.options), bucket) == alone
    all_again = await site.refresh(other, **engine.options, scope=Scope.EVERYTHING)
    assert traces(other, all_again, bucket) == again
    assert working_folders(scratch) == []


@WITH_WORKERS
async def test_a_killed_worker_loses_nothing_and_what_it_stored_is_not_asked_for_again(
    site: ManyHosts, tmp_path: Path, engine: Running, bucket_or_none: Objects | None
) -> None:
    one, other, bucket = (
        site.build(tmp_path / "one"),
        site.build(tmp_path / "other"),
        bucket_or_none,
    )
    alone = traces(one, await site.refresh(one, processes=1))
    site.origin.requests.clear()
    killed: list[int] = []

    def kill() -> None:
        killed.append(min(engine.workers()))
        os.kill(killed[0], signal.SIGKILL)

    site.bucket, listener = bucket, After(60, kill)
    run = await site.refresh(other, **engine.options, listener=listener)
    left = traces(other, run, bucket)
    assert killed
    assert {url for url in listener.before if site.asked(url) > 1} == set()
    for told in (left, alone):
        # Requests that were cut off by the kill are in no count, and were sent twice.
        told["report"]["summary"].pop("requests")
        told["report"]["summary"].pop("bytes")
    assert left == alone


async def test_an_interrupt_keeps_what_is_done(
    site: ManyHosts, tmp_path: Path, engine: Running, bucket_or_none: Objects | None
) -> None:
    folder, interrupt = site.build(tmp_path / "site"), asyncio.Event()
    site.bucket, listener = bucket_or_none, After(60, interrupt.set)
    report = await site.refresh(folder, **engine.options, listener=listener, interrupt=interrupt)
    assert report.interrupted
    site.origin.requests.clear()
    await site.refresh(folder, **engine.options)
    assert {url for url in listener.before if site.asked(url)} == set()


async def test_a_limit_of_the_cache_holds_over_all_workers(
    site: ManyHosts, tmp_path: Path, engine: Running, bucket_or_none: Objects | None
) -> None:
    site.bucket, site.cache = bucket_or_none, {"max_bytes": 50_000}
    folder = site.build(tmp_path / "site")
    report = await site.refresh(folder, **engine.options)
    assert report.cache_bytes is not None
    assert 20_000 < report.cache_bytes <= 50_000
    assert any("cache.max_bytes" in (one.message or "") for one in report.entries())
