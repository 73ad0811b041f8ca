"""Bench in somebody else's process (a Dask worker, a Ray actor): on its event loop, or on our own.

It opens when it is asked whether it can, or with an order, and closes when it has had none for a
while: whoever gave the orders may be gone for good.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future

from imgcache.edge.workers.protocol import Bench, LostError, Outfit

_IDLE_SECONDS = 60.0


class _Words:
    """The channel of one order, whose news go through a function."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self.tell = tell
        self.words: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(self) -> bytes:
        """The next word."""
        return await self.words.get()


class HostedBench:
    """All but its loop's own methods may be called from any thread.

    `identity`: another one after each start of the process.
    """

    def __init__(
        self, outfit: Outfit, decoders: int, loop: asyncio.AbstractEventLoop | None = None
    ) -> None:
        """`loop`: the one that runs there; None for a thread with one of our own."""
        self.identity = uuid.uuid4().hex
        self._outfit = outfit
        self._decoders = decoders
        self._bench: Bench | None = None
        self._orders: dict[int, tuple[_Words, asyncio.Task[None]]] = {}
        self._is_guest = loop is not None
        self._loop = loop or asyncio.new_event_loop()
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        if not self._is_guest:
            threading.Thread(target=self._run, daemon=True).start()

    def open(self) -> Future[None]:
        """See whether orders can be carried out here; raises what keeps them from it."""
        return asyncio.run_coroutine_threadsafe(self._ready(), self._loop)

    def start(self, number: int, order: bytes, tell: Callable[[bytes], None]) -> Future[None]:
        """Carry out an order; its news are told in the thread of the loop."""
        return asyncio.run_coroutine_threadsafe(self._work(number, order, tell), self._loop)

    def say(self, number: int, word: bytes) -> None:
        """A word to an order, if it is under way."""
        self._loop.call_soon_threadsafe(self._say, number, word)

    def drop(self, number: int) -> None:
        """Nobody waits for this order any more."""
        self._loop.call_soon_threadsafe(self._drop, number)

    def close(self) -> Future[None]:
        """Drop all orders, end the decoders and our own thread: this is the end of it."""
        closing = asyncio.run_coroutine_threadsafe(self._close(), self._loop)
        if not self._is_guest:
            closing.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._loop.stop))
        return closing

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.close()

    async def _ready(self) -> None:
        await self._opened()
        self._wait_for_orders()

    async def _work(self, number: int, order: bytes, tell: Callable[[bytes], None]) -> None:
        bench = await self._opened()
        channel = _Words(tell)
        task = asyncio.create_task(bench.work(order, channel))
        self._orders[number] = channel, task
        if self._idle is not None:
            self._idle.cancel()
        try:
            await asyncio.wait({task})
        finally:
            del self._orders[number]
            self._wait_for_orders()
        if task.cancelled():
            raise LostError("nobody waits for it")
        task.result()

    async def _opened(self) -> Bench:
        async with self._turn:
            if self._bench is None:
                bench = self._outfit.make(self._outfit.settings, self._decoders)
                try:
                    await bench.open()
                except BaseException:
                    await bench.close()
                    raise
                self._bench = bench
            return self._bench

    def _wait_for_orders(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if not self._orders:
            self._idle = self._loop.call_later(_IDLE_SECONDS, self._rest)

    def _say(self, number: int, word: bytes) -> None:
        if number in self._orders:
            self._orders[number][0].words.put_nowait(word)

    def _drop(self, number: int) -> None:
        if number in self._orders:
            self._orders[number][1].cancel()

    def _rest(self) -> None:
        self._closing = self._loop.create_task(self._close())

    async def _close(self) -> None:
        tasks = [task for _, task in self._orders.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with self._turn:
            bench, self._bench = self._bench, None
            if bench is not None:
                await bench.close()
