"""`cache.max_bytes`: whether there is room for one more image, and who goes to make some."""

from __future__ import annotations

import asyncio

from imgcache.core.eviction import to_evict, weight
from imgcache.edge.index import Index
from imgcache.edge.store import Store
from imgcache.engine.ledger import Ledger
from imgcache.errors import LocalError
from imgcache.model import ImageFacts


class Room:
    """Counts the cache's bytes during one run. Without a limit it always has room."""

    def __init__(self, store: Store, ledger: Ledger, limit: int | None) -> None:
        self._store = store
        self._ledger = ledger
        self._limit = limit
        self._used: int | None = None
        self._turn = asyncio.Lock()

    async def take(self, image: ImageFacts) -> None:
        """Count an image in; images that no URL points to make room for it.

        Raises:
            LocalError: The cache is full, and nothing in it can go.
        """
        if self._limit is None:
            return
        async with self._turn:
            if self._used is None:
                self._used = await self._ledger.ask(Index.total_bytes)
            excess = self._used + weight(image) - self._limit
            if excess > 0:
                await self._evict(excess)
            if self._used + weight(image) > self._limit:
                raise LocalError(
                    f"the cache is full (cache.max_bytes = {self._limit}); "
                    "raise it, or run imgcache cache gc"
                )
            self._used += weight(image)

    def give_back(self, image: ImageFacts) -> None:
        """An image that was counted in was not published after all."""
        if self._used is not None:
            self._used -= weight(image)

    async def _evict(self, excess: int) -> None:
        await self._ledger.flush()
        orphans = await self._ledger.ask(lambda index: list(index.orphans()))
        going = to_evict(orphans, excess)
        await self._ledger.ask(lambda index: index.forget([one.sha256 for one in going]))
        for image in going:
            await asyncio.to_thread(self._store.remove, image)
        self._used = await self._ledger.ask(Index.total_bytes)
