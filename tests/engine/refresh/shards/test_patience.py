"""How long a silent worker is waited for, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from imgcache.engine.refresh.shards.patience import heard_within
from tests.support import virtual_time


async def after(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "news"


def test_news_that_come_in_time_are_heard() -> None:
    assert virtual_time.run(heard_within(60, after(59))) == "news"


def test_silence_ends_the_wait() -> None:
    async def wait() -> float:
        with pytest.raises(TimeoutError):
            await heard_within(60, asyncio.Event().wait())
        return asyncio.get_running_loop().time()

    assert virtual_time.run(wait()) == pytest.approx(60)


def test_the_time_in_which_this_process_was_stopped_is_no_silence() -> None:
    async def wait() -> str:
        loop = asyncio.get_running_loop()
        news = loop.create_future()

        def stop() -> None:
            virtual_time.stop_for(1000)
            # It was said meanwhile, and is read a moment after the timers that are due.
            loop.call_later(0.01, news.set_result, "news")

        loop.call_later(20, stop)
        return await heard_within(60, news)

    assert virtual_time.run(wait()) == "news"
