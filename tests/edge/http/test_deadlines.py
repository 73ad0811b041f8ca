"""Many tasks have the same time each, and each one's runs from when it began."""

from __future__ import annotations

import asyncio

import pytest

from imgcache.edge.http.deadlines import Deadlines

SHORT, LONG = 0.05, 60.0


async def wait_under(deadlines: Deadlines, *, for_ever: bool = True) -> str:
    try:
        async with deadlines.one():
            await (asyncio.Event().wait() if for_ever else asyncio.sleep(0))
    except TimeoutError:
        return "late"
    return "in time"


async def test_each_that_waits_too_long_hears_it_and_the_others_do_not() -> None:
    deadlines = Deadlines(SHORT)
    first = asyncio.create_task(wait_under(deadlines))
    done = await asyncio.gather(*(wait_under(deadlines, for_ever=False) for _ in range(9)))
    later = asyncio.create_task(wait_under(deadlines))
    assert done == ["in time"] * 9
    assert [await first, await later] == ["late", "late"]
    # The timer has gone with the last of them, and comes back with the next.
    assert await wait_under(deadlines) == "late"


async def test_the_time_of_a_later_one_is_not_cut_short() -> None:
    loop, deadlines = asyncio.get_running_loop(), Deadlines(SHORT)
    began: list[float] = []

    async def late() -> float:
        began.append(loop.time())
        await wait_under(deadlines)
        return loop.time()

    first = asyncio.create_task(late())
    await asyncio.wait({first}, timeout=SHORT / 2)
    ended = await asyncio.gather(first, late())
    assert all(end - begin >= SHORT for begin, end in zip(began, ended, strict=True))


async def test_a_cancellation_from_outside_stays_one() -> None:
    task = asyncio.create_task(wait_under(Deadlines(LONG)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_it_stays_one_where_the_time_is_over_at_once() -> None:
    deadlines = Deadlines(SHORT)
    at_work = asyncio.Event()

    async def stubborn() -> None:
        """Hears of its time, and of the cancellation, before it leaves."""
        async with deadlines.one():
            try:
                await asyncio.Event().wait()
            finally:
                at_work.set()
                await asyncio.Event().wait()

    task = asyncio.create_task(stubborn())
    await at_work.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(KeyError):
        async with Deadlines(LONG).one():
            raise KeyError


async def test_one_inside_another_ends_alone() -> None:
    outer = Deadlines(LONG)
    async with outer.one():
        assert await wait_under(Deadlines(SHORT)) == "late"
        await asyncio.sleep(0)


async def test_a_pause_is_not_counted_whatever_begins_and_ends_meanwhile() -> None:
    deadlines, may_go_on, goes_on = Deadlines(SHORT), asyncio.Event(), asyncio.Event()

    async def paused() -> None:
        async with deadlines.one():
            deadlines.pause()
            await may_go_on.wait()
            deadlines.go_on()
            goes_on.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(paused())
    assert await wait_under(deadlines) == "late"
    assert not task.done()
    younger = asyncio.create_task(wait_under(deadlines))
    may_go_on.set()
    await goes_on.wait()
    with pytest.raises(TimeoutError):
        await task
    assert await younger == "late"


async def test_who_is_cancelled_in_a_pause_leaves_nothing_behind() -> None:
    deadlines, waits = Deadlines(SHORT), asyncio.Event()

    async def paused() -> None:
        async with deadlines.one():
            deadlines.pause()
            waits.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(paused())
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    deadlines.pause()  # without a deadline there is nothing to pause
    deadlines.go_on()
    assert await wait_under(deadlines) == "late"
