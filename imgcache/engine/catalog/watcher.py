"""Keeps a catalogue current while a service runs, without anybody waiting for it.

What is looked at is cheap to look at: the identity of the index's files, of each article, and now
and then of each cached file. Looking takes a twentieth of the time at most.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.cache.layout import INDEX
from imgcache.core.catalog import Catalog
from imgcache.edge.articles import files
from imgcache.edge.index import connection
from imgcache.engine.catalog.builder import CatalogBuilder
from imgcache.engine.run.articles import chosen
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.wiring import Tools
from imgcache.errors import ImgcacheError

_LEAST_PAUSE = 2.0
_SHARE = 20
# How long a cached file that somebody deleted or damaged may go unnoticed, in seconds.
_AUDIT = 60.0


class CatalogWatcher:
    """`catalogue` is the newest one, None until the first is made; then `ready` is set."""

    def __init__(self, builder: CatalogBuilder, index: Path, listener: Listener) -> None:
        self.catalog: Catalog | None = None
        self.ready = asyncio.Event()
        self._cataloguer = builder
        self._index = index
        self._listener = listener
        self._seen: object = None
        self._audited = 0.0
        self._trouble: str | None = None
        self._noted: set[str] = set()
        self._busy = asyncio.Lock()

    async def keep(self) -> None:
        """Look again and again, until cancelled."""
        # The first look reads every article, and tells nothing of what the next ones cost.
        await self.look()
        pause = _LEAST_PAUSE
        while True:
            await asyncio.sleep(pause)
            began = time.monotonic()
            await self.look()
            pause = max(_LEAST_PAUSE, _SHARE * (time.monotonic() - began))

    async def look(self) -> None:
        """Make the catalogue anew if something has changed, or an audit is due.

        What goes wrong is told once, and the catalogue stays as it was.
        """
        async with self._busy:
            try:
                await self._look()
            except ImgcacheError as exc:
                self._tell(str(exc))
            except Exception as exc:  # noqa: BLE001  a slip of ours costs one look only
                slip = f"{type(exc).__name__}: {exc}"
                self._tell(f"imgcache itself failed ({slip}); please report it")
            else:
                self._trouble = None

    async def _look(self) -> None:
        # Before the index is read: a commit meanwhile is seen next time.
        seen = await asyncio.to_thread(connection.identity, self._index)
        changed = await self._cataloguer.survey()
        for note in self._cataloguer.notes:
            if note not in self._noted:
                self._listener.warned(note)
        self._noted.update(self._cataloguer.notes)
        due = time.monotonic() >= self._audited + _AUDIT
        if changed or due or seen != self._seen or self.catalog is None:
            with _no_long_pause():
                await self._replace(await self._cataloguer.catalog())
            self._seen, self._audited = seen, time.monotonic()

    async def _replace(self, new: Catalog) -> None:
        """An edition that says nothing new would only cost its readers a download."""
        old = self.catalog
        if old is None or not await asyncio.to_thread(new.says_the_same_as, old):
            self.catalog = new
            self.ready.set()
            # Only now: what is garbage at this moment, of readers that came meanwhile, stays.
            gc.freeze()

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._listener.warned(f"the catalogue stays as it was: {trouble}")
        self._trouble = trouble


@contextmanager
def _no_long_pause() -> Iterator[None]:
    """Keep the garbage collector away from a catalogue of a million objects, none of it garbage.

    A full collection would stop every answer for half a second, again and again.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def catalog_now(
    paths: Sequence[Path], settings: Settings, tools: Tools, listener: Listener | None = None
) -> Catalog:
    """One catalogue, as of now. Raises ConfigError for a PATH that is not there, and LocalError."""
    builder = CatalogBuilder(chosen(paths, settings), settings, tools)
    await builder.survey()
    for note in builder.notes:
        (listener or Listener()).warned(note)
    return await builder.catalog()


@asynccontextmanager
async def watched_catalog(
    settings: Settings, tools: Tools, listener: Listener | None = None
) -> AsyncIterator[CatalogWatcher]:
    """A curator of the configured articles at work; it ends with the context.

    Raises ConfigError for a configured PATH that is not there.
    """
    paths = chosen((), settings)
    await asyncio.to_thread(files.check, paths)
    builder = CatalogBuilder(paths, settings, tools)
    watcher = CatalogWatcher(builder, settings.cache.dir / INDEX, listener or Listener())
    keeping = asyncio.create_task(watcher.keep())
    try:
        yield watcher
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
