"""State of the service: what the routes use, opened when it starts and closed when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request
from msgspec import Struct

from imgcache.config import Settings
from imgcache.edge.cache.serving import Holdings
from imgcache.engine.catalog.watcher import CatalogWatcher, watched_catalog
from imgcache.engine.run.wiring import Tools, serving_tools
from imgcache.engine.verify.on_request import RequestVerifier
from imgcache.engine.verify.options import Depth
from imgcache.engine.verify.readers import open_reader
from imgcache.service.metrics import ServiceMetrics
from imgcache.service.problems import too_early

# Questions that are answered at once; more are asked to come later.
MOST_QUESTIONS = 32


class ServiceState(Struct, frozen=True):
    """Open and ready; `app.state.service` while the service runs.

    `pictures`: where pictures are redirected to, as `https://host`; None where they are sent.
    """

    settings: Settings
    tools: Tools
    watcher: CatalogWatcher
    checker: RequestVerifier
    holdings: Holdings
    pictures: str | None
    meter: ServiceMetrics
    questions: asyncio.Semaphore


@asynccontextmanager
async def opened(settings: Settings, meter: ServiceMetrics) -> AsyncIterator[ServiceState]:
    """Open it all. Raises ConfigError for a PATH or a certificate file that is not there."""
    async with (
        serving_tools(settings) as tools,
        watched_catalog(settings, tools, meter) as watcher,
    ):
        redirect = settings.serve.images == "redirect"
        holdings = tools.store.holdings(settings.thumbnails, redirect=redirect)
        pictures = await asyncio.to_thread(holdings.origin)
        with open_reader(tools, settings, Depth.PROBE) as reader:
            yield ServiceState(
                settings,
                tools,
                watcher,
                RequestVerifier(settings, tools, reader, meter),
                holdings,
                pictures,
                meter,
                asyncio.Semaphore(MOST_QUESTIONS),
            )


async def _service_state(request: Request) -> ServiceState:
    found: ServiceState = request.app.state.service
    return found


ServiceNow = Annotated[ServiceState, Depends(_service_state)]


async def _catalog(service: ServiceNow) -> CatalogWatcher:
    if service.watcher.edition is None:
        raise too_early("the cache is being looked through for the first time")
    return service.watcher


# There is a catalog: what it says, a moment tells (answers.py).
CatalogNow = Annotated[CatalogWatcher, Depends(_catalog)]
