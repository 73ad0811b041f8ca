"""Fetch stage on workers: the same story as that of one process, told by their news.

Everything that is written, is written here: facts go into the index as they come.
"""

from __future__ import annotations

import asyncio

from imgcache.config import Settings
from imgcache.core.http.contact import Contact
from imgcache.edge.safe_fs import note_unsynced
from imgcache.edge.workers.protocol import Engine
from imgcache.engine.refresh.fetch_stage import FetchStage
from imgcache.engine.refresh.shards.dispatcher import SILENCE, Dispatcher
from imgcache.engine.refresh.shards.loads import Load
from imgcache.engine.refresh.shards.records import Granted, News, RoomWanted
from imgcache.engine.refresh.work import WorkPlan
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.fetch_tools import FetchTools
from imgcache.engine.run.listener import ShardEnd
from imgcache.engine.run.report import Traffic
from imgcache.engine.run.targets import Target
from imgcache.engine.run.tasks import raise_bare
from imgcache.errors import LocalError
from imgcache.facts import UrlFacts
from imgcache.model import Failure, ShardCounts

# Seconds in which workers tell, after an interrupt, what they have done.
_LAST_WORDS = 5.0


class ShardedStage:
    """Runs the work of a plan on the workers of an engine; otherwise as FetchStage."""

    def __init__(
        self,
        engine: Engine,
        tools: FetchTools,
        settings: Settings,
        here: FetchStage,
        work: WorkPlan,
        *,
        silence: float = SILENCE,
    ) -> None:
        """`here`: does what needs no worker; it has the run's listener and interrupt, too."""
        self.traffic = Traffic()
        self.shards = ShardCounts()
        self.contact = Contact()
        self._cancelled = False
        self._tools = tools
        self._listener = here.listener
        self._here = here
        self._engine = engine
        self._work = work
        self._dispatcher = Dispatcher(
            engine,
            settings.fetch,
            self,
            limited=settings.cache.max_bytes is not None,
            silence=silence,
        )
        self._grants: set[asyncio.Task[None]] = set()

    @property
    def cut_short(self) -> bool:
        """Whether a URL was not reached before the interruption, or before the time was up."""
        return self._cancelled or self._here.cut_short or self._dispatcher.left_out > 0

    async def run(self, seconds: float | None) -> None:
        """As FetchStage: after the time is up, what is under way may end."""
        began = asyncio.get_running_loop().time()
        await self._here.run(seconds)
        if seconds is not None:
            seconds -= asyncio.get_running_loop().time() - began
            if seconds <= 0:
                await self._dispatcher.stop(at_once=False)
        self._listener.fetching(self._dispatcher.lanes)
        shards = asyncio.create_task(self._dispatcher.run(self._work.ask, self._work.remake))
        waiting = asyncio.create_task(self._here.interrupt.wait())
        try:
            await asyncio.wait({shards, waiting}, timeout=seconds, return_when="FIRST_COMPLETED")
            if not shards.done() and not waiting.done():
                await self._dispatcher.stop(at_once=False)
                await asyncio.wait({shards, waiting}, return_when="FIRST_COMPLETED")
            if not shards.done():
                self._cancelled = True
                await self._dispatcher.stop(at_once=True)
                await asyncio.wait({shards}, timeout=_LAST_WORDS)
        finally:
            await self._end(shards, waiting, *self._grants)
            self._engine.retire()
        if not shards.cancelled():
            raise_bare(shards)
        self._tools.doubts.settle(self.contact)

    async def _end(self, *tasks: asyncio.Task[object]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if self._dispatcher.lost_workers:
            # It may have left files that are in no index, and others half written. They stay until
            # the run is over: what the driver works with lies beside them.
            self._tools.store.failed_to_publish = True

    async def heard(self, load: Load, news: News) -> None:
        """Into the index first: an end that is known means facts that are on their way there."""
        await self._tools.records.keep_up()
        if news.forgotten:
            await self._tools.records.forget(news.forgotten)
        self._tools.records.record(
            urls=news.urls, images=news.images, spellings=news.spellings, pauses=news.pauses
        )
        self.contact.answered |= news.answered
        self.contact.silent |= news.silent
        for ended in news.ended:
            self._tools.outcomes.ended(ended.target, ended.told)
        for target, facts in news.unsure:
            self._doubt(target, facts)
        for wanted in news.wanted:
            grant = asyncio.create_task(self._grant(load, wanted))
            self._grants.add(grant)
            grant.add_done_callback(self._grants.discard)
        for image in news.released:
            self._tools.room.release(image)
        self._count(news)

    def _doubt(self, target: Target, facts: UrlFacts) -> None:
        """A host that answered anyone's request shows that the network is there."""
        self._tools.doubts.note(target, facts)
        if self.contact.answered:
            self._tools.doubts.settle(self.contact)

    def _count(self, news: News) -> None:
        self.traffic.requests += news.requests
        self.traffic.bytes += news.bytes
        for url, wire_bytes in news.attempts:
            self._listener.attempted(url, wire_bytes)
        for _ in range(news.prepared):
            self._listener.prepared()
        self._tools.store.failed_to_publish |= news.unclean
        if news.unsynced:
            note_unsynced()

    async def _grant(self, load: Load, wanted: RoomWanted) -> None:
        refused = None
        try:
            if wanted.before is None:
                await self._tools.room.reserve(wanted.image)
            else:
                await self._tools.room.adjust(wanted.before, wanted.image)
        except LocalError as exc:
            refused = str(exc)
        await self._dispatcher.tell(load, Granted(wanted.request, refused))

    def ended(self, shard: ShardEnd) -> None:
        """A shard is done, or its worker lost."""
        self.shards.count(shard.seconds, lost=shard.lost is not None)
        self._listener.shard_ended(shard)

    def failed(self, job: Job, failure: Failure) -> None:
        """A job is given up."""
        job.target.failure, job.target.failed = failure, True
        self._tools.outcomes.ended(job.target, failure)
