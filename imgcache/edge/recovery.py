"""A lost or damaged index, made again from the manifest and the images; no network."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from imgcache.core import manifest
from imgcache.core.gate import WebUrl, parse_web
from imgcache.core.layout import INDEX, TMP
from imgcache.edge.database import damage
from imgcache.edge.durable import local_errors, make_folder, temp_name
from imgcache.edge.index import Index
from imgcache.edge.store import Store
from imgcache.model import ImageFacts, UrlFacts

_BESIDE = ("-wal", "-shm", "-journal")
# No file has this mtime, so that each one is hashed.
_NO_MTIME = -1


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of an index that was lost or damaged.

    `reason` says what was wrong with it; it then lies beside the new one as `moved_to`, both None
    where there was no index. Of `listed` manifest rows `kept` had a sound file.
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
    with local_errors(INDEX):
        lost = not os.path.lexists(path) or (path.is_file() and path.lstat().st_size == 0)
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


def _move_aside(path: Path) -> str:
    """Move the index and what belongs to it; a log that stayed would be taken for the new one's."""
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
    with Index.open(temp) as index:
        kept = _refill(index, store, listed)
    with local_errors(INDEX), make_folder(store.root) as folder:
        temp.replace(store.root / INDEX)
        os.fsync(folder)
    return kept


def _refill(index: Index, store: Store, listed: tuple[manifest.Row, ...]) -> int:
    images: dict[str, ImageFacts | None] = {}
    spellings: dict[str, str] = {}
    urls: dict[str, UrlFacts] = {}
    kept = 0
    for spelling, claimed in listed:
        url = parse_web(spelling)
        if claimed.sha256 not in images:
            images[claimed.sha256] = _found(store, claimed)
        if isinstance(url, WebUrl) and images[claimed.sha256] is not None:
            spellings[spelling] = url.href
            # Without an answer it is stale, and asked again without validators.
            urls[url.href] = UrlFacts(url.href, 0.0, claimed.sha256)
            kept += 1
    index.record(urls.values(), filter(None, images.values()), spellings)
    return kept


def _found(store: Store, claimed: ImageFacts) -> ImageFacts | None:
    """The facts of an image whose file holds the bytes that the manifest claims."""
    mtime_ns = store.sound_mtime(replace(claimed, mtime_ns=_NO_MTIME))
    if mtime_ns is None:
        return None
    lengths = (
        (small, store.thumbnail_bytes(claimed.sha256, small)) for small in claimed.thumbnails
    )
    thumbnails = tuple(replace(small, bytes=n) for small, n in lengths if n is not None)
    return replace(claimed, mtime_ns=mtime_ns, thumbnails=thumbnails)
