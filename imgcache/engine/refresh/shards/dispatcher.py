"""Dispatcher of shards: gives each worker what it has room for, and what a lost one left undone.

A worker gets its next shard when those that it has can no longer use its share of the requests:
a host that takes longer than all others holds up nobody but itself. What one shard of a worker can
no longer use goes to the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import aclosing, suppress
from itertools import count
from typing import Protocol

from msgspec import Struct

from imgcache.config import FetchSettings
from imgcache.edge.workers.protocol import Engine, LostError, Place
from imgcache.engine.refresh.shards.cutting import LARGEST, Cutting, parted, shard_size
from imgcache.engine.refresh.shards.loads import Load, balanced
from imgcache.engine.refresh.shards.patience import heard_within
from imgcache.engine.refresh.shards.records import (
    More,
    News,
    Shard,
    Share,
    Stop,
    Word,
    packed,
    unpacked,
)
from imgcache.engine.refresh.work import Asks, Remakes
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.listener import Lane, ShardEnd
from imgcache.model import Failure, Verdict

# A shard goes to so many workers, one after the other, until its jobs are given up.
_MOST_TRIES = 3
# Seconds without a sign of life until a worker counts as lost, or until there is any worker.
SILENCE = 60.0
# Seconds after which it is looked whether workers came or went.
_LOOK = 1.0
# Of its share, what must be free before a worker gets one more shard.
ENOUGH = 0.25
# Shards at once: more than a worker has connections to hosts that take long.
_MOST_AT_ONCE = 64
# What a lost worker left is cut into so many shards.
_PARTS = 4


class _Chunk(Struct):
    """Work for one shard; what a lost worker left knows where, and how often that was."""

    asks: Asks
    remakes: Remakes
    tries: int = 0
    lost_at: Place | None = None

    def __len__(self) -> int:
        return len(self.asks) + len(self.remakes)


class Hearer(Protocol):
    """Who hears what becomes of the work."""

    async def heard(self, load: Load, news: News) -> None:
        """A worker told something."""

    def failed(self, job: Job, failure: Failure) -> None:
        """A job is given up."""

    def ended(self, shard: ShardEnd) -> None:
        """A shard is done, or its worker lost."""


class Dispatcher:
    """Runs work on the workers of an engine; `silence`: seconds until one counts as lost."""

    def __init__(
        self,
        engine: Engine,
        fetch: FetchSettings,
        hearer: Hearer,
        *,
        limited: bool = False,
        silence: float = SILENCE,
    ) -> None:
        self.lost_workers = 0
        self.left_out = 0
        self._why = ""
        self._engine = engine
        self._fetch = fetch
        self._hearer = hearer
        self._workers: dict[Place, int] = {}
        self._limited = limited
        self._silence = silence
        self._cutting: Cutting | None = None
        self._undone: list[_Chunk] = []
        self._loads: dict[int, Load] = {}
        self._numbers = count(1)
        self._changed = asyncio.Event()
        self._stop: Stop | None = None

    async def run(self, asks: Asks, remakes: Remakes) -> None:
        """Returns when all jobs have ended, or were left out because of `stop`."""
        self._cutting = Cutting(asks, remakes)
        size, alone = 0, 0.0
        async with asyncio.TaskGroup() as group:
            while self._is_unfinished:
                places = await self._engine.places()
                size = size or (shard_size(len(self._cutting), len(places)) if places else 0)
                await self._balance(places)
                for load in self._begun(places, size):
                    group.create_task(self._follow(load))
                alone = 0.0 if places else alone + _LOOK
                if alone > self._silence and not self._loads:
                    why = f"no worker is left that could fetch it{self._why}"
                    for chunk in self._rest():
                        await self._give_up(chunk, why)
                await self._change()
        self.left_out += sum(map(len, self._rest()))

    async def stop(self, *, at_once: bool) -> None:
        """Start nothing more; with `at_once`, end what is under way, too."""
        self._stop = Stop(at_once)
        for load in list(self._loads.values()):
            await self.tell(load, self._stop)
        self._changed.set()

    @property
    def under_way(self) -> Collection[Load]:
        """The shards that workers have."""
        return self._loads.values()

    async def tell(self, load: Load, word: Word) -> None:
        """Say something to the worker of a shard."""
        with suppress(LostError):  # then its stream ends so, too
            await load.place.tell(load.number, packed(word))

    def lanes(self) -> Iterator[Lane]:
        """How far each host is that has work left."""
        if self._cutting is not None:
            yield from self._cutting.lanes()
        for load in self._loads.values():
            yield from load.lanes

    @property
    def _is_unfinished(self) -> bool:
        waiting = bool(self._cutting or self._undone) and self._stop is None
        return bool(self._loads) or waiting

    async def _change(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK):
                await self._changed.wait()
        self._changed.clear()

    def _begun(self, places: Sequence[Place], size: int) -> Iterator[Load]:
        """New loads, the emptiest worker first, as long as there is work and room."""
        share = self._share(places)
        room = self._room(places, share)
        while room and self._stop is None:
            place = max(room, key=room.__getitem__)
            if room[place] < max(1, share * ENOUGH):
                return
            chunk = self._next(place if len(places) > 1 else None, size)
            if chunk is None:
                del room[place]
            else:
                yield self._load(chunk, place, room.pop(place))

    async def _balance(self, places: Sequence[Place]) -> None:
        for place in places:
            loads = [load for load in self._loads.values() if load.place is place]
            for load in balanced(loads, self._share(places)):
                await self.tell(load, Share(load.concurrency))

    def _share(self, places: Sequence[Place]) -> int:
        """How many requests at once each worker has."""
        return max(1, self._fetch.concurrency // max(1, len(places)))

    def _room(self, places: Sequence[Place], share: int) -> dict[Place, int]:
        """How many requests at once each can take; none while it has not taken its last shard."""
        room = dict.fromkeys(places, share)
        loads = Counter(load.place for load in self._loads.values())
        for load in self._loads.values():
            if load.place in room:
                full = load.beginning or loads[load.place] >= _MOST_AT_ONCE
                room[load.place] -= share if full else load.concurrency
        return room

    def _next(self, place: Place | None, size: int) -> _Chunk | None:
        """What this place does next: nothing that was lost there, if there is another one."""
        for chunk in self._undone:
            if place is None or chunk.lost_at is not place:
                self._undone.remove(chunk)
                return chunk
        return _Chunk(*self._cutting.take(size)) if self._cutting else None

    def _load(self, chunk: _Chunk, place: Place, room: int) -> Load:
        number, most = next(self._numbers), self._fetch.per_host
        hosts = chunk.asks.left()
        demand = sum(min(left, most) for left in hosts.values())
        may = max(1, min(room, demand))
        load = Load(number, place, chunk.asks, chunk.remakes, may, chunk.tries + 1, demand)
        load.began, load.hosts = asyncio.get_running_loop().time(), len(hosts)
        self._loads[number] = load
        return load

    async def _follow(self, load: Load) -> None:
        try:
            await self._until_its_end(load)
        except (LostError, TimeoutError) as exc:
            why = str(exc) or f"a worker was silent for {self._silence:g} seconds"
            self.lost_workers += 1
            self._why = f" ({why})"
            self._end(load, why)
            await load.place.discard(load.number)
            await self._lost(load, why)
        else:
            self._end(load)
            # What it asked for no more: it was stopped.
            self.left_out += len(load.left) + len(load.asks)
        finally:
            del self._loads[load.number]
            self._changed.set()

    def _end(self, load: Load, lost: str | None = None) -> None:
        worker = self._workers.setdefault(load.place, len(self._workers) + 1)
        self._hearer.ended(load.end(worker, asyncio.get_running_loop().time(), lost))

    async def _until_its_end(self, load: Load) -> None:
        order = packed(await self._order(load))
        async with aclosing(load.place.submit(load.number, order)) as news:
            while True:
                try:
                    data = await heard_within(self._silence, anext(news))
                except StopAsyncIteration:
                    return
                if load.beginning and self._stop is not None:
                    await self.tell(load, self._stop)
                await self._take(load, unpacked(data))

    async def _order(self, load: Load) -> Shard:
        """The shard with as many jobs as are sent at once."""
        ask = await load.asks.first(LARGEST)
        load.left = {job.target.id: job.host for job in ask}
        remake = await load.remakes.take(len(load.remakes))
        load.again = frozenset(job.target.id for job in remake)
        return Shard(ask, remake, load.asks.left(), load.concurrency, self._limited)

    async def _take(self, load: Load, news: News) -> None:
        load.beginning = False
        if news.lanes is not None:
            load.lanes = news.lanes
        await self._hearer.heard(load, news)
        load.count(news)
        if news.more is not None:
            jobs = await load.asks.take(news.more)
            load.left.update((job.target.id, job.host) for job in jobs)
            await self.tell(load, More(jobs))
        if news.demand is not None and news.demand != load.demand:
            load.demand = news.demand
            self._changed.set()

    async def _lost(self, load: Load, why: str) -> None:
        asks, remakes = load.asks, load.remakes.of(load.again)
        for number, host in load.left.items():
            asks.add(host, number)
        if load.tries < _MOST_TRIES:
            # In parts: if one job is to blame, most of the others come through.
            parts = [(part, remakes.of(())) for part in parted(asks, _PARTS)]
            parts += [(asks.part(()), remakes)] if remakes else []
            self._undone += [_Chunk(*part, load.tries, load.place) for part in parts]
        else:
            chunk = _Chunk(asks, remakes)
            await self._give_up(chunk, f"{_MOST_TRIES} workers were lost over it ({why})")

    async def _give_up(self, chunk: _Chunk, why: str) -> None:
        for some in (chunk.asks.first, chunk.remakes.take):
            while jobs := await some(LARGEST):
                for job in jobs:
                    self._hearer.failed(job, Failure(Verdict.LOCAL_ERROR, why))

    def _rest(self) -> list[_Chunk]:
        """What no worker has; nobody will get it."""
        rest, self._undone = self._undone, []
        if self._cutting is not None:
            rest.append(_Chunk(*self._cutting.drain()))
        return rest
