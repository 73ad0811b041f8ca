"""Publisher of new images: what waits while one group is written is the next group.

So a group shares the file system's journal, and a trip to a thread; a lone image waits for nobody,
except in a worker, where each group is a message, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from imgcache.edge.cache.new_images import NewImage
from imgcache.edge.cache.storage import Storage
from imgcache.engine.run.tasks import to_its_end
from imgcache.facts import ImageFacts

_MOST = 32
_Outcome = asyncio.Future[ImageFacts]


class Publisher:
    """Publishes images in the order in which they come, many at a time."""

    def __init__(self, store: Storage, gather: float = 0.0) -> None:
        """`gather`: seconds that an image waits for others while nothing is written."""
        self._store = store
        self._gather = gather
        self._waiting: list[tuple[NewImage, _Outcome]] = []
        self._writer: asyncio.Task[None] | None = None

    async def publish(self, new: NewImage) -> ImageFacts:
        """Returns when the image is durable: its facts as they are to be recorded.

        A cancellation is passed on when nothing is written any more. Raises LocalError.
        """
        waiting = new, asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        _, outcome = waiting
        try:
            return await asyncio.shield(outcome)
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            else:
                await asyncio.wait({outcome})
            raise

    async def _write(self) -> None:
        try:
            if self._gather:
                await asyncio.sleep(self._gather)
            while self._waiting:
                group, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._publish(group)
        finally:
            self._writer = None

    async def _publish(self, group: list[tuple[NewImage, _Outcome]]) -> None:
        published: Sequence[ImageFacts | Exception]
        try:
            published = await to_its_end(self._store.publish, [new for new, _ in group])
        except asyncio.CancelledError:
            for _, outcome in group:
                outcome.cancel()
            raise
        except Exception as exc:  # noqa: BLE001 -- told to each that waits for it
            published = [exc] * len(group)
        for (_, outcome), facts in zip(group, published, strict=True):
            if isinstance(facts, ImageFacts):
                outcome.set_result(facts)
            else:
                outcome.set_exception(facts)
                outcome.exception()  # whoever waited for it may have been cancelled
