"""Index for readers: the one on this disk; else the copy beside the images; else the manifest.

Nothing is written where the cache lies. A copy is downloaded once, and again when it has changed.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from imgcache.core.cache.layout import INDEX, MANIFEST
from imgcache.edge.cache.storage import Storage
from imgcache.edge.index import connection, recovery
from imgcache.edge.index.index import Index
from imgcache.edge.os_errors import temporary_errors
from imgcache.edge.safe_fs import temp_name


class IndexReader:
    """Opens the index of a storage, as often as asked; a context manager that removes the copy."""

    def __init__(self, store: Storage) -> None:
        self._store = store
        self._files = ExitStack()
        self._folder: Path | None = None
        self._copy: Path | None = None
        self._mark = ""
        self._turn = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.close()

    def open(self) -> Index:
        """The index as it is now. Raises LocalError."""
        if self._store.folder is None and recovery.is_lost(self._store.home / INDEX):
            with self._turn:
                copy = self._latest()
                if copy is not None:
                    return Index.open_readonly(copy)
        return recovery.open_readonly(self._store)

    def _latest(self) -> Path | None:
        """The copy as it is now; None where there is no sound one."""
        mark = self._store.marks((INDEX,))[INDEX]
        if mark != self._mark:
            self._copy = self._downloaded() if mark else None
            self._mark = mark
        return self._copy

    def _downloaded(self) -> Path | None:
        with temporary_errors("no temporary folder can be made for the index"):
            if self._folder is None:
                made = tempfile.TemporaryDirectory(prefix="imgcache-")
                self._folder = Path(self._files.enter_context(made))
            if self._copy is not None:
                self._copy.unlink()  # whoever reads it has it open
        target = self._folder / temp_name()
        if not self._store.take_index(target):
            return None
        return (
            target if connection.damage(target, connection.reading_mode(target)) is None else None
        )


def identity(store: Storage) -> object:
    """What changes when readers would find another index. Raises LocalError."""
    path = store.home / INDEX
    if store.folder is not None or not recovery.is_lost(path):
        return connection.identity(path)
    return store.marks((INDEX, MANIFEST))
