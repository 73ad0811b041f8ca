"""Patience with a worker: how long nothing is heard of it until it counts as lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

# The wait is made of so many parts.
_PARTS = 12
T = TypeVar("T")


async def heard_within(seconds: float, news: Awaitable[T]) -> T:
    """What comes within so many seconds in which this process ran. Raises TimeoutError.

    A process that was stopped itself (suspended, or by a debugger) has heard nothing meanwhile,
    and what was said waits to be read: so its clock does not count, however far it went.
    """
    loop, left = asyncio.get_running_loop(), _PARTS
    timer: asyncio.TimerHandle
    async with asyncio.timeout(None) as limit:

        def pass_on() -> None:
            nonlocal left, timer
            left -= 1
            if left:
                timer = loop.call_later(seconds / _PARTS, pass_on)
            else:
                limit.reschedule(loop.time())

        timer = loop.call_later(seconds / _PARTS, pass_on)
        try:
            return await news
        finally:
            timer.cancel()
