"""Recovery of a lost or damaged index from its copy, or from the manifest and the images.

A refresh makes a new file. Readers, which must not write, read the manifest into memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from imgcache.core.cache import manifest
from imgcache.core.cache.garbage import known_paths
from imgcache.core.cache.layout import INDEX, TMP, content_paths, image_path
from imgcache.core.http.url import WebUrl, parse_web
from imgcache.edge.cache.storage import Storage
from imgcache.edge.index import scans
from imgcache.edge.index.connection import damage, reading_mode
from imgcache.edge.index.index import Index
from imgcache.edge.safe_fs import local_errors, make_folder, sync_folder, temp_name
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.units import batches

_BATCH = 500
_BESIDE = ("-wal", "-shm", "-journal")


class Recovery(Struct, frozen=True):
    """The recovery of an index that was lost or damaged.

    `reason` says what was wrong with it; it is then kept beside the new one as `moved_to`. Both
    are None where there was no index. Of `listed` manifest rows `kept` had a sound file; or else
    the index `is_copy` of that which an object store keeps beside the images.
    """

    reason: str | None
    moved_to: str | None
    listed: int
    kept: int
    is_copy: bool = False


def open_index(store: Storage) -> tuple[Index, Recovery | None]:
    """The writer's index of a prepared store; needs the cache's lock.

    The second is None when nothing had to be made again.

    Raises:
        LocalError: The index can't be read or written, or a newer imgcache has made it.
    """
    path = store.home / INDEX
    lost = is_lost(path)
    reason = None if lost else damage(path)
    if not lost and reason is None:
        return Index.open(path), None
    copy = _copy(store)
    if copy is not None:
        moved_to = _move_aside(path)
        _put_in_place(copy, path)
        return Index.open(path), Recovery(reason, moved_to if reason else None, 0, 0, is_copy=True)
    listed = manifest.parse(store.read_manifest())
    moved_to = _move_aside(path)
    kept = _rebuild(store, listed)
    if reason is None and not listed:
        return Index.open(path), None
    report = Recovery(reason, moved_to if reason else None, len(listed), kept)
    return Index.open(path), report


def drop_strays(store: Storage, index: Index) -> None:
    """Delete files that a killed run published but did not record; needs the cache's lock.

    Files that the manifest lists stay, too: both may come from another machine. Those in an object
    store, where others may be at work, are left to `cache gc`.

    Raises:
        LocalError: The cache folder can't be read or written.
    """
    if store.folder is None:
        return
    known = known_paths(scans.images(index))
    known |= known_paths(row.image for row in manifest.parse(store.read_manifest()))
    store.drop(*(file.path for file in store.files() if file.path not in known))


def open_readonly(store: Storage) -> Index:
    """A reader's index. Where there is none, the manifest gives what a refresh would recover.

    A fresh clone may hold images and manifest only. Nothing is written and no image hashed:
    readers check each copy by its hash before they call it sound.

    Raises:
        LocalError: The index or the manifest can't be read.
    """
    path = store.home / INDEX
    return open_manifest(store) if is_lost(path) else Index.open_readonly(path)


def open_manifest(store: Storage) -> Index:
    """The manifest's content, as an index in memory. Raises LocalError."""
    index = Index.in_memory()
    _refill(index, manifest.parse(store.read_manifest()), lambda some: _claimed(store, some))
    return index


def inspect(store: Storage) -> str | None:
    """What is wrong with the index, None for a sound one or none at all; writes nothing.

    Raises:
        LocalError: It can't be read.
    """
    path = store.home / INDEX
    return None if is_lost(path) else damage(path, reading_mode(path))


def is_lost(path: Path) -> bool:
    """Whether there is no index at `path`. Raises LocalError."""
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


def _rebuild(store: Storage, listed: tuple[manifest.Row, ...]) -> int:
    """Make a whole index in `tmp/` and move it into place: a crash leaves none, not half of one."""
    temp = store.home / TMP / temp_name()
    with local_errors(TMP), make_folder(store.home, TMP):
        pass
    try:
        with Index.open(temp) as index:
            kept = _refill(index, listed, lambda some: _found(store, some))
        _put_in_place(temp, store.home / INDEX)
    except BaseException:
        with local_errors(TMP):
            for suffix in ("", *_BESIDE):
                temp.with_name(temp.name + suffix).unlink(missing_ok=True)
        raise
    return kept


def _copy(store: Storage) -> Path | None:
    """The index that lies beside the images, as a file in `tmp/`; None where no sound one does."""
    temp = store.home / TMP / temp_name()
    if not store.take_index(temp):
        return None
    if damage(temp) is None:
        return temp
    with local_errors(TMP):
        temp.unlink()
    return None


def _put_in_place(temp: Path, path: Path) -> None:
    with local_errors(INDEX), make_folder(path.parent) as folder:
        with temp.open("rb+") as file:
            os.fsync(file.fileno())
        temp.replace(path)
        sync_folder(folder)


def _refill(
    index: Index,
    listed: tuple[manifest.Row, ...],
    confirm: Callable[[Sequence[ImageFacts]], Iterable[ImageFacts]],
) -> int:
    """Record what the manifest lists, if `confirm` finds its file; returns the number of rows."""
    claimed = {row.image.sha256: row.image for row in reversed(listed)}
    images: dict[str, ImageFacts] = {}
    for some in batches(claimed.values(), _BATCH):
        images |= {image.sha256: image for image in confirm(some)}
    spellings: dict[str, str] = {}
    urls: dict[str, UrlFacts] = {}
    kept = 0
    for spelling, image in listed:
        url = parse_web(spelling)
        if isinstance(url, WebUrl) and image.sha256 in images:
            spellings[spelling] = url.href
            # Without a response it is stale, and is requested again without validators.
            urls[url.href] = UrlFacts(url.href, 0.0, image.sha256)
            kept += 1
    index.record(urls.values(), images.values(), spellings)
    return kept


def _found(store: Storage, claimed: Sequence[ImageFacts]) -> Iterator[ImageFacts]:
    """The facts of those images whose files hold the bytes that the manifest claims."""
    reading = store.read_at_once(image_path(one.sha256, one.format) for one in claimed)
    sound = filter(None, map(reading.hashed_image, claimed))
    return _claimed(store, tuple(sound))


def _claimed(store: Storage, claimed: Sequence[ImageFacts]) -> Iterator[ImageFacts]:
    """The claimed facts with those thumbnails that have a file, and its length."""
    looking = store.at_once(path for one in claimed for path in content_paths(one))
    for image in claimed:
        lengths = (
            (small, looking.thumbnail_bytes(image.sha256, small)) for small in image.thumbnails
        )
        there = tuple(replace(small, bytes=n) for small, n in lengths if n is not None)
        yield replace(image, thumbnails=there)
