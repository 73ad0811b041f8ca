"""Workers that put what they fetch into an object store, as one process does into a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from imgcache.edge.cache.objects.store import ObjectStore
from imgcache.edge.workers.processes import Processes
from imgcache.edge.workers.protocol import LostError
from imgcache.engine.refresh.shards.bench import FetchBench
from imgcache.engine.refresh.shards.engines import outfit
from imgcache.errors import LocalError
from tests.support.buckets import Objects, make_bucket
from tests.support.many_hosts import ManyHosts, traces
from tests.support.origin import Origin
from tests.support.publishing import temporary_files


@pytest_asyncio.fixture
async def site() -> AsyncIterator[ManyHosts]:
    async with Origin() as origin:
        many = ManyHosts(origin)
        many.serve()
        yield many


async def test_two_processes_leave_in_a_bucket_what_one_leaves_in_a_folder(
    site: ManyHosts, bucket: Objects, tmp_path: Path
) -> None:
    one, two = site.build(tmp_path / "one"), site.build(tmp_path / "two")
    folder = traces(one, await site.refresh(one, processes=1))
    site.bucket = bucket
    assert traces(two, await site.refresh(two, processes=2), bucket) == folder
    assert temporary_files(two / "cache") == []


@pytest.mark.parametrize("limit", [None, 10_000_000])
async def test_a_second_run_fetches_and_writes_no_image(
    site: ManyHosts, bucket: Objects, tmp_path: Path, limit: int | None
) -> None:
    folder = site.build(tmp_path)
    site.cache = {"dir": bucket.url, "index": folder / "cache", "max_bytes": limit}
    await site.refresh(folder, processes=2)
    bucket.server.requests.clear()
    await site.refresh(folder, processes=2)
    assert {site.asked(url) for url in site.urls() if "//h" in url} == {1}
    assert bucket.requests("PUT") == ["index.sqlite3"]


async def test_a_worker_elsewhere_has_working_files_of_its_own(
    site: ManyHosts, bucket: Objects, tmp_path: Path
) -> None:
    site.cache = {"dir": bucket.url, "index": tmp_path / "of-the-driver"}
    bench = FetchBench(outfit(site.settings(tmp_path)).settings, 1)
    await bench.open()
    store = bench._store
    assert isinstance(store, ObjectStore)
    assert (store.home / "tmp").is_dir()
    await bench.close()
    assert not store.home.exists()
    assert not (tmp_path / "of-the-driver").exists()


async def test_a_worker_that_can_not_use_the_store_says_so(
    site: ManyHosts, bucket: Objects, tmp_path: Path
) -> None:
    locked = make_bucket(bucket.server, "locked")
    site.cache = {"dir": locked.url, "index": tmp_path / "of-the-driver"}
    bench = FetchBench(outfit(site.settings(tmp_path)).settings, 1)
    with pytest.raises(LocalError, match=locked.name):
        await bench.open()
    await bench.close()


async def test_a_process_that_can_not_use_the_store_says_so(
    site: ManyHosts, bucket: Objects, tmp_path: Path
) -> None:
    site.bucket = make_bucket(bucket.server, "locked")
    async with Processes(outfit(site.settings(tmp_path)), [1]) as engine:
        (place,) = await engine.places()
        with pytest.raises(LostError, match=site.bucket.name):
            await anext(place.submit(1, b"an order"))
