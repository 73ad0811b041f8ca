"""Bench of a worker: runs shards with the very code that a run in one process has."""

from __future__ import annotations

import asyncio
import pickle
from contextlib import AsyncExitStack
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from imgcache.config import Settings
from imgcache.edge import descriptors
from imgcache.edge.cache.storage import Storage, storage_of
from imgcache.edge.decoder.pool import DecodePool
from imgcache.edge.http.on_demand import FetcherOnDemand
from imgcache.edge.safe_fs import was_unsynced
from imgcache.edge.workers.protocol import Channel
from imgcache.engine.refresh.fetch_stage import FetchStage, FetchWork
from imgcache.engine.refresh.shards.outbox import (
    AskedJobs,
    AskedRoom,
    EndlessRoom,
    Outbox,
    demand,
)
from imgcache.engine.refresh.shards.records import Granted, More, News, Shard, Share, Stop, unpacked
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.fetch_tools import FetchTools, Room
from imgcache.engine.run.places import fit

# Seconds between two signs of life, which tell how much a shard can still use; and how many of
# them go by until one tells how far each host is.
_BEAT = 0.25
_BEATS = 4
# Seconds: decoders are busy meanwhile, as more answers may wait for them than come in so long.
_GATHER = 0.025


class FetchBench:
    """Fetcher, decoders and cache folder of one worker, for all shards that it runs."""

    def __init__(self, settings: bytes, decoders: int) -> None:
        self._settings: Settings = pickle.loads(settings)  # noqa: S301  from the one who started us
        self._places = fit(descriptors.available(), decoders, self._settings.fetch.concurrency)
        self._pool = DecodePool(self._settings.limits, self._places.decoders)
        self._fetcher = FetcherOnDemand(self._settings.fetch)
        self._opened = AsyncExitStack()

    async def open(self) -> None:
        """Raises ConfigError for a `ca_file` or an extra that this machine does not have.

        And LocalError for an object store that it can't use.
        """
        self._store = await self._opened_store()
        await self._opened.enter_async_context(self._pool)
        await self._opened.enter_async_context(self._fetcher)
        # Several shards share it, as they share the decoders.
        self._backlog = asyncio.Semaphore(self._places.answers)

    async def close(self) -> None:
        """End the decoders."""
        await self._opened.aclose()

    async def _opened_store(self) -> Storage:
        """The cache folder that all share; or the object store, with working files of our own."""
        cache = self._settings.cache
        if isinstance(cache.dir, Path) or cache.index is not None:
            return storage_of(cache)
        folder = self._opened.enter_context(TemporaryDirectory(prefix="imgcache-"))
        store = storage_of(cache.model_copy(update={"index": Path(folder)}))
        await asyncio.to_thread(store.prepare)
        return store

    async def work(self, order: bytes, channel: Channel) -> None:
        """Run one shard."""
        shard: Shard = unpacked(order)
        outbox = Outbox(channel)
        jobs = AskedJobs(outbox, shard.more)
        room = AskedRoom(outbox) if shard.limited else None
        interrupt = asyncio.Event()
        stage = FetchStage(
            self._tools(outbox, room or EndlessRoom()),
            self._share(shard),
            outbox,
            interrupt,
            self._backlog,
            _work(shard, jobs),
        )
        aside = [
            asyncio.create_task(self._listen(channel, stage, interrupt, jobs, room)),
            asyncio.create_task(self._beat(outbox, stage)),
        ]
        try:
            await stage.run(None)
        finally:
            for task in aside:
                task.cancel()
            await asyncio.gather(*aside, return_exceptions=True)
        outbox.send(lambda news: self._sum_up(news, outbox, stage))

    async def _listen(
        self,
        channel: Channel,
        stage: FetchStage,
        interrupt: asyncio.Event,
        jobs: AskedJobs,
        room: AskedRoom | None,
    ) -> None:
        while True:
            match unpacked(await channel.hear()):
                case Stop(at_once=True):
                    interrupt.set()
                case Stop():
                    stage.stop()
                case Share(concurrency):
                    stage.allow(min(concurrency, self._places.requests))
                case More() as word:
                    jobs.came(word)
                case Granted() as word if room is not None:
                    room.granted(word)

    def _tools(self, outbox: Outbox, room: Room) -> FetchTools:
        return FetchTools(
            self._fetcher, self._pool, self._store, outbox, room, outbox, outbox, _GATHER
        )

    def _share(self, shard: Shard) -> Settings:
        most = min(shard.concurrency, self._places.requests)
        fetch = self._settings.fetch.model_copy(update={"concurrency": most})
        return self._settings.model_copy(update={"fetch": fetch})

    async def _beat(self, outbox: Outbox, stage: FetchStage) -> None:
        outbox.send()
        for beats in count():
            await asyncio.sleep(_BEAT)
            outbox.send(partial(self._look, outbox, stage, beats))

    def _look(self, outbox: Outbox, stage: FetchStage, beats: int, news: News) -> None:
        lanes = list(stage.lanes())
        news.demand = demand(lanes, self._settings.fetch.per_host, stage.active)
        news.lanes = None if beats % _BEATS else lanes
        self._sum_up(news, outbox, stage)

    def _sum_up(self, news: News, outbox: Outbox, stage: FetchStage) -> None:
        outbox.count(news, stage.traffic, stage.contact)
        news.unclean, news.unsynced = self._store.failed_to_publish, was_unsynced()


class _AtHand:
    """Thumbnails to make again that a shard brought."""

    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = jobs

    def __len__(self) -> int:
        return len(self._jobs)

    async def take(self, most: int) -> list[Job]:
        """The next jobs."""
        some, self._jobs = self._jobs[:most], self._jobs[most:]
        return some


def _work(shard: Shard, jobs: AskedJobs) -> FetchWork:
    new = sum(job.known.copy is None for job in shard.ask)
    return FetchWork(shard.ask, jobs, _AtHand(shard.remake), new=new)
