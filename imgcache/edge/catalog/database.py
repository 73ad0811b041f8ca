"""The catalog's SQLite file: read where it is kept, copied before the first write.

A kept file is never changed, only replaced by a whole new one (kept.py): so a reader needs no
lock, sees one moment, and works on a copy of its own as soon as it has to note something.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from imgcache.core.cache.layout import CATALOG
from imgcache.edge.catalog.schema import TABLES, VERSION
from imgcache.edge.index.connection import remedy_for
from imgcache.edge.safe_fs import local_errors, temp_name
from imgcache.edge.stopping import StoppedError
from imgcache.errors import LocalError

Row = tuple[Any, ...]

_REMEDY = "run again; if it stays, remove index.sqlite3-catalog from the cache folder"
# KiB of pages that a connection keeps; the rest is in the system's page cache.
_PAGES = 8_000


class Reading:
    """Queries to an open catalog, for one thread at a time. All methods raise LocalError."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of a SELECT."""
        with catalog_errors():
            return self._connection.execute(query, parameters).fetchall()

    def each(self, query: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
        """The same, one by one; nothing may be written meanwhile."""
        with catalog_errors():
            yield from self._connection.execute(query, parameters)

    def one(self, query: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a SELECT."""
        with catalog_errors():
            found: Row | None = self._connection.execute(query, parameters).fetchone()
            return found

    def value(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        """The first value of a SELECT that has a row."""
        row = self.one(query, parameters)
        assert row is not None  # noqa: S101  the query is an aggregate
        return row[0]

    def about(self, name: str) -> Any:
        """What the catalog notes of itself under this name; None for nothing."""
        row = self.one("SELECT value FROM about WHERE name = ?", (name,))
        return None if row is None else row[0]


class Catalog(Reading):
    """A catalog to be read, and written with `writing`. A context manager; one thread at a time.

    `kept` is opened as it is; without it the catalog begins empty. `folder` gets the working
    copy, `path`; without it the copy is a temporary database of SQLite, which has no name.
    All methods raise LocalError.
    """

    # Of a file that nobody else reads, and that is thrown away after a crash.
    pragmas: ClassVar[tuple[str, ...]] = (
        "journal_mode = OFF",
        "synchronous = OFF",
        "locking_mode = EXCLUSIVE",
    )

    def __init__(self, kept: Path | None = None, folder: Path | None = None) -> None:
        self.path: Path | None = None
        self._folder = folder
        self._nested = 0
        self._temporary_statements: list[tuple[str, list[Sequence[Any]]]] = []
        self._kept = kept
        super().__init__(self._copied(None) if kept is None else self._as_kept(kept))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it, and remove the working copy."""
        self._connection.close()
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction on the working copy, which is made first."""
        if self._kept is not None:
            before, self._connection = self._connection, self._copied(self._connection)
            before.close()
            self._repeat(self._temporary_statements)
        with catalog_errors():
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN")
            self._nested += 1
            try:
                yield self._connection
            finally:
                self._nested -= 1
            if not self._nested:
                self._connection.execute("COMMIT")

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is written meanwhile is one transaction."""
        self._nested += 1
        try:
            yield
        finally:
            self._nested -= 1
        with catalog_errors():
            if not self._nested and self._connection.in_transaction:
                self._connection.execute("COMMIT")

    @contextmanager
    def kept_when_stopped(self) -> Iterator[None]:
        """As `together`, for work whose parts stand by themselves: StoppedError loses none."""
        stopped: StoppedError | None = None
        with self.together():
            try:
                yield
            except StoppedError as exc:
                stopped = exc
        if stopped is not None:
            raise stopped

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """A statement for each of some rows; nothing is copied where there are none."""
        rows = list(rows)
        if rows:
            with self.writing() as connection:
                connection.executemany(statement, rows)

    def temporary(self, statement: str, rows: Iterable[Sequence[Any]] = ((),)) -> None:
        """A statement about temporary tables and views, which no file holds."""
        if self._kept is not None:
            rows = list(rows)
            # The working copy, when it is made, needs the same.
            self._temporary_statements.append((statement, rows))
        self._repeat([(statement, rows)])

    def _repeat(self, statements: Iterable[tuple[str, Iterable[Sequence[Any]]]]) -> None:
        with catalog_errors():
            for statement, rows in statements:
                for row in rows:
                    self._connection.execute(statement, row)

    def note(self, **values: Any) -> None:
        """Note something of the catalog itself, where it differs."""
        new = {name: value for name, value in values.items() if self.about(name) != value}
        self.many("INSERT OR REPLACE INTO about VALUES (?, ?)", new.items())

    def clear(self) -> None:
        """Begin anew, with nothing in it."""
        self.close()
        self._kept = None
        self._connection = self._copied(None)

    def settle(self) -> Path | None:
        """The whole working copy, closed, to be adopted by the cache; None for nothing new."""
        path, self.path = self.path, None
        if path is not None:
            self._connection.close()
        return path

    def _as_kept(self, kept: Path) -> sqlite3.Connection:
        return connect(f"{kept.absolute().as_uri()}?mode=ro&immutable=1")

    def _copied(self, source: sqlite3.Connection | None) -> sqlite3.Connection:
        """A new working copy; nothing of it is left where it does not fit on the disk."""
        self.path = None if self._folder is None else self._folder / temp_name()
        with ExitStack() as undoing, catalog_errors():
            if self.path is not None:
                undoing.callback(self.path.unlink, missing_ok=True)
                self._copy_file(self.path)
            connection = connect("" if self.path is None else self.path.absolute().as_uri())
            undoing.callback(connection.close)
            for pragma in self.pragmas:
                connection.execute(f"PRAGMA {pragma}")
            if source is None:
                connection.executescript(TABLES)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            elif self.path is None:
                source.backup(connection)
            undoing.pop_all()
        self._kept = None
        return connection

    def _copy_file(self, path: Path) -> None:
        """As a whole: SQLite would copy it page by page, with a look at each."""
        if self._kept is not None:
            with local_errors(CATALOG):
                shutil.copyfile(self._kept, path)


def version(path: Path) -> int | None:
    """The version of the catalog in a file; None where it is none."""
    with suppress(LocalError), catalog_errors():
        connection = connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1")
        try:
            found: int = connection.execute("PRAGMA user_version").fetchone()[0]
        finally:
            connection.close()
        return found
    return None


@contextmanager
def catalog_errors() -> Iterator[None]:
    """Translate sqlite3.Error into LocalError."""
    try:
        yield
    except sqlite3.Error as exc:
        raise LocalError(f"the catalog: {exc}; {remedy_for(exc, _REMEDY)}") from exc


def connect(uri: str, pages: int = _PAGES) -> sqlite3.Connection:
    """A connection that keeps so many KiB of pages. Raises LocalError."""
    with catalog_errors():
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA cache_size = -{pages}")
        connection.execute("PRAGMA temp_store = FILE")
    return connection
