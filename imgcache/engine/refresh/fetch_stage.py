"""Fetch stage of a refresh: all jobs together, until done, out of time, or interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any, Protocol

from msgspec import Struct

from imgcache.config import Settings
from imgcache.core.http.contact import Contact
from imgcache.engine.refresh.downloader import Downloader
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.fetch_tools import FetchTools
from imgcache.engine.run.listener import Lane, Listener
from imgcache.engine.run.report import Traffic
from imgcache.engine.run.scheduling.jobs import Supply
from imgcache.engine.run.scheduling.scheduler import HostScheduler
from imgcache.engine.run.targets import InPlaceImage
from imgcache.engine.run.tasks import Bounded, until_interrupted
from imgcache.model import ShardCounts

# So many URLs without a copy are worth decoders that are ready when the first answer comes.
_MANY_NEW = 16
# Images that are measured or get their thumbnails again, at once.
_AT_ONCE = 64


class Jobs(Protocol):
    """Jobs that are made when their turn comes."""

    def __len__(self) -> int:
        """How many are left."""

    async def take(self, most: int) -> Sequence[Job]:
        """The next ones."""


class FetchWork(Struct):
    """What a fetch stage has to do; `new`: so many URLs have no copy yet."""

    at_hand: Sequence[Job] = ()
    supply: Supply[Job] | None = None
    remake: Jobs | None = None
    in_place: Sequence[InPlaceImage] = ()
    new: int = 0


class FetchStage:
    """Runs some work. `cut_short` tells whether a URL was left out."""

    shards: ShardCounts | None = None

    def __init__(
        self,
        tools: FetchTools,
        settings: Settings,
        listener: Listener,
        interrupt: asyncio.Event,
        backlog: asyncio.Semaphore,
        work: FetchWork,
    ) -> None:
        """`backlog`: answers that may wait for a decoder."""
        self._cancelled = False
        self._work = work
        self.listener = listener
        self._pool = tools.pool
        self.interrupt = interrupt
        self._downloader = Downloader(tools, settings, listener, backlog)
        self._scheduler = HostScheduler(
            settings.fetch, self._downloader.attempt, self._downloader.skip
        )

    @property
    def cut_short(self) -> bool:
        """Whether a URL was not reached before the interruption, or before the time was up."""
        return self._cancelled or self._downloader.left_out + self._scheduler.left_over > 0

    @property
    def traffic(self) -> Traffic:
        """What was sent and received so far."""
        return self._downloader.traffic

    @property
    def contact(self) -> Contact:
        """Whether the hosts that were asked gave any answer."""
        return self._downloader.contact

    @property
    def active(self) -> int:
        """How many requests are under way."""
        return self._scheduler.active

    def lanes(self) -> Iterator[Lane]:
        """How far each host is that has work left."""
        return self._scheduler.lanes()

    def allow(self, concurrency: int) -> None:
        """So many requests may be sent at once from now on."""
        self._scheduler.allow(concurrency)

    def stop(self) -> None:
        """Start nothing more; what is under way ends by itself."""
        self._scheduler.stop()

    async def run(self, seconds: float | None) -> None:
        """Returns when the work is done, `seconds` have passed, or the interrupt is set.

        After the time is up, what is under way may end; an interrupt ends it at once.
        """
        timer = None
        if seconds is not None and seconds <= 0:
            self._scheduler.stop()
        elif seconds is not None:
            timer = asyncio.get_running_loop().call_later(seconds, self._scheduler.stop)
        try:
            work_done = await until_interrupted(self._everything(self._work), self.interrupt)
        finally:
            if timer is not None:
                timer.cancel()
        self._cancelled = not work_done

    async def _everything(self, work: FetchWork) -> None:
        async with self._downloader as downloader, asyncio.TaskGroup() as group:
            if work.new >= _MANY_NEW:
                group.create_task(self._pool.warm_up())
            group.create_task(self._prepare(downloader, work))
            downloader.begins(self.lanes)
            await self._scheduler.drain(work.at_hand, work.supply)

    async def _prepare(self, downloader: Downloader, work: FetchWork) -> None:
        """All that needs no request."""
        async with Bounded(_AT_ONCE) as group:
            for place in work.in_place:
                await group.begin(self._told(downloader.measure(place)))
            while work.remake and (jobs := await work.remake.take(_AT_ONCE)):
                for job in jobs:
                    await group.begin(self._told(downloader.remake(job)))

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        await work
        self.listener.prepared()
