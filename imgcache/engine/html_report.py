"""HTML report: a folder of pages that opens from disk, from what the cache knows; no requests.

articles, index, cached files -> catalog -> thumbnails copied -> pages
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.catalog import ArticleState, Catalog
from imgcache.edge.report_folder import ReportFolder
from imgcache.engine.catalog.watcher import catalog_now
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.targets import NO_ARTICLE
from imgcache.engine.run.wiring import reading_tools
from imgcache.render.html import jinja, static_site
from imgcache.render.html.cards import PLACES
from imgcache.render.html.gallery import TROUBLES
from imgcache.results import KnownEntry


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
    target.prepare()
    for name in jinja.ASSETS:
        target.write(name, jinja.asset(name))
    wanted = static_site.wanted_pictures(catalog.entries)
    copied = target.copy(cache, wanted)
    for name, text in static_site.render(CatalogSite(catalog), copied):
        target.write(name, text)


class CatalogSite:
    """A catalog as a site to be published."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.overview = catalog.overview(TROUBLES)

    def articles(self) -> Iterator[tuple[ArticleState, Sequence[KnownEntry]]]:
        """All articles with their entries as written."""
        by_article = groupby(self._catalog.entries, lambda one: one.article)
        entries = {name: list(some) for name, some in by_article}
        for one in self._catalog.articles:
            some = entries.get(one.article, ())
            yield one, [self._catalog.known(entry, PLACES) for entry in some]

    def worst_articles(self) -> Sequence[ArticleState]:
        """All articles, those with most errors first."""
        return self._catalog.broken_articles
