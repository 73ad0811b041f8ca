"""Look-ups in threads that may hang."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address

import pytest

from imgcache.core.http.address import Address
from imgcache.edge.http.dns import LookupThreads, system_lookup

PUBLIC = IPv4Address("93.184.216.34")


class Hanging:
    """A look-up that hangs for names that begin so, until it is released."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.began = threading.Semaphore(0)
        self.asked: list[str] = []

    def __call__(self, host: str) -> Sequence[Address]:
        self.asked.append(host)
        if host.startswith("hangs"):
            self.began.release()
            self.release.wait()
        return [PUBLIC]


async def test_more_names_may_hang_than_requests_are_under_way() -> None:
    lookup = Hanging()
    threads = LookupThreads(lookup)
    stuck = [asyncio.create_task(threads.find(f"hangs{number}.test")) for number in range(100)]
    for _ in stuck:
        await asyncio.to_thread(lookup.began.acquire)
    assert await threads.find("img.test") == [PUBLIC]
    assert not any(task.done() for task in stuck)
    lookup.release.set()
    assert await asyncio.gather(*stuck) == [[PUBLIC]] * 100
    threads.close()


async def test_a_name_that_hangs_takes_one_thread_however_often_it_is_asked_for() -> None:
    lookup = Hanging()
    threads = LookupThreads(lookup, most=2)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await threads.find("hangs.test")
    last = asyncio.create_task(threads.find("hangs.test"))
    assert await threads.find("img.test") == [PUBLIC]
    assert lookup.asked == ["hangs.test", "img.test"]
    lookup.release.set()
    assert await last == [PUBLIC]
    assert await threads.find("hangs.test") == [PUBLIC]
    assert lookup.asked == ["hangs.test", "img.test", "hangs.test"]
    threads.close()


async def test_a_name_that_nobody_waits_for_is_not_looked_up() -> None:
    lookup = Hanging()
    threads = LookupThreads(lookup, most=1)
    first = asyncio.create_task(threads.find("hangs.test"))
    await asyncio.to_thread(lookup.began.acquire)
    given_up = asyncio.create_task(threads.find("img.test"))
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.wait([given_up])
    again = asyncio.create_task(threads.find("other.test"))
    lookup.release.set()
    assert [await first, await again] == [[PUBLIC]] * 2
    assert lookup.asked == ["hangs.test", "other.test"]
    threads.close()


async def test_who_gives_up_takes_no_answer_from_the_others() -> None:
    lookup = Hanging()
    threads = LookupThreads(lookup)
    tasks = [asyncio.create_task(threads.find("hangs.test")) for _ in range(3)]
    await asyncio.to_thread(lookup.began.acquire)
    tasks[0].cancel()
    lookup.release.set()
    assert await asyncio.gather(*tasks[1:]) == [[PUBLIC]] * 2
    assert lookup.asked == ["hangs.test"]
    threads.close()


async def test_what_a_look_up_raises_reaches_all_who_wait() -> None:
    def fails(host: str) -> Sequence[Address]:
        raise socket.gaierror(socket.EAI_NONAME, host)

    threads = LookupThreads(fails)
    found = await asyncio.gather(
        *(threads.find("a.test") for _ in range(3)), return_exceptions=True
    )
    assert [type(one) for one in found] == [socket.gaierror] * 3
    threads.close()


async def test_no_more_threads_than_allowed_run_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()
    full, release = threading.Event(), threading.Event()

    def lookup(_: str) -> Sequence[Address]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 2:
                full.set()
        release.wait()
        with lock:
            running -= 1
        return [PUBLIC]

    threads = LookupThreads(lookup, most=2)
    tasks = [asyncio.create_task(threads.find(f"{number}.test")) for number in range(6)]
    await asyncio.to_thread(full.wait)
    release.set()
    assert await asyncio.gather(*tasks) == [[PUBLIC]] * 6
    assert most == 2
    threads.close()


def test_a_process_ends_while_a_look_up_hangs() -> None:
    script = (
        "import asyncio, threading\n"
        "from imgcache.edge.http.dns import LookupThreads\n"
        "async def main():\n"
        "    threads = LookupThreads(lambda _: threading.Event().wait())\n"
        "    task = asyncio.create_task(threads.find('hangs.test'))\n"
        "    await asyncio.sleep(0)\n"
        "    task.cancel()\n"
        "    threads.close()\n"
        "import threading as outer\n"
        "asyncio.run(main())\n"
        "print('ended', sum(t.name == 'imgcache-dns' for t in outer.enumerate()))\n"
    ).replace("threading.Event()", "outer.Event()")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "ended 1\n"


async def test_a_closed_loop_does_not_upset_the_threads() -> None:
    started, release, ended = threading.Event(), threading.Event(), threading.Event()

    def lookup(_: str) -> Sequence[Address]:
        started.set()
        release.wait()
        return [PUBLIC]

    class Watched(LookupThreads):
        def _work(self) -> None:
            super()._work()
            ended.set()

    def run_and_leave() -> None:
        async def leave() -> None:
            threads = Watched(lookup)
            task = asyncio.create_task(threads.find("img.test"))
            await asyncio.to_thread(started.wait)
            task.cancel()
            threads.close()

        asyncio.run(leave())

    await asyncio.to_thread(run_and_leave)
    release.set()
    assert await asyncio.to_thread(ended.wait, 20)


def test_the_system_knows_localhost() -> None:
    assert ip_address("127.0.0.1") in system_lookup("localhost") or ip_address(
        "::1"
    ) in system_lookup("localhost")


def test_a_label_that_no_name_may_have_is_no_such_name() -> None:
    with pytest.raises(socket.gaierror):
        system_lookup("a" * 70 + ".test")
