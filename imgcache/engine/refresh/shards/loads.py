"""Loads: shards that workers have, and how many requests each of them may send at once."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct, field

from imgcache.edge.workers.protocol import Place
from imgcache.engine.refresh.shards.records import News
from imgcache.engine.refresh.work import Asks, Remakes
from imgcache.engine.run.listener import Lane, ShardEnd
from imgcache.engine.run.report import Traffic


class Load(Struct, eq=False):
    """A shard under way.

    `left`: the URLs that its worker has been given and has not ended, with their hosts; `asks`:
    those that it has still to be given; `again`: the copies whose thumbnails it makes.
    `demand`: how many requests at once it could use; `concurrency`: how many it may.
    """

    number: int
    place: Place
    asks: Asks
    remakes: Remakes
    concurrency: int
    tries: int
    demand: int = 0
    left: dict[int, str] = field(default_factory=dict)
    again: frozenset[int] = frozenset()
    lanes: list[Lane] = field(default_factory=list)
    beginning: bool = True
    began: float = 0.0
    hosts: int = 0
    ended: int = 0
    traffic: Traffic = field(default_factory=Traffic)

    def count(self, news: News) -> None:
        """What its worker has done since its last news."""
        self.ended += len(news.ended)
        self.traffic.requests += news.requests
        self.traffic.bytes += news.bytes
        for one in news.ended:
            self.left.pop(one.target.id, None)

    def end(self, worker: int, now: float, lost: str | None) -> ShardEnd:
        """All of it, as it is told."""
        sent = self.traffic
        seconds = now - self.began
        return ShardEnd(
            self.number, worker, self.ended, self.hosts, seconds, sent.requests, sent.bytes, lost
        )


def balanced(loads: Sequence[Load], share: int) -> list[Load]:
    """Take from shards of a worker what they no longer use, and give it to the others.

    `share`: requests at once of the worker. Returns those that may now send more or fewer. One
    that begins is left alone: it would not hear it.
    """
    heard = [load for load in loads if not load.beginning]
    before = [load.concurrency for load in heard]
    for load in heard:
        load.concurrency = max(1, min(load.concurrency, load.demand))
    free = share - sum(load.concurrency for load in loads)
    for load in heard:
        more = max(0, min(free, load.demand - load.concurrency))
        load.concurrency += more
        free -= more
    return [load for load, was in zip(heard, before, strict=True) if load.concurrency != was]
