"""One refresh on every engine: what it leaves and tells is that of one process, entry by entry."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from imgcache.core.cache.plan import Scope
from imgcache.errors import ConfigError
from tests.engines.conftest import address_in, started
from tests.support.many_hosts import After, ManyHosts, traces

pytestmark = [
    pytest.mark.engines,
    # Ray leaves processes that it has started to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ENGINES = ["local", "dask", "dask://", "ray"]
# What belongs to a worker, by a word of its command line.
WORDS = {
    "local": b"imgcache.edge.workers.child",
    "dask": b"multiprocessing.spawn",
    "dask://": b"dask\0worker",
    "ray": b"ray::Actor",
}


@pytest_asyncio.fixture(params=ENGINES)
async def engine(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[str]:
    """The words of `--engine`; a scheduler and two workers are started where they are meant."""
    name: str = request.param
    if name != "local":
        pytest.importorskip("ray" if name == "ray" else "distributed")
    # Ray keeps a token there, one for as long as this process lives.
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp()))
    async with AsyncExitStack() as stack:
        if name == "dask://":
            address = await cluster(stack, tmp_path)
            name = address.replace("tcp://", "dask://")
        yield name


async def cluster(stack: AsyncExitStack, folder: Path, workers: int = 2) -> str:
    """A scheduler and workers, started as by hand; its address."""
    file = folder / "scheduler.json"
    scheduler = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    words = ("scheduler", *scheduler, "--scheduler-file", str(file))
    await stack.enter_async_context(started(*words, cwd=folder))
    address = await address_in(file)
    for _ in range(workers):
        await join(stack, folder)
    return address


async def join(stack: AsyncExitStack, folder: Path) -> None:
    """One more worker of the cluster."""
    file = str(folder / "scheduler.json")
    words = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--scheduler-file", file)
    await stack.enter_async_context(started("worker", *words, cwd=folder))


def kind_of(engine: str) -> str:
    return "dask://" if engine.startswith("dask://") else engine


def processes(word: bytes) -> dict[int, int]:
    """Processes below this one with that word in their command line, and their parents."""
    parents: dict[int, int] = {}
    fitting = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(process.name)] = parent
        if word in line:
            fitting.add(int(process.name))
    return {pid: parents[pid] for pid in fitting if _is_below(pid, parents)}


def _is_below(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        if pid == os.getpid():
            return True
        pid = parents[pid]
    return False


async def test_it_leaves_what_one_process_leaves(
    site: ManyHosts, tmp_path: Path, engine: str
) -> None:
    one, other = site.build(tmp_path / "one"), site.build(tmp_path / "other")
    alone = traces(one, await site.refresh(one, processes=1))
    assert len(alone["index"]["urls"]) == len(site.urls())
    assert traces(other, await site.refresh(other, engine=engine, processes=2)) == alone
    again = traces(one, await site.refresh(one, processes=1, scope=Scope.EVERYTHING))
    assert again["report"]["summary"]["revalidated"] > 0
    all_again = await site.refresh(other, engine=engine, processes=2, scope=Scope.EVERYTHING)
    assert traces(other, all_again) == again


async def test_a_killed_worker_loses_nothing_and_what_it_stored_is_not_asked_for_again(
    site: ManyHosts, tmp_path: Path, engine: str
) -> None:
    one, other = site.build(tmp_path / "one"), site.build(tmp_path / "other")
    alone = traces(one, await site.refresh(one, processes=1))
    site.origin.requests.clear()
    killed: list[int] = []

    def kill() -> None:
        found = processes(WORDS[kind_of(engine)])
        killed.append(min(found))
        os.kill(killed[0], signal.SIGKILL)

    listener = After(60, kill)
    run = await site.refresh(other, engine=engine, processes=2, listener=listener)
    left = traces(other, run)
    assert killed
    assert {url for url in listener.before if site.asked(url) > 1} == set()
    for told in (left, alone):
        # Requests that were cut off by the kill are in no count, and were sent twice.
        told["report"]["summary"].pop("requests")
        told["report"]["summary"].pop("bytes")
    assert left == alone


async def test_a_worker_that_comes_later_takes_over_from_the_only_one(
    site: ManyHosts, tmp_path: Path
) -> None:
    pytest.importorskip("distributed")
    one, other = site.build(tmp_path / "one"), site.build(tmp_path / "other")
    alone = traces(one, await site.refresh(one, processes=1))
    joining: list[asyncio.Task[None]] = []
    async with AsyncExitStack() as stack:
        address = await cluster(stack, tmp_path, workers=1)
        await until_there_is_a_worker(address)

        def replace() -> None:
            (only,) = processes(WORDS["dask://"])
            os.kill(only, signal.SIGKILL)
            joining.append(asyncio.create_task(join(stack, tmp_path)))

        name = address.replace("tcp://", "dask://")
        run = await site.refresh(other, engine=name, listener=After(60, replace))
        await asyncio.gather(*joining)
    assert joining
    assert traces(other, run)["index"] == alone["index"]
    assert traces(other, run)["files"] == alone["files"]


async def test_an_interrupt_keeps_what_is_done(
    site: ManyHosts, tmp_path: Path, engine: str
) -> None:
    folder, interrupt = site.build(tmp_path / "site"), asyncio.Event()
    listener = After(60, interrupt.set)
    report = await site.refresh(
        folder, engine=engine, processes=2, listener=listener, interrupt=interrupt
    )
    assert report.interrupted
    site.origin.requests.clear()
    await site.refresh(folder, engine=engine, processes=2)
    assert {url for url in listener.before if site.asked(url)} == set()


async def test_a_limit_of_the_cache_holds_over_all_workers(
    site: ManyHosts, tmp_path: Path, engine: str
) -> None:
    site.cache = {"max_bytes": 50_000}
    folder = site.build(tmp_path / "site")
    report = await site.refresh(folder, engine=engine, processes=2)
    assert report.cache_bytes is not None
    assert 20_000 < report.cache_bytes <= 50_000
    assert any("cache.max_bytes" in (one.message or "") for one in report.entries())


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
        address = await cluster(stack, tmp_path, workers=1)
        name = address.replace("tcp://", "dask://")
        monkeypatch.setattr("imgcache.edge.workers.dask_cluster.VERSION", "9.9.9")
        await until_there_is_a_worker(address)
        with pytest.raises(ConfigError, match=r"and this is 9\.9\.9"):
            await site.refresh(folder, engine=name)
    assert not (folder / "cache").exists()


async def until_there_is_a_worker(address: str) -> None:
    from distributed import Client  # noqa: PLC0415  an extra

    async with Client(address, asynchronous=True, set_as_default=False) as client:
        await client.wait_for_workers(1)
