"""Places for requests under way, shared by runs that go on side by side in one service.

HostLanes keeps the limits of one run; the limits of `fetch` hold over all of them together. The
connection pool would see to that, too, but at the cost of whoever waits: an attempt's deadline
would run while others have the places.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from imgcache.config import FetchSettings
from imgcache.core.verdicts.verdict import Evidence
from imgcache.edge.http.exchange import NotModified, Tally
from imgcache.engine.verify.prober import Probe, Reader
from imgcache.model import Failure


@dataclass(slots=True)
class _Host:
    places: asyncio.Semaphore
    users: int = 0


class Places:
    """`concurrency` places over all, `per_host` of them for each host."""

    def __init__(self, settings: FetchSettings) -> None:
        self._per_host = settings.per_host
        self._all = asyncio.Semaphore(settings.concurrency)
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def take(self, name: str) -> AsyncIterator[None]:
        """Wait for a place, and have it until the context is left."""
        host = self._hosts.setdefault(name, _Host(asyncio.Semaphore(self._per_host)))
        host.users += 1
        try:
            # The host's first: whoever waits for a slow host must not hold a place of all.
            async with host.places, self._all:
                yield
        finally:
            host.users -= 1
            if not host.users:
                del self._hosts[name]


class SharedReader:
    """Another reader, under limits that it shares with those of other runs."""

    def __init__(self, reader: Reader, places: Places) -> None:
        self._reader = reader
        self._places = places

    async def read(self, probe: Probe, tally: Tally) -> Evidence | Failure | NotModified:
        """Ask once, when there is a place. Raises LocalError."""
        async with self._places.take(probe.host):
            return await self._reader.read(probe, tally)
