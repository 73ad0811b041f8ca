"""HTML report: a folder of pages that opens from disk, from what the cache knows; no requests.

articles, index, cached files -> catalog -> thumbnails copied -> pages
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.catalog import Catalog, Query
from imgcache.edge.report_folder import ReportFolder
from imgcache.engine.catalog.watcher import catalog_now
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.targets import NO_ARTICLE
from imgcache.engine.run.wiring import reading_tools
from imgcache.model import Verdict
from imgcache.render.html import jinja, static_site
from imgcache.results import EntryResult


async def publish(
    paths: Sequence[Path], settings: Settings, output: Path, listener: Listener
) -> Catalog:
    """Write the report of these articles (without paths: the configured ones) to a folder.

    Raises ConfigError for a PATH that is not there or a folder that is no report's, and
    LocalError.
    """
    target = await asyncio.to_thread(ReportFolder, output)
    async with reading_tools(settings) as tools:
        catalog = await catalog_now(paths, settings, tools, listener)
    if not catalog.articles:
        listener.warned(NO_ARTICLE)
    await asyncio.to_thread(_write, catalog, settings.cache.dir, target)
    return catalog


def _write(catalog: Catalog, cache: Path, target: ReportFolder) -> None:
    def select(verdict: Verdict | None) -> Sequence[EntryResult]:
        return catalog.select(Query(verdicts=frozenset({verdict} if verdict else ())))

    target.prepare()
    for name in jinja.ASSETS:
        target.write(name, jinja.asset(name))
    wanted = static_site.wanted_pictures(catalog.entries)
    copied = {name for name, path in wanted.items() if target.copy(cache, path, name)}
    for name, text in static_site.render(catalog, select, copied):
        target.write(name, text)
