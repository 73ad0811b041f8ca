"""What the routes work with, opened when the service starts and closed when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from imgcache.config import Settings
from imgcache.core.catalog import Catalogue
from imgcache.edge.cache.serving import Holdings
from imgcache.engine.catalog.watcher import Curator, curated
from imgcache.engine.run.tools import Tools
from imgcache.engine.run.wiring import serving_tools
from imgcache.engine.verify.on_request import Checker
from imgcache.engine.verify.options import Depth
from imgcache.engine.verify.pipeline import open_reader
from imgcache.service.metrics import Meter
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
class Backstage:
    """Open and ready; `app.state.backstage` while the service runs."""

    settings: Settings
    tools: Tools
    curator: Curator
    checker: Checker
    holdings: Holdings
    meter: Meter
    turnstile: Turnstile


@asynccontextmanager
async def opened(settings: Settings, meter: Meter) -> AsyncIterator[Backstage]:
    """Open it all. Raises ConfigError for a PATH or a certificate file that is not there."""
    async with (
        serving_tools(settings) as tools,
        curated(settings, tools, meter) as curator,
    ):
        with open_reader(tools, settings, Depth.PROBE) as reader:
            yield Backstage(
                settings,
                tools,
                curator,
                Checker(settings, tools, reader, meter),
                Holdings(settings.cache.dir, settings.thumbnails),
                meter,
                Turnstile(),
            )


async def _backstage(request: Request) -> Backstage:
    found: Backstage = request.app.state.backstage
    return found


BackstageNow = Annotated[Backstage, Depends(_backstage)]


async def _catalogue(backstage: BackstageNow) -> Catalogue:
    if backstage.curator.catalogue is None:
        raise too_early("the cache is being looked through for the first time")
    return backstage.curator.catalogue


CatalogueNow = Annotated[Catalogue, Depends(_catalogue)]
