"""Clusters that others run: workers that come and go, and such as are of no use."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from imgcache.config import Settings
from imgcache.engine.refresh.shards.engines import opened
from imgcache.errors import ConfigError
from tests.support.buckets import Objects, make_bucket
from tests.support.clusters import Running, cluster, join, until_there_are_workers
from tests.support.many_hosts import After, ManyHosts, traces

pytestmark = [
    pytest.mark.engines,
    # Ray leaves processes to the garbage collector, and Dask sockets where it can't start.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


async def test_a_worker_that_comes_later_takes_over_from_the_only_one(
    site: ManyHosts, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    one, other = site.build(tmp_path / "one"), site.build(tmp_path / "other")
    alone = traces(one, await site.refresh(one, processes=1))
    joining: list[asyncio.Task[None]] = []
    async with AsyncExitStack() as stack:
        name = await cluster(stack, tmp_path, workers=1)
        await until_there_are_workers(name)

        def replace() -> None:
            (only,) = Running("dask://", name).workers()
            os.kill(only, signal.SIGKILL)
            joining.append(asyncio.create_task(join(stack, tmp_path)))

        run = await site.refresh(other, engine=name, listener=After(60, replace))
        await asyncio.gather(*joining)
    assert joining
    assert traces(other, run)["index"] == alone["index"]
    assert traces(other, run)["files"] == alone["files"]


async def test_a_scheduler_that_is_not_there_is_told_before_anything_starts(
    site: ManyHosts, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    folder = site.build(tmp_path / "site")
    with pytest.raises(ConfigError, match="no Dask scheduler answers there"):
        await site.refresh(folder, engine="dask://127.0.0.1:9")
    assert not (folder / "cache").exists()


async def test_a_cluster_of_our_own_that_does_not_start_is_told_before_anything_is_asked(
    site: ManyHosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    folder = site.build(tmp_path / "site")
    # An address for documentation: no machine has it.
    monkeypatch.setattr("imgcache.edge.workers.dask_local._HERE", "192.0.2.1")
    with pytest.raises(ConfigError, match="no cluster could be started"):
        await site.refresh(folder, engine="dask", processes=2)
    assert site.origin.requests == []


async def test_a_worker_with_another_version_is_told_before_anything_starts(
    site: ManyHosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    folder = site.build(tmp_path / "site")
    async with AsyncExitStack() as stack:
        name = await cluster(stack, tmp_path, workers=1)
        monkeypatch.setattr("imgcache.edge.workers.dask_cluster.VERSION", "9.9.9")
        await until_there_are_workers(name)
        with pytest.raises(ConfigError, match=r"and this is 9\.9\.9"):
            await site.refresh(folder, engine=name)
    assert not (folder / "cache").exists()


async def test_a_worker_that_can_not_use_the_store_is_told_before_anything_starts(
    site: ManyHosts, bucket: Objects, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    folder, site.bucket = site.build(tmp_path / "site"), bucket
    async with AsyncExitStack() as stack:
        name = await cluster(stack, tmp_path, workers=1)
        await join(stack, tmp_path, AWS_ALLOW_HTTP="false")
        await until_there_are_workers(name, 2)
        with pytest.raises(ConfigError, match=r"Dask worker .* fails: .*set AWS_ALLOW_HTTP=true"):
            await site.refresh(folder, engine=name)
    assert site.origin.requests == []
    assert bucket.paths() == []
    assert not (folder / "cache").exists()


@pytest.mark.parametrize("kind", ["dask", "ray"])
async def test_workers_of_a_cluster_on_this_machine_are_asked_for_the_store_first(
    site: ManyHosts, bucket: Objects, scratch: Path, tmp_path: Path, kind: str
) -> None:
    pytest.importorskip("ray" if kind == "ray" else "distributed")
    site.bucket = make_bucket(bucket.server, "locked")
    with pytest.raises(ConfigError, match=f"fails: {site.bucket.url}: .*access denied"):
        await workers_of(kind, site.settings(tmp_path, processes=1))


async def workers_of(kind: str, settings: Settings) -> int:
    async with opened(kind, settings) as engine:
        assert engine is not None
        return len(await engine.places())
