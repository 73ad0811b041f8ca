"""Composition root: builds the parts of a run, each from its own section of the settings."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.edge.cache.home import refuse_foreign
from imgcache.edge.cache.lock import CacheLock
from imgcache.edge.cache.storage import Storage, storage_of
from imgcache.edge.decoder.pool import DecodePool
from imgcache.edge.http.exchange import Fetches, NoFetcher
from imgcache.edge.http.on_demand import FetcherOnDemand
from imgcache.edge.index import recovery
from imgcache.edge.index.index import Index
from imgcache.edge.index.reading import IndexReader
from imgcache.edge.index.recovery import Recovery
from imgcache.edge.safe_fs import was_unsynced
from imgcache.engine.run.beside.processes import ALONE, Beside
from imgcache.engine.run.index_session import IndexSession, ReopeningIndexSession
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.places import places
from imgcache.engine.run.tasks import to_its_end
from imgcache.errors import ConfigError, LocalError

if TYPE_CHECKING:
    from imgcache.engine.run.beside.article_work import ArticleHelpers

_UNSYNCED = (
    "the file system can't fsync folders: all is written, but the newest files may be lost "
    "if the power fails soon; then the next run repairs the rest"
)

_OVERTAKEN = (
    "another machine has written {store} since this one did: its manifest and index are replaced "
    "now. Let one machine write, or remove {home}/index.sqlite3 first, so that its index is taken"
)


@asynccontextmanager
async def writing_tools(
    settings: Settings, listener: Listener, beside: Beside = ALONE
) -> AsyncIterator[Tools]:
    """All edges of a refresh, with the cache folder locked until they are closed.

    Raises CacheLockedError, LocalError, and ConfigError for a folder of somebody else.
    """
    store = storage_of(settings.cache)
    await asyncio.to_thread(refuse_foreign, settings.cache.folder)
    if sys.platform == "darwin":
        listener.warned("macOS holds no process to a memory limit: decoders run without one")
    messages: list[str] = []

    lock = CacheLock(settings.cache.folder)

    def open_index() -> Index:
        index, recovered = recovery.open_index(store)
        if recovered is not None:
            messages.append(_describe(recovered))
        elif lock.found_unclean:
            recovery.drop_strays(store, index)
        return index

    was_unsynced()  # by what this process did before
    with lock:
        await asyncio.to_thread(store.prepare)
        if await to_its_end(lambda: store.is_overtaken):
            listener.warned(_OVERTAKEN.format(store=store.name, home=store.home))
        if lock.made_folder:
            await asyncio.to_thread(store.ignore_own_files)
            listener.informed(_made(store))
        async with _tools_with(IndexSession(open_index), store, settings, beside) as tools:
            for message in messages:
                listener.warned(message)
            yield replace(tools, now=lock.taken_at)
            if was_unsynced():
                listener.warned(_UNSYNCED)
        await _keep_index(store, listener)
        lock.leaves_unclean = store.failed_to_publish
        if store.failed_to_publish:
            with suppress(LocalError):  # the next run tries again
                await to_its_end(store.prepare)


async def _keep_index(store: Storage, listener: Listener) -> None:
    """After the run, when the index is closed. Without it the next run still has its own."""
    try:
        await to_its_end(store.keep_index)
    except LocalError as exc:
        listener.warned(f"no copy of the index was kept beside the images: {exc}")


@asynccontextmanager
async def reading_tools(settings: Settings, beside: Beside = ALONE) -> AsyncIterator[Tools]:
    """All edges of a run that writes nothing: the index is read as it is, else the manifest."""
    store = storage_of(settings.cache)
    with IndexReader(store) as reader:
        async with _tools_with(IndexSession(reader.open), store, settings, beside) as tools:
            yield tools


@asynccontextmanager
async def serving_tools(settings: Settings) -> AsyncIterator[Tools]:
    """As `reading_tools`, for as long as a service runs: each query sees the current index."""
    store = storage_of(settings.cache)
    with IndexReader(store) as reader:
        async with _tools_with(ReopeningIndexSession(reader.open), store, settings) as tools:
            yield tools


@asynccontextmanager
async def offline_tools(settings: Settings, beside: Beside = ALONE) -> AsyncIterator[Tools]:
    """As `reading_tools`, for offline runs: no HTTP client is created."""
    store = storage_of(settings.cache)
    with IndexReader(store) as reader:
        async with (
            IndexSession(reader.open) as session,
            DecodePool(settings.limits, places(settings).decoders) as pool,
        ):
            yield Tools(NoFetcher(), pool, store, session, helpers=beside.helpers)


@asynccontextmanager
async def _tools_with(
    session: IndexSession,
    store: Storage,
    settings: Settings,
    beside: Beside = ALONE,
) -> AsyncIterator[Tools]:
    async with (
        session,
        DecodePool(settings.limits, places(settings).decoders) as pool,
        beside.requests or FetcherOnDemand(settings.fetch) as fetcher,
    ):
        yield Tools(fetcher, pool, store, session, helpers=beside.helpers)


@asynccontextmanager
async def holdings(
    settings: Settings,
    listener: Listener,
    open_index: Callable[[Storage], Index] | None = None,
) -> AsyncIterator[tuple[Storage, IndexSession]]:
    """What the cache holds, for commands that only read it; raises LocalError.

    `listener` hears of a cache that is not there. `open_index`: how the index is opened, where not
    as all readers do.
    """
    store = storage_of(settings.cache)
    if not await to_its_end(lambda: store.is_begun):
        listener.warned(_absent(store))
    with IndexReader(store) as reader:
        opening = reader.open if open_index is None else partial(open_index, store)
        async with IndexSession(opening) as session:
            yield store, session


def refuse_absent(store: Storage) -> None:
    """Raise ConfigError where there is no cache: probably another folder is meant."""
    if not store.is_begun:
        raise ConfigError(_absent(store))


def _absent(store: Storage) -> str:
    return (
        f"{store.name}: there is no cache yet, neither an index nor a manifest; name the right "
        "folder with --cache-dir or in cache.dir, or say imgcache refresh first"
    )


def _made(store: Storage) -> str:
    if store.folder is None:
        return f"made {store.home}/ for the index; images and thumbnails are kept in {store.name}"
    return (
        f"made {store.name} with a .gitignore for the index: commit the folder to keep the images "
        "with the site, or name it in the site's .gitignore"
    )


def _describe(recovered: Recovery) -> str:
    if recovered.is_copy:
        lost = "was not on this machine"
        if recovered.reason is not None:
            lost = f"was damaged ({recovered.reason}; kept as {recovered.moved_to})"
        return f"the cache's index {lost}; the copy that lies beside the images was taken"
    made = f"made again: {recovered.kept} of {recovered.listed} images of the manifest are sound"
    if recovered.reason is None:
        return f"the cache's index was lost, and {made}"
    return (
        f"the cache's index was damaged ({recovered.reason}; kept as {recovered.moved_to}), {made}"
    )


class Tools(Struct, frozen=True):
    """Open and ready; closed by the context that opened them.

    `now` (ns): the cache folder's clock when it was locked, 0 for readers.
    """

    fetcher: Fetches
    pool: DecodePool
    store: Storage
    session: IndexSession
    now: int = 0
    helpers: ArticleHelpers | None = None
