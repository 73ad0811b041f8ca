"""Quota of the cache (`cache.max_bytes`): counts its bytes, and evicts images for new ones."""

from __future__ import annotations

import asyncio

from imgcache.core.cache.garbage import to_evict, weight
from imgcache.edge.cache.storage import Storage
from imgcache.edge.index.index import Index
from imgcache.engine.run.index_session import IndexSession
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts


class CacheQuota:
    """Counts the cache's bytes during one run. Without a limit it always has room."""

    def __init__(self, store: Storage, session: IndexSession, limit: int | None) -> None:
        self._store = store
        self._session = session
        self._limit = limit
        self._used: int | None = None
        self._taken: set[str] = set()
        self._in_use: set[str] = set()
        self._turn = asyncio.Lock()

    async def reserve(self, image: ImageFacts) -> None:
        """Count an image in, unless it is there; images that no URL points to are evicted for it.

        Raises:
            LocalError: The cache is full, and nothing in it can be evicted.
        """
        async with self._turn:
            if self._limit is None:
                return
            if not await self._is_counted(image.sha256):
                await self._claim(weight(image), self._limit)
                self._taken.add(image.sha256)
            self._in_use.add(image.sha256)

    async def adjust(self, before: ImageFacts, after: ImageFacts) -> None:
        """Count an image's new thumbnails in for those it had. Raises LocalError as `reserve`."""
        async with self._turn:
            if self._limit is not None:
                await self._claim(weight(after) - weight(before), self._limit)

    async def _claim(self, need: int, limit: int) -> None:
        used = await self._session.query(Index.total_bytes) if self._used is None else self._used
        if need > 0 and used + need > limit:
            used -= await self._evict(used + need - limit)
        self._used = used
        if need > 0 and used + need > limit:
            raise LocalError(
                f"the cache is full (cache.max_bytes = {limit}); raise it, or run imgcache cache gc"
            )
        self._used += need

    def release(self, image: ImageFacts) -> None:
        """An image that was counted in was not published after all."""
        if self._used is not None and image.sha256 in self._taken:
            self._taken.discard(image.sha256)
            self._used -= weight(image)

    async def _is_counted(self, sha256: str) -> bool:
        return sha256 in self._taken or bool(
            await self._session.query(lambda index: index.images([sha256]))
        )

    async def _evict(self, excess: int) -> int:
        """How many bytes were freed. What other jobs have claimed meanwhile stays claimed."""
        await self._session.flush()
        orphans = await self._session.query(Index.orphans)
        # What this run stores, or finds there again, may be on its way to the index.
        orphans = tuple(one for one in orphans if one.sha256 not in self._in_use)
        evicted = to_evict(orphans, excess)
        await self._session.query(lambda index: index.forget([one.sha256 for one in evicted]))
        for image in evicted:
            await asyncio.to_thread(self._store.remove, image)
        return sum(map(weight, evicted))
