from __future__ import annotations

import asyncio
import threading

import pytest

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
