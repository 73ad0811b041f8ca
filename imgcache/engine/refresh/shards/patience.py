"""Patience with a worker that is silent: how long its news are waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

_BITS = 4


async def heard_in_time(news: AsyncGenerator[bytes, None], silence: float) -> bytes:
    """The next news. Raises TimeoutError after so many seconds in which there was none.

    They are waited for bit by bit: of the time in which this process itself was stopped, or its
    machine slept, one bit counts, and what has come meanwhile is heard in the next.
    """
    coming = asyncio.ensure_future(anext(news))
    try:
        for _ in range(_BITS):
            await asyncio.wait({coming}, timeout=silence / _BITS)
            if coming.done():
                return coming.result()
    finally:
        if coming.cancel():
            await asyncio.wait({coming})
    raise TimeoutError
