"""A catalog that many read while one writes: each reader sees one moment, and waits for nobody."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from imgcache.edge.catalog.database import Catalog, Reading, catalog_errors, connect
from imgcache.edge.os_errors import temporary_errors
from imgcache.edge.safe_fs import temp_name

# KiB of pages that a reader keeps, and how many readers are kept open.
_READERS_PAGES = 2_000
_READERS = 4
# Readers see the file as it was before what is being written; in bytes, what is kept of that.
_SHARED = ("journal_mode = WAL", "journal_size_limit = 16000000", "synchronous = OFF")
_NO_ROOM = "no room for the catalog's working copy"
# SQLite asks after so many of its steps whether to go on.
_STEPS = 10_000


class SharedCatalog(Catalog):
    """A catalog whose working copy is there from the beginning, for `moment` in other threads.

    What is written with `update` is seen by the moments that begin after it. `folder` is for the
    working copy, and must be removed by its owner when all is closed.
    """

    pragmas: ClassVar[tuple[str, ...]] = ()

    def __init__(self, kept: Path | None, folder: Path) -> None:
        self._idle: list[sqlite3.Connection] = []
        self._is_over = False
        super().__init__(kept, folder)

    def close(self) -> None:
        """Close it; a moment that is still there comes to its end."""
        self._is_over = True
        while self._idle:
            self._idle.pop().close()
        super().close()

    def clear(self) -> None:
        """Begin anew, with nothing in it; that is not its end."""
        is_over = self._is_over
        super().clear()
        self._is_over = is_over

    def stop(self) -> None:
        """Make what is being written fail soon, because nobody needs it any more. Any thread."""
        self._is_over = True

    @contextmanager
    def update(self) -> Iterator[None]:
        """All that is written meanwhile is one transaction, or none of it is written."""
        try:
            with self.together():
                yield
        except BaseException:
            if self._connection.in_transaction:
                with catalog_errors():
                    self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def moment(self) -> Iterator[Reading]:
        """The catalog as it is now, however it changes meanwhile. Any thread. Raises LocalError."""
        connection = self._reader()
        try:
            with catalog_errors():
                connection.execute("BEGIN")
            yield Reading(connection)
        finally:
            with catalog_errors():
                connection.execute("ROLLBACK")
            if self._is_over or len(self._idle) >= _READERS:
                connection.close()
            else:
                self._idle.append(connection)

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            assert self.path is not None  # noqa: S101  it is there from the beginning
            return connect(f"{self.path.absolute().as_uri()}?mode=ro", _READERS_PAGES)

    def temporary(self, statement: str, rows: Iterable[Sequence[Any]] = ((),)) -> None:
        """As for any catalog; nothing has to be remembered, as this one is copied only once."""
        self._repeat([(statement, list(rows))])

    def _as_kept(self, kept: Path) -> sqlite3.Connection:
        assert self._folder is not None  # noqa: S101  it was given
        self.path = self._folder / temp_name()
        with temporary_errors(_NO_ROOM):
            shutil.copyfile(kept, self.path)
        self._kept = None
        return self._shared(connect(self.path.absolute().as_uri()))

    def _copied(self, source: sqlite3.Connection | None) -> sqlite3.Connection:
        return self._shared(super()._copied(source))

    def _shared(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        with catalog_errors():
            for pragma in _SHARED:
                connection.execute(f"PRAGMA {pragma}")
        connection.set_progress_handler(lambda: self._is_over, _STEPS)
        return connection
