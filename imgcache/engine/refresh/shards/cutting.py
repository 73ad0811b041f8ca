"""Cutting of work into shards: by host, so that limits per host need no shared counters.

The largest hosts come first, as each takes as long as its own rate demands; small ones share a
shard. A host is never cut, however large it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imgcache.engine.run.attempts import Job
from imgcache.engine.run.listener import Lane

# So many shards per worker, if the work suffices: the last ones end at about the same time.
_PER_WORKER = 8
_SMALLEST, _LARGEST = 50, 1000


def shard_size(jobs: int, workers: int) -> int:
    """How many jobs a shard of small hosts has at most."""
    return max(_SMALLEST, min(_LARGEST, jobs // (workers * _PER_WORKER)))


class Cutting:
    """The work that no worker has yet; `take` cuts off the next shard. The list is used up."""

    def __init__(self, jobs: list[Job], remake: list[Job]) -> None:
        hosts: dict[str, list[Job]] = {}
        for job in _taken(jobs):
            hosts.setdefault(job.host, []).append(job)
        self._hosts = sorted(hosts.items(), key=lambda one: len(one[1]))
        self._remake = remake
        self._total = sum(len(one) for _, one in self._hosts) + len(remake)

    def __bool__(self) -> bool:
        return bool(self._hosts or self._remake)

    def __len__(self) -> int:
        return self._total

    def take(self, most: int) -> tuple[list[Job], list[Job]]:
        """Jobs to ask for, and thumbnails to make again: one large host, or several small ones."""
        if not self._hosts:
            remake, self._remake = self._remake[:most], self._remake[most:]
            self._total -= len(remake)
            return [], remake
        taken: list[Job] = []
        while self._hosts and (not taken or len(taken) + len(self._hosts[-1][1]) <= most):
            taken += self._hosts.pop()[1]
        self._total -= len(taken)
        return taken, []

    def drain(self) -> list[Job]:
        """All that is left."""
        left = [job for _, jobs in self._hosts for job in jobs] + self._remake
        self._hosts, self._remake, self._total = [], [], 0
        return left

    def lanes(self) -> Iterator[Lane]:
        """The hosts that were not begun."""
        return (Lane(host, len(jobs)) for host, jobs in self._hosts)


def parted(jobs: Iterable[Job], parts: int) -> list[list[Job]]:
    """At most so many parts, each host in one of them."""
    made: dict[int, list[Job]] = {}
    places: dict[str, int] = {}
    for job in jobs:
        made.setdefault(places.setdefault(job.host, len(places)) % parts, []).append(job)
    return list(made.values())


def _taken(jobs: list[Job]) -> Iterator[Job]:
    jobs.reverse()
    while jobs:
        yield jobs.pop()
