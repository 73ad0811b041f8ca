"""HTML report: a folder of pages that opens from disk, from what the cache knows; no requests.

articles, index, cached files -> catalog -> pages, and the thumbnails on them
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from imgcache.config import Settings
from imgcache.core.catalog import (
    ArticleState,
    Catalog,
    Facets,
    HostState,
    ImageQuery,
)
from imgcache.core.verdicts.selection import EVERYTHING, Selection
from imgcache.edge.cache.storage import Storage
from imgcache.edge.report_folder import ReportFolder, check_page, read_pictures, write_page
from imgcache.edge.stopping import steps
from imgcache.engine.catalog.now import catalog_now
from imgcache.engine.catalog.site import NO_ARTICLE
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import reading_tools
from imgcache.render.html import jinja, single_file, static_site
from imgcache.render.html.cards import PLACES
from imgcache.render.html.gallery import TROUBLES
from imgcache.results import KnownEntry, KnownImage, Overview

# Articles whose pictures are copied together.
_ARTICLES_AHEAD = 50
# Pages that are drawn and not yet written.
_PAGES_AHEAD = 32
# Of the pictures in a single file.
_MOST_BYTES = 8_000_000


T = TypeVar("T")
ArticleEntries = tuple[ArticleState, Sequence[KnownEntry]]
Prepared = Callable[[Iterator[ArticleEntries]], Iterator[ArticleEntries]]
# Puts pictures of the cache (paths, by their names in the report) there; the names it could.
Copying = Callable[[Mapping[str, str]], set[str]]


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
    # The disk takes a third of the time: meanwhile the next pages are drawn.
    with ThreadPoolExecutor(1) as writer, ThreadPoolExecutor(1) as copier:
        pictures = _Pictures(partial(_copied, store, target), copier)
        site = CatalogSite(catalog, pictures.of)
        pages = static_site.render(site, pictures.copied, settings.serve.edit_url)
        begun: deque[Future[None]] = deque()
        for name, text in steps(pages, 1):
            begun.append(writer.submit(target.write, name, text))
            if len(begun) > _PAGES_AHEAD:
                begun.popleft().result()
        for one in begun:
            one.result()


class _Pictures:
    """The thumbnails of a report. `copied` are the names of those that are there."""

    def __init__(self, copy: Copying, copier: ThreadPoolExecutor) -> None:
        self.copied: set[str] = set()
        self._wanted: set[str] = set()
        self._copying = copy
        self._copier = copier

    def of(self, articles: Iterator[ArticleEntries]) -> Iterator[ArticleEntries]:
        """The same articles, each as soon as its pictures are there."""
        batches = iter(lambda: list(islice(articles, _ARTICLES_AHEAD)), [])
        for some, copying in _one_ahead((some, self._copy(some)) for some in batches):
            self.copied |= copying.result()
            yield from some

    def _copy(self, articles: Iterable[ArticleEntries]) -> Future[set[str]]:
        entries = (known.entry for _, some in articles for known in some)
        wanted = static_site.wanted_pictures(entries)
        new = {name: path for name, path in wanted.items() if name not in self._wanted}
        self._wanted |= new.keys()
        return self._copier.submit(self._copying, new)


def _one_ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items, each when the next one has been taken."""
    before: list[T] = []
    for one in items:
        yield from before
        before = [one]
    yield from before


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


class CatalogSite:
    """A catalog as a site to be published; `prepared` gets each article before it is drawn."""

    def __init__(self, catalog: Catalog, prepared: Prepared = iter) -> None:
        self._catalog = catalog
        self._prepared = prepared
        self.overview = catalog.overview(TROUBLES)
        self.total_hosts = catalog.total_hosts()

    def articles(self) -> Iterator[ArticleEntries]:
        """All articles with their entries as written."""
        return self._prepared(self._catalog.every_article(PLACES))

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
