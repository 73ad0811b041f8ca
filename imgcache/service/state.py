"""What the routes work with, opened when the service starts and closed when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from imgcache.config import Settings
from imgcache.core.catalog import Catalog
from imgcache.edge.cache.serving import CachedFiles
from imgcache.engine.catalog.watcher import CatalogWatcher, watched_catalog
from imgcache.engine.run.wiring import Tools, serving_tools
from imgcache.engine.verify.on_request import RequestVerifier
from imgcache.engine.verify.options import Depth
from imgcache.engine.verify.readers import open_reader
from imgcache.service.metrics import ServiceMetrics
from imgcache.service.problems import too_early


class Turnstile:
    """Counts who is inside, so that not too many come in."""

    def __init__(self) -> None:
        self._inside = 0

    def enter(self, most: int) -> bool:
        """Whether there was room for one more."""
        if self._inside >= most:
            return False
        self._inside += 1
        return True

    def leave(self) -> None:
        """Whoever entered leaves."""
        self._inside -= 1


@dataclass(frozen=True, slots=True)
class ServiceState:
    """Open and ready; `app.state.backstage` while the service runs."""

    settings: Settings
    tools: Tools
    watcher: CatalogWatcher
    checker: RequestVerifier
    holdings: CachedFiles
    meter: ServiceMetrics
    turnstile: Turnstile


@asynccontextmanager
async def opened(settings: Settings, meter: ServiceMetrics) -> AsyncIterator[ServiceState]:
    """Open it all. Raises ConfigError for a PATH or a certificate file that is not there."""
    async with (
        serving_tools(settings) as tools,
        watched_catalog(settings, tools, meter) as watcher,
    ):
        with open_reader(tools, settings, Depth.PROBE) as reader:
            yield ServiceState(
                settings,
                tools,
                watcher,
                RequestVerifier(settings, tools, reader, meter),
                CachedFiles(settings.cache.dir, settings.thumbnails),
                meter,
                Turnstile(),
            )


async def _backstage(request: Request) -> ServiceState:
    found: ServiceState = request.app.state.backstage
    return found


BackstageNow = Annotated[ServiceState, Depends(_backstage)]


async def _catalogue(backstage: BackstageNow) -> Catalog:
    if backstage.watcher.catalog is None:
        raise too_early("the cache is being looked through for the first time")
    return backstage.watcher.catalog


CatalogueNow = Annotated[Catalog, Depends(_catalogue)]
