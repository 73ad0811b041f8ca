from __future__ import annotations

import asyncio
import threading
from itertools import count

import pytest

from imgcache.edge.stopping import steps
from imgcache.engine.run.tasks import to_its_end


async def test_the_result_of_a_thread_comes_back() -> None:
    assert await to_its_end(divmod, 7, 2) == (3, 1)


async def test_a_cancellation_waits_until_the_thread_has_ended() -> None:
    loop = asyncio.get_running_loop()
    begun, told = asyncio.Event(), asyncio.Event()
    release = threading.Event()
    ended = []

    def work() -> None:
        loop.call_soon_threadsafe(begun.set)
        release.wait()
        ended.append(True)

    task = asyncio.create_task(to_its_end(work))
    task.add_done_callback(lambda _: told.set())
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not told.is_set()
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


async def test_long_work_in_a_thread_hears_of_its_cancellation() -> None:
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    done = 0

    def work() -> None:
        nonlocal done
        loop.call_soon_threadsafe(begun.set)
        for done in steps(count(), 100):  # noqa: B007  without end
            pass

    task = asyncio.create_task(to_its_end(work))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done % 100 == 99
