"""The process that sends the requests of a run: begun, ended, and lost."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from imgcache.config import FetchSettings
from imgcache.edge.cores import cores
from imgcache.edge.http.apart.process import requests_apart
from tests.support.behaviours import after, answer, in_turn, stall
from tests.support.pictures import jpeg
from tests.support.processes import children
from tests.support.world import World, start

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or cores() == 1, reason="it is forked on Linux, for a second core"
)


def forks(process: int) -> list[int]:
    """Those of them that run the same program, without having been started anew; oldest first."""
    ours = Path(f"/proc/{process}/cmdline").read_bytes()
    return [pid for pid in children(process) if Path(f"/proc/{pid}/cmdline").read_bytes() == ours]


def wait_for_the_end(handle: int) -> None:
    """Of the process that a descriptor is of."""
    assert select.select([handle], [], [], 60)[0], "it is still there"


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads of those who run the tests hold nothing that a new process needs."""
    monkeypatch.setattr("imgcache.edge.forked.threading.active_count", lambda: 1)


@pytest.mark.usefixtures("alone")
def test_it_is_there_as_long_as_the_run_and_in_a_session_of_its_own() -> None:
    before = children(os.getpid())
    with requests_apart(FetchSettings()) as fetcher:
        assert fetcher is not None
        (process,) = set(children(os.getpid())) - set(before)
        assert os.getpgid(process) in (process, os.getpgid(0))  # it may not have come so far
    assert process not in children(os.getpid())
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.usefixtures("alone")
def test_it_ends_where_ends_are_not_told() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with requests_apart(FetchSettings()) as fetcher:
            assert fetcher is not None
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_none_is_forked_beside_a_thread() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    before = children(os.getpid())
    try:
        with requests_apart(FetchSettings()) as fetcher:
            assert fetcher is None
            assert children(os.getpid()) == before
    finally:
        done.set()
        thread.join()


@pytest.mark.usefixtures("alone")
def test_none_is_forked_for_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgcache.edge.forked.cores", lambda: 1)
    with requests_apart(FetchSettings()) as fetcher:
        assert fetcher is None


@pytest.mark.usefixtures("alone")
def test_a_system_that_has_no_room_for_it_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError("no room")

    monkeypatch.setattr(os, "fork", refuse)
    with requests_apart(FetchSettings()) as fetcher:
        assert fetcher is None


async def begun(world: World, *words: str) -> tuple[asyncio.subprocess.Process, int]:
    """A run that waits for `/slow.jpg`, and the process that asks for that."""
    process = await started(world, *words)
    await world.origin.asked("/slow.jpg")
    *_, sender = forks(process.pid)  # helpers are there before it
    return process, sender


async def started(world: World, *words: str) -> asyncio.subprocess.Process:
    allow = ("--allow-private", world.origin.allow)
    return await start(*words, "articles", *allow, "--no-progress", cwd=world.folder)


async def assert_it_goes_on(process: asyncio.subprocess.Process, told: bytes) -> None:
    stdout, stderr = await process.communicate()
    assert process.returncode == 0, stderr
    assert told in stderr
    assert b"Traceback" not in stdout + stderr


async def test_a_run_that_loses_it_sends_the_rest_itself(world: World) -> None:
    image = answer(jpeg(160, 120), content_type="image/jpeg")
    world.origin.route("/slow.jpg", in_turn(stall(), image))
    article = world.article(world.entry(world.origin.url("/slow.jpg")))
    process, sender = await begun(world, "refresh")
    os.kill(sender, signal.SIGKILL)
    await assert_it_goes_on(process, b"the process that sent the requests was lost")
    assert "isCached: true" in article.read_text()


async def test_a_run_that_loses_those_who_read_articles_goes_on_without_them(world: World) -> None:
    gate = asyncio.Event()
    image = answer(jpeg(160, 120), content_type="image/jpeg")
    world.origin.route("/slow.jpg", after(gate, image))
    article = world.article(world.entry(world.origin.url("/slow.jpg")))
    process, sender = await begun(world, "refresh")
    for helper in set(forks(process.pid)) - {sender}:
        os.kill(helper, signal.SIGKILL)
    gate.set()
    await assert_it_goes_on(process, b"a process that worked on articles was lost")
    assert "isCached: true" in article.read_text()


async def test_they_end_with_a_run_that_is_killed(world: World) -> None:
    world.origin.route("/slow.jpg", stall())
    world.article(world.entry(world.origin.url("/slow.jpg")))
    process, _ = await begun(world, "verify")
    others = forks(process.pid)
    assert len(others) == 3
    handles = [os.pidfd_open(one) for one in others]
    try:
        assert [
            os.getsid(one) for one in others
        ] == others  # a terminal's interrupt is not for them
        process.kill()
        await process.wait()
        for handle in handles:
            await asyncio.to_thread(wait_for_the_end, handle)
    finally:
        for handle in handles:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            os.close(handle)


async def test_an_interrupt_of_the_run_ends_it_in_order(world: World) -> None:
    world.origin.route("/slow.jpg", stall())
    world.article(world.entry(world.origin.url("/slow.jpg")))
    process, _ = await begun(world, "verify")
    others = forks(process.pid)
    process.send_signal(signal.SIGINT)
    _, stderr = await process.communicate()
    assert process.returncode == 130
    assert b"lost" not in stderr
    assert b"Traceback" not in stderr
    for one in others:
        with pytest.raises(ProcessLookupError):
            os.kill(one, 0)


async def test_what_ends_a_run_is_not_for_them(world: World) -> None:
    """As when a service manager or a terminal tells all processes at once."""
    gate = asyncio.Event()
    image = answer(jpeg(160, 120), content_type="image/jpeg")
    world.origin.route("/slow.jpg", after(gate, image))
    world.article(world.entry(world.origin.url("/slow.jpg")))
    process, _ = await begun(world, "refresh")
    for one in forks(process.pid):
        for told in (signal.SIGINT, signal.SIGTERM):
            os.kill(one, told)
    gate.set()
    _, stderr = await process.communicate()
    assert process.returncode == 0
    assert b"lost" not in stderr


async def test_closed_streams_are_not_in_its_way(world: World) -> None:
    url = world.origin.route("/a.jpg", body=jpeg(160, 120), content_type="image/jpeg")
    world.article(world.entry(url))
    closed = ("sh", "-c", 'exec "$@" <&- >&-', "sh", sys.executable, "-m", "imgcache")
    words = ("refresh", "articles", "--allow-private", world.origin.allow)
    process = await asyncio.create_subprocess_exec(
        *closed, *words, cwd=world.folder, stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await process.communicate()
    assert b"lost" not in stderr
    assert world.origin.count("/a.jpg") == 1
