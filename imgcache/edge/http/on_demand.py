"""Fetcher that is made for the first request.

Many runs ask nobody, and HTTP libraries take longer to import than such a run needs.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Self

from imgcache.config import FetchSettings
from imgcache.core.http.url import WebUrl
from imgcache.edge.http import trust
from imgcache.edge.http.dns import Lookup, system_lookup
from imgcache.edge.http.exchange import Attempt, AttemptStats, Fetches, Sink
from imgcache.facts import Validators


class FetcherOnDemand:
    """As the Fetcher of fetcher.py, which it imports, opens and closes if there is a request."""

    def __init__(self, settings: FetchSettings, lookup: Lookup = system_lookup) -> None:
        """`lookup`: how names become addresses."""
        self._settings = settings
        self._lookup = lookup
        self._opening = asyncio.Lock()
        self._opened = AsyncExitStack()
        self._fetcher: Fetches | None = None

    async def __aenter__(self) -> Self:
        """Open nothing yet; raises ConfigError for a `ca_file` that can't be read."""
        await asyncio.to_thread(trust.check, self._settings.ca_file)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    def expect(self) -> None:
        """The import would hold up all else that this process does, now as later."""

    async def attempt(
        self,
        url: WebUrl,
        validators: Validators,
        sink: Sink,
        stats: AttemptStats | None = None,
        first: int | None = None,
    ) -> Attempt:
        """Ask for `url` once: see fetcher.py."""
        fetcher = self._fetcher or await self.open()
        return await fetcher.attempt(url, validators, sink, stats, first)

    async def open(self) -> Fetches:
        """The fetcher itself, which is made only once."""
        async with self._opening:  # one for all that come first together
            if self._fetcher is None:
                # The certificates are read beside the import, which takes five times as long.
                reading = asyncio.create_task(
                    asyncio.to_thread(trust.trust, self._settings.ca_file)
                )
                await asyncio.sleep(0)  # the thread begins
                from imgcache.edge.http.fetcher import Fetcher  # noqa: PLC0415  see the module's docstring

                fetcher = Fetcher(self._settings, lookup=self._lookup, context=await reading)
                self._fetcher = await self._opened.enter_async_context(fetcher)
            return self._fetcher
