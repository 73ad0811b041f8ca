"""Recovery of a lost or damaged index from the manifest and the images; no network.

A refresh makes a new file. Readers, which must not write, read the manifest into memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from imgcache.core.cache import manifest
from imgcache.core.cache.garbage import known_paths
from imgcache.core.cache.layout import INDEX, TMP
from imgcache.core.http.url import WebUrl, parse_web
from imgcache.edge.cache.files import kept_files
from imgcache.edge.cache.store import Store
from imgcache.edge.index import scans
from imgcache.edge.index.connection import damage, reading_mode
from imgcache.edge.index.index import Index
from imgcache.edge.safe_fs import local_errors, make_folder, sync_folder, temp_name
from imgcache.facts import ImageFacts, UrlFacts

_BESIDE = ("-wal", "-shm", "-journal")


class Recovery(Struct, frozen=True):
    """The recovery of an index that was lost or damaged.

    `reason` says what was wrong with it; it is then kept beside the new one as `moved_to`. Both
    are None where there was no index. Of `listed` manifest rows `kept` had a sound file.
    """

    reason: str | None
    moved_to: str | None
    listed: int
    kept: int


def open_index(store: Store) -> tuple[Index, Recovery | None]:
    """The writer's index of a prepared store; needs the cache's lock.

    The second is None when nothing had to be made again.

    Raises:
        LocalError: The index can't be read or written, or a newer imgcache has made it.
    """
    path = store.root / INDEX
    lost = _is_lost(path)
    reason = None if lost else damage(path)
    if not lost and reason is None:
        return Index.open(path), None
    listed = manifest.parse(store.read_manifest())
    moved_to = _move_aside(path)
    kept = _rebuild(store, listed)
    if reason is None and not listed:
        return Index.open(path), None
    report = Recovery(reason, moved_to if reason else None, len(listed), kept)
    return Index.open(path), report


def drop_strays(store: Store, index: Index) -> None:
    """Delete files that a killed run published but did not record; needs the cache's lock.

    Files that the manifest lists stay, too: both may come from another machine.

    Raises:
        LocalError: The cache folder can't be read or written.
    """
    known = known_paths(scans.images(index))
    known |= known_paths(row.image for row in manifest.parse(store.read_manifest()))
    for file in kept_files(store.root):
        if file.path not in known:
            store.drop(file.path)


def open_readonly(store: Store) -> Index:
    """A reader's index. Where there is none, the manifest gives what a refresh would recover.

    A fresh clone may hold images and manifest only. Nothing is written and no image hashed:
    readers check each copy by its hash before they call it sound.

    Raises:
        LocalError: The index or the manifest can't be read.
    """
    path = store.root / INDEX
    return open_manifest(store) if _is_lost(path) else Index.open_readonly(path)


def open_manifest(store: Store) -> Index:
    """The manifest's content, as an index in memory. Raises LocalError."""
    index = Index.in_memory()
    _refill(index, manifest.parse(store.read_manifest()), partial(_with_thumbnails, store))
    return index


def inspect(store: Store) -> str | None:
    """What is wrong with the index, None for a sound one or none at all; writes nothing.

    Raises:
        LocalError: It can't be read.
    """
    path = store.root / INDEX
    return None if _is_lost(path) else damage(path, reading_mode(path))


def _is_lost(path: Path) -> bool:
    with local_errors(INDEX):
        return not os.path.lexists(path) or (path.is_file() and path.lstat().st_size == 0)


def _move_aside(path: Path) -> str:
    """Move the index and its side files; SQLite would apply a log that stayed to the new one."""
    damaged = f"{path.name}.damaged"
    with local_errors(path.name):
        for suffix in ("", *_BESIDE):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(path.with_name(damaged + suffix))
    return damaged


def _rebuild(store: Store, listed: tuple[manifest.Row, ...]) -> int:
    """Make a whole index in `tmp/` and move it into place: a crash leaves none, not half of one."""
    temp = store.root / TMP / temp_name()
    with local_errors(TMP), make_folder(store.root, TMP):
        pass
    try:
        with Index.open(temp) as index:
            kept = _refill(index, listed, partial(_found, store))
        with local_errors(INDEX), make_folder(store.root) as folder:
            temp.replace(store.root / INDEX)
            sync_folder(folder)
    except BaseException:
        with local_errors(TMP):
            for suffix in ("", *_BESIDE):
                temp.with_name(temp.name + suffix).unlink(missing_ok=True)
        raise
    return kept


def _refill(
    index: Index,
    listed: tuple[manifest.Row, ...],
    confirm: Callable[[ImageFacts], ImageFacts | None],
) -> int:
    """Record what the manifest lists, if `confirm` finds its file; returns the number of rows."""
    images: dict[str, ImageFacts | None] = {}
    spellings: dict[str, str] = {}
    urls: dict[str, UrlFacts] = {}
    kept = 0
    for spelling, claimed in listed:
        url = parse_web(spelling)
        if claimed.sha256 not in images:
            images[claimed.sha256] = confirm(claimed)
        if isinstance(url, WebUrl) and images[claimed.sha256] is not None:
            spellings[spelling] = url.href
            # Without a response it is stale, and is requested again without validators.
            urls[url.href] = UrlFacts(url.href, 0.0, claimed.sha256)
            kept += 1
    index.record(urls.values(), filter(None, images.values()), spellings)
    return kept


def _found(store: Store, claimed: ImageFacts) -> ImageFacts | None:
    """The facts of an image whose file holds the bytes that the manifest claims."""
    image = store.hashed_image(claimed)
    return None if image is None else _with_thumbnails(store, image)


def _with_thumbnails(store: Store, claimed: ImageFacts) -> ImageFacts:
    """The claimed facts with those thumbnails that have a file, and its length."""
    lengths = (
        (small, store.thumbnail_bytes(claimed.sha256, small)) for small in claimed.thumbnails
    )
    thumbnails = tuple(replace(small, bytes=n) for small, n in lengths if n is not None)
    return replace(claimed, thumbnails=thumbnails)
