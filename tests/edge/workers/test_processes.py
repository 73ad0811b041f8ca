"""Worker processes that are lost over several orders at once."""

from __future__ import annotations

import asyncio

import pytest

from imgcache.edge.workers.processes import Processes
from imgcache.edge.workers.protocol import Channel, LostError, Outfit, Place


class Endless:
    """A bench that says once that it has begun, and never ends."""

    def __init__(self, settings: bytes, decoders: int) -> None:
        pass

    async def open(self) -> None:
        pass

    async def work(self, order: bytes, channel: Channel) -> None:
        channel.tell(order)
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


async def lost(place: Place, number: int, begun: asyncio.Barrier) -> None:
    """Gives an order, and the worker up as soon as all orders have begun."""
    news = place.submit(number, b"begun")
    assert await anext(news) == b"begun"
    await begun.wait()
    await place.discard(number)
    with pytest.raises(LostError):
        await anext(news)


async def test_a_process_that_is_lost_over_two_orders_ends_once_and_has_a_successor() -> None:
    async with Processes(Outfit(Endless, b""), [1]) as engine:
        (place,) = await engine.places()
        for orders in ((1, 2, 3), (4, 5)):
            begun = asyncio.Barrier(len(orders))
            await asyncio.gather(*(lost(place, number, begun) for number in orders))
