"""A refresh by several processes of this machine is that of one, entry by entry."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from imgcache.core.cache.layout import CATALOG
from imgcache.core.cache.plan import Scope
from imgcache.model import Verdict
from tests.support import behaviours, pictures
from tests.support.many_hosts import After, ManyHosts, index_facts, traces
from tests.support.origin import Origin
from tests.support.publishing import temporary_files
from tests.support.world import start

# Only a failure takes so many seconds.
_LONG = 60.0


@pytest_asyncio.fixture
async def site() -> AsyncIterator[ManyHosts]:
    async with Origin() as origin:
        many = ManyHosts(origin)
        many.serve()
        yield many


def workers(driver: int = 0) -> list[int]:
    """The worker processes of a driver, by default of this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if b"imgcache.edge.workers.child" in words and parent == (driver or os.getpid()):
            found.append(int(process.name))
    return found


async def test_two_processes_leave_what_one_leaves(site: ManyHosts, tmp_path: Path) -> None:
    one, two = site.build(tmp_path / "one"), site.build(tmp_path / "two")
    alone = traces(one, await site.refresh(one, processes=1))
    assert len(alone["index"]["urls"]) == len(site.urls())
    assert traces(two, await site.refresh(two, processes=2)) == alone
    assert workers() == []


@pytest.mark.engines
async def test_only_what_failed_is_asked_again(site: ManyHosts, tmp_path: Path) -> None:
    folder = site.build(tmp_path)
    await site.refresh(folder, processes=2)
    site.origin.requests.clear()
    site.origin.route("/missing.png", body=pictures.png(24, 16))
    report = await site.refresh(folder, processes=2, scope=Scope.FAILED)
    assert report.summary.downloaded == 1
    asked = {request.path for request in site.origin.requests}
    assert asked == {"/missing.png", "/text.png", "/cut.png"}


async def test_a_killed_worker_loses_nothing_and_what_it_stored_is_not_asked_for_again(
    site: ManyHosts, tmp_path: Path
) -> None:
    one, two = site.build(tmp_path / "one"), site.build(tmp_path / "two")
    alone = traces(one, await site.refresh(one, processes=1))
    site.origin.requests.clear()
    killed: list[int] = []

    def kill() -> None:
        killed.extend(workers())
        for pid in killed:
            os.kill(pid, signal.SIGKILL)

    listener = After(20, kill)
    left = traces(two, await site.refresh(two, processes=2, listener=listener))
    assert killed
    assert len(listener.before) == 20
    twice = {url for url in listener.before if site.asked(url) > 1}
    assert twice == set()
    assert listener.troubles == []
    assert (two / "cache" / CATALOG).is_file()
    assert temporary_files(two / "cache") == []
    left["report"]["summary"].pop("requests")
    alone["report"]["summary"].pop("requests")
    # Attempts that were cut off by the kill are in no count, and their bytes neither.
    left["report"]["summary"].pop("bytes")
    alone["report"]["summary"].pop("bytes")
    assert left == alone


@pytest.mark.engines
async def test_a_job_that_kills_each_worker_is_given_up_and_no_host_is_blamed(
    site: ManyHosts, tmp_path: Path
) -> None:
    folder = site.build(tmp_path)
    deadly = site.url("h0.test", "/h0/0.png")

    async def kill(request: behaviours.Request, writer: asyncio.StreamWriter) -> bool:
        for pid in workers():
            os.kill(pid, signal.SIGKILL)
        return False

    site.origin.route("/h0/0.png", kill)
    report = await site.refresh(folder, processes=2)
    verdicts = {entry.url: entry.verdict for entry in report.entries()}
    assert verdicts[deadly] is Verdict.LOCAL_ERROR
    assert site.asked(deadly) == 3
    assert Verdict.OK in verdicts.values()
    assert deadly not in {row[0] for row in index_facts(folder)["urls"]}


@pytest.mark.engines
async def test_an_interrupt_keeps_what_is_done(site: ManyHosts, tmp_path: Path) -> None:
    folder, never = site.build(tmp_path), asyncio.Event()
    for number in range(site.each):
        site.origin.route(f"/h0/{number}.png", behaviours.after(never, behaviours.answer(b"")))
    interrupt = asyncio.Event()
    listener = After(10, interrupt.set)
    report = await site.refresh(folder, processes=2, listener=listener, interrupt=interrupt)
    assert report.interrupted
    verdicts = {entry.url: entry.verdict for entry in report.entries()}
    assert verdicts[site.url("h0.test", "/h0/0.png")] is Verdict.NOT_CHECKED
    assert workers() == []
    assert Verdict.NOT_CHECKED not in {verdicts[url] for url in listener.before}
    site.serve()
    site.origin.requests.clear()
    await site.refresh(folder, processes=2)
    assert not {url for url in listener.before if site.asked(url)}


async def test_no_time_left_asks_for_nothing(site: ManyHosts, tmp_path: Path) -> None:
    folder = site.build(tmp_path)
    report = await site.refresh(folder, processes=2, max_time=1e-9)
    assert report.interrupted
    assert site.origin.requests == []


@pytest.mark.engines
async def test_a_machine_without_network_blames_no_host(site: ManyHosts, tmp_path: Path) -> None:
    async with Origin() as gone:
        port = gone.port
    folder = site.build(tmp_path)
    site.fetch = {"resolve": [f"*:{site.origin.port}:127.0.0.1:{port}"]}
    site.fetch["allow_private"] = [f"127.0.0.1:{port}"]
    before = (folder / "articles" / "0000.md").read_bytes()
    report = await site.refresh(folder, processes=2)
    assert report.local_fault
    assert (folder / "articles" / "0000.md").read_bytes() == before
    assert report.dry_run


@pytest.mark.engines
@pytest.mark.parametrize("room", [5_000, 5_000_000])
async def test_a_limit_of_the_cache_holds_over_all_processes(
    site: ManyHosts, tmp_path: Path, room: int
) -> None:
    site.cache = {"max_bytes": room}
    folder = site.build(tmp_path)
    report = await site.refresh(folder, processes=2)
    files = [path for path in (folder / "cache").rglob("*.*") if path.parent.name != "cache"]
    kept = sum(path.stat().st_size for path in files if path.suffix in {".png", ".webp"})
    assert kept <= room
    assert report.cache_bytes == kept
    full = [one for one in report.entries() if "cache.max_bytes" in (one.message or "")]
    assert bool(full) == (room == 5_000)


@pytest.mark.engines
async def test_workers_end_with_a_driver_that_is_killed(site: ManyHosts, tmp_path: Path) -> None:
    folder, never = site.build(tmp_path), asyncio.Event()
    site.origin.route("/h0/0.png", behaviours.after(never, behaviours.answer(b"")))
    port = site.origin.port
    (folder / "imgcache.toml").write_text(
        f'[fetch]\nprocesses = 2\nresolve = ["*:{port}:127.0.0.1:{port}"]\n'
        f'allow_private = ["{site.origin.allow}"]\n'
    )
    driver = await start("refresh", cwd=folder)
    await site.origin.asked("/h0/0.png")
    begun = [os.pidfd_open(pid) for pid in workers(driver.pid)]
    assert begun
    driver.kill()
    await driver.communicate()
    for worker in begun:  # readable when the process has ended
        assert (await asyncio.to_thread(select.select, [worker], [], [], _LONG))[0]
        os.close(worker)
