"""The catalog of some articles as of now, for a program that reads it once."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.catalog import Catalog
from imgcache.core.verdicts.selection import EVERYTHING, Selection
from imgcache.edge.catalog import images, judged
from imgcache.edge.catalog.queries import CatalogQueries, Edition, runs_text
from imgcache.edge.index.index import Index
from imgcache.engine.catalog.site import judge_offline, open_site
from imgcache.engine.run.articles import chosen, search
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools


@asynccontextmanager
async def catalog_now(
    paths: Sequence[Path],
    settings: Settings,
    tools: Tools,
    listener: Listener | None = None,
    selection: Selection = EVERYTHING,
) -> AsyncIterator[Catalog]:
    """What `verify --offline` says of these articles; without paths, of the configured ones.

    One thread at a time may ask it. Raises ConfigError for a PATH that is not there, and
    LocalError.
    """
    survey = await to_its_end(search, paths, settings)
    for note in survey.notes:
        (listener or Listener()).warned(note)
    async with open_site(survey.found, settings, tools) as site:
        await site.read_articles(chosen(paths, settings))
        site.keep_only_these()
        await site.look_at_copies(tools)
        await judge_offline(site, tools)
        if not selection.is_all:
            await to_its_end(judged.select, site.catalog, selection)
        await to_its_end(images.renew, site.catalog)
        size = await tools.session.query(Index.total_bytes)
        runs = runs_text(await tools.session.query(Index.runs))
        edition = Edition(secrets.token_hex(4), time.time(), size, runs)
        yield CatalogQueries(site.catalog, edition)
