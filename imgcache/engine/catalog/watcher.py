"""Keeps a catalog current while a service runs, without anybody waiting for it.

A look costs a `stat` of each article and of the index; what has changed is read and judged, and
now and then each cached file is looked at. All of it is one transaction: readers see the catalog
as it was before, or as it is now.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.catalog import Catalog
from imgcache.edge.articles import files
from imgcache.edge.os_errors import temporary_errors
from imgcache.engine.catalog.current import CurrentCatalog
from imgcache.engine.run.articles import chosen
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.wiring import Tools
from imgcache.errors import ImgcacheError

# Seconds between two looks; at least as many as a look at all articles takes.
_PAUSE = 0.7
# How long a cached file that somebody deleted or damaged may go unnoticed, in seconds.
_AUDIT = 60.0


class CatalogWatcher:
    """`edition` is that of the newest catalog, None until there is one; then `ready` is set."""

    def __init__(self, current: CurrentCatalog, listener: Listener) -> None:
        self.edition: str | None = None
        self.ready = asyncio.Event()
        self._current = current
        self._listener = listener
        self._audited = -math.inf
        self._taken = 0.0
        self._is_over = False
        self._told: dict[str, str | None] = {}
        self._noted: set[str] = set()
        self._busy = asyncio.Lock()

    def moment(self) -> AbstractContextManager[Catalog]:
        """The catalog as it is now, for a reader in any thread. Raises LocalError."""
        return self._current.moment()

    async def keep(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(max(_PAUSE, self._taken))

    async def look(self) -> None:
        """Bring the catalog up to date.

        What goes wrong is told once, and the catalog stays as it was.
        """
        async with self._busy:
            try:
                await self._look()
            except ImgcacheError as exc:
                self._tell("trouble", f"the catalogue stays as it was: {exc}")
            except Exception as exc:  # noqa: BLE001  a slip of ours costs one look only
                slip = f"{type(exc).__name__}: {exc}"
                self._tell("trouble", f"imgcache itself failed ({slip}); please report it")
            else:
                self._told["trouble"] = None

    async def _look(self) -> None:
        # What was kept was looked at when it was made; nobody has to wait for that.
        audit = self.edition is not None and time.monotonic() >= self._audited + _AUDIT
        began = time.monotonic()
        await self._current.look(audit=False)
        if self.edition is not None:  # the first look reads every article
            self._taken = time.monotonic() - began
        if audit:
            # What was saved does not wait for all the files of the cache.
            self.edition = self._current.edition
            await self._current.look(audit=True)
            self._audited = began
        for note in self._current.notes:
            if note not in self._noted:
                self._listener.warned(note)
        self._noted.update(self._current.notes)
        damage = self._current.damage
        self._tell("damage", damage and _damaged(damage))
        self.edition = self._current.edition
        self.ready.set()

    def stop(self) -> None:
        """Let a look that is under way end soon; that it fails then is no news."""
        self._is_over = True
        self._current.stop()

    def _tell(self, about: str, message: str | None) -> None:
        if message is not None and not self._is_over and message != self._told.get(about):
            self._listener.warned(message)
        self._told[about] = message


def _damaged(reason: str) -> str:
    return (
        f"the cache's index is damaged ({reason}): the manifest stands in for it, without what "
        "origins answered; run imgcache refresh, which makes it again"
    )


@asynccontextmanager
async def watched_catalog(
    settings: Settings, tools: Tools, listener: Listener | None = None
) -> AsyncIterator[CatalogWatcher]:
    """A watcher of the configured articles at work; it ends with the context.

    Raises ConfigError for a configured PATH that is not there, and LocalError without a folder
    for temporary files.
    """
    paths = chosen((), settings)
    await asyncio.to_thread(files.check, paths)
    with _folder() as folder:
        current = CurrentCatalog(paths, settings, tools, folder)
        watcher = CatalogWatcher(current, listener or Listener())
        keeping = asyncio.create_task(watcher.keep())
        try:
            yield watcher
        finally:
            keeping.cancel()
            watcher.stop()
            await asyncio.wait({keeping})
            current.close()


@contextmanager
def _folder() -> Iterator[Path]:
    with temporary_errors("no room for the catalog's working copy"):
        folder = tempfile.TemporaryDirectory(prefix="imgcache-", ignore_cleanup_errors=True)
    with folder as name:
        yield Path(name)
