"""A catalog in a temporary folder, brought up to date look by look, and read at any time.

articles that were saved, URLs that were asked for -> what has to be judged again -> an edition
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

from imgcache.config import Settings
from imgcache.core import catalog as core
from imgcache.edge import safe_fs
from imgcache.edge.catalog import images, judged, kept, said, urls
from imgcache.edge.catalog.database import Catalog
from imgcache.edge.catalog.memory import Memory
from imgcache.edge.catalog.queries import CatalogQueries, Edition, runs_text
from imgcache.edge.catalog.shared import SharedCatalog
from imgcache.edge.index import reading, recovery
from imgcache.edge.index.index import Index
from imgcache.edge.os_errors import temporary_errors
from imgcache.engine.catalog.declared import DeclaredArticles
from imgcache.engine.catalog.seen import Look, SeenArticles
from imgcache.engine.catalog.site import Site, judge_offline
from imgcache.engine.run.index_session import IndexSession, ReopeningIndexSession
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools
from imgcache.errors import LocalError

# What the gallery's pages ask of each edition.
_PROBLEMS, _HOSTS = 20, 3
_EVERYWHERE = (Path("/"),)
T = TypeVar("T")


class CurrentCatalog:
    """What is known of the articles in `paths`. One `look` at a time; `moment` in any thread.

    `notes` are sentences for the user about the last look; `damage` is what was wrong with the
    index at that time, so that the manifest stood in for it. `edition` is None until the first
    look has ended.
    """

    def __init__(
        self, paths: Sequence[Path], settings: Settings, tools: Tools, folder: Path
    ) -> None:
        self.notes: Sequence[str] = ()
        self.damage: str | None = None
        self.edition: str | None = None
        self._settings = settings
        self._tools = tools
        self._folder = folder
        self._paths = tuple(paths)
        self._seen = SeenArticles(paths, settings)
        self._index: object = None
        self._catalog: SharedCatalog | None = None
        self._memory = Memory("")
        self._noted: str | None = None
        self._mark = secrets.token_hex(4)
        self._numbers = count(1)
        self._manifest = ReopeningIndexSession(lambda: recovery.open_manifest(tools.store))

    @contextmanager
    def moment(self) -> Iterator[core.Catalog]:
        """The catalog as it is now, however it changes meanwhile. Raises LocalError."""
        assert self._catalog is not None  # noqa: S101  there is an edition
        with self._catalog.moment() as reading:
            values = (reading.about(name) for name in Edition._fields)
            edition = Edition(*values)
            if edition.name != self._memory.edition:
                self._memory = Memory(edition.name)
            yield CatalogQueries(reading, edition, self._memory)

    def close(self) -> None:
        """Close it, and remove what was written."""
        if self._catalog is not None:
            self._catalog.close()

    def stop(self) -> None:
        """Let a look that is under way end soon, and fail."""
        if self._catalog is not None:
            self._catalog.stop()

    async def look(self, *, audit: bool) -> None:
        """Bring it up to date with articles and index; `audit`: and with all cached files.

        Raises LocalError; then it stays as it was.
        """
        # Before anything is read: a change meanwhile is seen next time.
        index = await asyncio.to_thread(reading.identity, self._tools.store)
        now = await asyncio.to_thread(self._clock)
        look = await to_its_end(self._seen.look, now)
        self.notes = look.notes
        moment = time.time()
        is_news = index != self._index or audit or await self._expires(moment)
        if not (is_news or look.changed or not look.is_same_list):
            return
        if self._catalog is None:
            self._catalog = await self._opened(len(look.found))
        with self._catalog.update():
            site = await self._read(self._catalog, look, now, moment)
            if is_news or site.articles.new or not look.is_same_list:
                await self._judge(site, audit=audit)
        self._seen.accept()
        self._index = index
        if self.edition != self._noted:
            self.edition = self._noted
            await to_its_end(self._prepare)

    async def _expires(self, moment: float) -> bool:
        """Whether something holds no longer; or there is nothing yet."""
        if self._catalog is None:
            return True
        return await to_its_end(judged.expires, self._catalog, moment)

    def _clock(self) -> int:
        with temporary_errors("no room for the catalog's working copy"):
            return safe_fs.clock(self._folder)

    async def _opened(self, files: int) -> SharedCatalog:
        def open_kept(session: IndexSession) -> Awaitable[SharedCatalog]:
            opening = partial(SharedCatalog, folder=self._folder)
            store, settings = self._tools.store, self._settings
            return session.query(
                lambda index: kept.open_catalog(store, index, settings, files, opening).catalog
            )

        return await self._of_index(open_kept)

    async def _read(self, catalog: SharedCatalog, look: Look, now: int, moment: float) -> Site:
        """Read what was saved since, and forget what is there no more, or holds no longer."""
        await to_its_end(judged.expire, catalog, moment)
        some, roots = (look.changed, ()) if look.is_same_list else (look.found, _EVERYWHERE)
        articles = DeclaredArticles(catalog, self._settings, some)
        await to_its_end(articles.update, roots, now)
        articles.whole = True
        await to_its_end(urls.choose, catalog, (), whole=True)
        return Site(catalog, articles, self._settings, None, moment, self._paths)

    async def _judge(self, site: Site, *, audit: bool) -> None:
        """Judge what says something else by now; an edition is made only of what differs."""

        async def look_up(session: IndexSession) -> tuple[int, str]:
            await site.look_up(session)
            runs = await session.query(Index.runs)
            return await session.query(Index.total_bytes), runs_text(runs)

        of_cache = await self._of_index(look_up)
        hashing = site.audit if audit else site.hash_new_copies
        await hashing(self._tools.store)
        await judge_offline(site, self._tools)
        await to_its_end(self._note_edition, site.catalog, of_cache)

    def _note_edition(self, catalog: Catalog, of_cache: tuple[int, str]) -> None:
        is_first = self.edition is None
        images.renew(catalog)
        known = (catalog.about("cache_bytes"), catalog.about("runs"))
        if is_first or said.has_changed(catalog) or known != of_cache:
            self._noted = f"{self._mark}-{next(self._numbers)}"
            catalog.note(**Edition(self._noted, time.time(), *of_cache)._asdict())
        if is_first:
            said.watch(catalog)

    def _prepare(self) -> None:
        """Count what the first readers of an edition would wait for."""
        with self.moment() as catalog:
            catalog.overview(_PROBLEMS)
            catalog.host_states(0, _HOSTS)

    async def _of_index(self, work: Callable[[IndexSession], Awaitable[T]]) -> T:
        """Something of the index; where that is damaged, of the manifest."""
        try:
            found = await work(self._tools.session)
        except LocalError:
            self.damage = await to_its_end(recovery.inspect, self._tools.store)
            if self.damage is None:
                raise
            return await work(self._manifest)
        self.damage = None
        return found
