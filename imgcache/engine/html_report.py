"""HTML report: a folder of pages that opens from disk, from what the cache knows; no requests.

articles, index, cached files -> catalog -> thumbnails copied -> pages
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from imgcache.config import Settings
from imgcache.core.catalog import (
    ArticleState,
    Catalog,
    Facets,
    HostState,
    ImageQuery,
    Order,
    Query,
)
from imgcache.core.verdicts.selection import EVERYTHING, Selection
from imgcache.edge.cache.storage import Storage
from imgcache.edge.report_folder import ReportFolder, check_page, read_pictures, write_page
from imgcache.engine.catalog.now import catalog_now
from imgcache.engine.catalog.site import NO_ARTICLE
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import reading_tools
from imgcache.render.html import jinja, single_file, static_site
from imgcache.render.html.cards import PLACES
from imgcache.render.html.gallery import TROUBLES
from imgcache.results import EntryResult, KnownEntry, KnownImage, Overview

_BATCH = 1000
# Pages that are drawn and not yet written.
_PAGES_AHEAD = 32
# Of the pictures in a single file.
_MOST_BYTES = 8_000_000


class Published(Struct, frozen=True):
    """What a report tells in all, and the articles that could not be read or edited."""

    overview: Overview
    failed: Sequence[str]


async def publish(
    paths: Sequence[Path],
    settings: Settings,
    output: Path,
    listener: Listener,
    selection: Selection = EVERYTHING,
    *,
    single: bool = False,
) -> Published:
    """Write the report of these articles (without paths: the configured ones) to a folder.

    `single`: to one file instead. What is not selected is neither shown as a finding nor counted.
    Raises ConfigError for a PATH that is not there or a folder that is no report's, and LocalError.
    """
    target = await asyncio.to_thread(check_page if single else ReportFolder, output)
    async with (
        reading_tools(settings) as tools,
        catalog_now(paths, settings, tools, listener, selection) as catalog,
    ):
        done = Published(catalog.overview(TROUBLES), catalog.failed_articles())
        if not done.overview.articles:
            listener.warned(NO_ARTICLE)
        if target is None:
            await to_its_end(_write_page, catalog, tools.store, settings, output)
        else:
            await to_its_end(_write, catalog, tools.store, settings, target)
    return done


def _write(catalog: Catalog, store: Storage, settings: Settings, target: ReportFolder) -> None:
    target.prepare()
    for name in jinja.ASSETS:
        target.write(name, jinja.asset(name))
    copied: set[str] = set()
    for some in _entries(catalog):
        copied |= _copied(store, target, static_site.wanted_pictures(some))
    edit_url = settings.serve.edit_url
    _write_while_drawing(static_site.render(CatalogSite(catalog), copied, edit_url), target)


def _write_while_drawing(pages: Iterable[tuple[str, str]], target: ReportFolder) -> None:
    """Write each page, in their order, while the next ones are drawn: the disk takes a fifth."""
    with ThreadPoolExecutor(1) as writer:
        begun: deque[Future[None]] = deque()
        for name, text in pages:
            begun.append(writer.submit(target.write, name, text))
            if len(begun) > _PAGES_AHEAD:
                begun.popleft().result()
        for one in begun:
            one.result()


def _copied(store: Storage, target: ReportFolder, wanted: Mapping[str, str]) -> set[str]:
    """Put those of the cached files that are there into the report; their names."""
    if store.folder is not None:
        return target.copy(store.folder, wanted)
    return target.put(zip(wanted, store.read_all(wanted.values()), strict=True))


def _pictures(store: Storage, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """The cached files that are there, by the names they have in `wanted`, and not too many."""
    if store.folder is not None:
        return read_pictures(store.folder, wanted, _MOST_BYTES)
    found: dict[str, bytes] = {}
    left = _MOST_BYTES
    for name, data in zip(wanted, store.read_all(wanted.values()), strict=True):
        if data is not None and len(data) <= left:
            found[name] = data
            left -= len(data)
    return found


def _write_page(catalog: Catalog, store: Storage, settings: Settings, output: Path) -> None:
    site = CatalogSite(catalog)
    shown = single_file.images(site)
    wanted = static_site.wanted_pictures(one.known.entry for one in shown)
    pictures = _pictures(store, wanted)
    write_page(output, single_file.render(site, shown, pictures, settings.serve.edit_url))


def _entries(catalog: Catalog) -> Iterator[Sequence[EntryResult]]:
    offset = 0
    while some := catalog.select(Query(order=Order.AS_WRITTEN), offset, _BATCH):
        yield some
        offset += len(some)


class CatalogSite:
    """A catalog as a site to be published."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.overview = catalog.overview(TROUBLES)
        self.total_hosts = catalog.total_hosts()

    def articles(self) -> Iterator[tuple[ArticleState, Sequence[KnownEntry]]]:
        """All articles with their entries as written."""
        for one in self._catalog.every_article():
            query = Query(article=one.article, order=Order.AS_WRITTEN)
            yield one, self._catalog.known(query, 0, one.entries, PLACES)

    def worst_articles(self, offset: int, most: int) -> Sequence[ArticleState]:
        """So many articles from that number on, those with most errors first."""
        return self._catalog.worst_articles(offset, most)

    def images(self, query: ImageQuery, offset: int, most: int) -> Sequence[KnownImage]:
        """So many images from that number on, the worst first."""
        return self._catalog.images(query, offset, most, PLACES)

    def facets(self, query: ImageQuery) -> Facets:
        """How many there are."""
        return self._catalog.facets(query)

    def hosts(self, offset: int, most: int) -> Sequence[HostState]:
        """So many hosts from that number on, those with most failing images first."""
        return self._catalog.host_states(offset, most)
