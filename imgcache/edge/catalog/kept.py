"""The kept catalog: found beside the index, checked, and replaced by a newer one."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct

import imgcache
import imgcache.version
from imgcache.config import Settings
from imgcache.core.cache.layout import CATALOG, TMP
from imgcache.edge.cache.storage import Storage
from imgcache.edge.catalog import images
from imgcache.edge.catalog.database import Catalog, version
from imgcache.edge.catalog.schema import VERSION
from imgcache.edge.index import changes
from imgcache.edge.index.changes import KeptCatalog
from imgcache.edge.index.index import Index
from imgcache.edge.safe_fs import (
    digest_of,
    identity_of,
    local_errors,
    open_existing,
    open_folder,
    text_of,
)

# A catalog of many more files than a run looks at is not worth its copying.
_SHARE = 4
# On a disk with less room than this, images and index have it for themselves.
_ROOM = 16 * 1024 * 1024


T = TypeVar("T", bound=Catalog)
Opening = Callable[[Path | None], T]


class Opened(Struct, Generic[T], frozen=True):
    """The catalog to begin with, and what was wrong with the kept one (None: nothing).

    `former` is the kept one, to be read only, where it was not worth its copying.
    """

    catalog: T
    trouble: str | None = None
    former: Catalog | None = None

    def close(self) -> None:
        """Close both."""
        self.catalog.close()
        if self.former is not None:
            self.former.close()


def working_folder(store: Storage) -> Path | None:
    """The folder for the working copy of a run that keeps it; None where the disk is nearly full.

    What is not kept is made again by the next run, but a working copy that gets no more room
    would end this one. Raises LocalError.
    """
    folder = store.home / TMP
    with local_errors(TMP):
        room = os.statvfs(folder)
    return folder if room.f_bavail * room.f_frsize >= _ROOM else None


def open_catalog(
    store: Storage, index: Index, settings: Settings, files: int | None, opening: Opening[T]
) -> Opened[T]:
    """The kept catalog where it is worth having for a run of so many files, else an empty one.

    None: it is, however many files there are.
    `opening` opens a kept file, or makes an empty catalog. What other settings have judged has to
    be judged again. Raises LocalError.
    """
    kept, trouble = _checked(store, index)
    catalog, former = opening(kept), None
    try:
        if kept is not None and catalog.about("code") != code():
            catalog.clear()
            trouble = "is of another version"
        elif kept is not None and catalog.about("read_by") != _reading(settings):
            catalog.clear()
        elif kept is not None and not _is_worth_it(catalog, files):
            catalog.clear()
            former = Catalog(kept)
        catalog.note(code=code(), read_by=_reading(settings))
        if catalog.about("judged_by") != _judging(settings):
            with catalog.writing() as connection:
                connection.execute("UPDATE entries SET judged = NULL")
                connection.execute("UPDATE places SET evidence = NULL")
            catalog.note(judged_by=_judging(settings))
        images.watch(catalog)
    except BaseException:
        catalog.close()
        raise
    return Opened(catalog, trouble, former)


def _is_worth_it(catalog: Catalog, files: int | None) -> bool:
    if files is None:
        return True
    known: int = catalog.value("SELECT count(*) FROM articles")
    return files * _SHARE >= known


def _checked(store: Storage, index: Index) -> tuple[Path | None, str | None]:
    """The kept file if it is what was written, and why it is not used."""
    record = changes.kept_catalog(index)
    path = store.home / CATALOG
    # A copy of the index may have come without the folder that it lay in.
    if record is None or not os.path.lexists(path):
        return None, None
    with local_errors(CATALOG), open_folder(store.home) as folder:
        file = open_existing(folder, CATALOG)
        if file is None:
            return None, None
        try:
            is_same = _identity(file) == record.identity or digest_of(file) == record.digest
        finally:
            os.close(file)
    if not is_same:
        return None, "was damaged"
    return (path, None) if version(path) == VERSION else (None, "is of another version")


def keep(catalog: Catalog, store: Storage, index: Index) -> None:
    """Make the working copy the kept catalog, durably; nothing is done without one.

    Raises LocalError; then there may be no kept catalog.
    """
    if catalog.path is not None:
        images.prepare(catalog)
    path = catalog.settle()
    if path is None:
        return
    changes.keep_catalog(index, None)
    with local_errors(CATALOG), open_folder(store.home, TMP) as tmp:
        file = open_existing(tmp, path.name)
        if file is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        try:
            # The bytes have to be durable before anybody trusts them, the name need not be.
            os.fsync(file)
            _rename(store.home, tmp, path.name)
            changes.keep_catalog(index, KeptCatalog(_identity(file), digest_of(file)))
        finally:
            os.close(file)


def _rename(root: Path, tmp: int, name: str) -> None:
    with open_folder(root) as folder:
        os.rename(name, CATALOG, src_dir_fd=tmp, dst_dir_fd=folder)


def _identity(file: int) -> str:
    return text_of(identity_of(os.fstat(file)))


def _reading(settings: Settings) -> str:
    """What the declared entries were made by, beside the articles."""
    limits = settings.limits
    parsing = (limits.front_matter, limits.depth, limits.nodes)
    # In JSON a date to skip would be the text to skip.
    read_by = (*parsing, settings.exclude, settings.required, str(settings.skip))
    found_by = settings.model_dump(mode="json", include={"images", "body"})
    return _fingerprint(found_by, read_by)


def _judging(settings: Settings) -> str:
    """What the results were made by, beside entries and facts."""
    return _fingerprint(
        settings.tolerance,
        settings.on_mismatch,
        settings.severity.model_dump(mode="json"),
        settings.limits.model_dump(mode="json"),
        str(settings.site_root),
        settings.fetch.max_bytes,
        settings.fail_after,
        settings.drift.model_dump(mode="json"),
        [one.model_dump(mode="json") for one in settings.rules],
        _rules_folder(settings),
    )


def _rules_folder(settings: Settings) -> str | None:
    """Where rules about articles look from, as seen from the site: both may be moved together."""
    if all(one.articles is None for one in settings.rules):
        return None
    site = os.path.realpath(settings.site)
    return os.path.relpath(os.path.realpath(settings.folder), site)


def _fingerprint(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


@cache
def code() -> str:
    """The fingerprint of this program: a build of the same version may judge otherwise."""
    lengths: list[tuple[str, int]] = []
    folders = [os.path.dirname(imgcache.__file__)]  # noqa: PTH120  a third of the time
    while folders:
        with os.scandir(folders.pop()) as listing:
            for entry in listing:
                if entry.name.endswith(".py"):
                    lengths.append((entry.path, entry.stat().st_size))
                elif entry.is_dir():
                    folders.append(entry.path)
    return _fingerprint(VERSION, imgcache.version.VERSION, sorted(lengths))
