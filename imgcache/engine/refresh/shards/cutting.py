"""Cutting of work into shards: by host, so that limits per host need no shared counters.

The largest hosts come first, as each takes as long as its own rate demands; small ones share a
shard. A host is never cut, however large it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from imgcache.engine.refresh.work import Asks, Remakes
from imgcache.engine.run.listener import Lane

# So many shards per worker, if the work suffices: the last ones end at about the same time.
_PER_WORKER = 8
_SMALLEST, LARGEST = 50, 1000


def shard_size(jobs: int, workers: int) -> int:
    """How many jobs a shard of small hosts has at most."""
    return max(_SMALLEST, min(LARGEST, jobs // (workers * _PER_WORKER)))


class Cutting:
    """The work that no worker has yet; `take` cuts off the next shard.

    What it is given is used up.
    """

    def __init__(self, asks: Asks, remakes: Remakes) -> None:
        self._asks = asks
        self._hosts = sorted(asks.left().items(), key=lambda one: one[1])
        self._remakes = remakes
        self._asked = len(asks)

    def __bool__(self) -> bool:
        return bool(self._hosts or self._remakes)

    def __len__(self) -> int:
        return self._asked + len(self._remakes)

    def take(self, most: int) -> tuple[Asks, Remakes]:
        """URLs to ask for, and thumbnails to make again: one large host, or several small ones."""
        if not self._hosts:
            return self._asks.part(()), self._remakes.part(most)
        hosts: list[str] = []
        size = 0
        while self._hosts and (not hosts or size + self._hosts[-1][1] <= most):
            host, number = self._hosts.pop()
            hosts.append(host)
            size += number
        self._asked -= size
        return self._asks.part(hosts), self._remakes.part(0)

    def drain(self) -> tuple[Asks, Remakes]:
        """All that is left."""
        hosts, self._hosts, self._asked = [host for host, _ in self._hosts], [], 0
        return self._asks.part(hosts), self._remakes.part(len(self._remakes))

    def lanes(self) -> Iterator[Lane]:
        """The hosts that were not begun."""
        return (Lane(host, number) for host, number in self._hosts)


def parted(asks: Asks, parts: int) -> list[Asks]:
    """At most so many parts, each host in one of them."""
    hosts = list(asks.left())
    return [asks.part(hosts[part::parts]) for part in range(min(parts, len(hosts)))]
