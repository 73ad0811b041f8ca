"""Connections to the index's SQLite file, for its one writer or any reader; errors translated."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from imgcache.edge import safe_fs
from imgcache.edge.index.schema import MIGRATIONS, migrate, newer, version
from imgcache.edge.safe_fs import Identity, local_errors
from imgcache.errors import LocalError

_BUSY_SECONDS = 10.0
_PRIMARY_CODE = 0xFF
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_REMEDIES = {
    sqlite3.SQLITE_FULL: "make room on this disk",
    sqlite3.SQLITE_IOERR: "the disk reports an error; check that it is sound and has room",
    sqlite3.SQLITE_BUSY: "another program is using it; run again when it has ended",
    sqlite3.SQLITE_READONLY: "give this user the right to write the cache folder",
    sqlite3.SQLITE_CANTOPEN: "give this user the right to read and write the cache folder",
}
_DAMAGED = "run imgcache refresh, which makes it again"
_LOG_ALONE = (
    "its -wal was left by a run that did not end, and SQLite reads that only in a folder that can "
    "be written: run imgcache refresh there once, or copy the cache to where it can be written"
)
_ELSE = "move it away; imgcache refresh makes it again from the manifest and the images"


@contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Translate sqlite3.Error into LocalError; `path` is the index."""
    try:
        yield
    except sqlite3.Error as exc:
        remedy = remedy_for(exc, _DAMAGED if _code(exc) in _DAMAGE else _ELSE)
        if _code(exc) == sqlite3.SQLITE_CANTOPEN and _lacks_shared_memory(path):
            remedy = _LOG_ALONE
        raise LocalError(f"{path}: {exc}; {remedy}") from exc


def remedy_for(error: sqlite3.Error, otherwise: str) -> str:
    """What helps against an error of SQLite that is this machine's."""
    return _REMEDIES.get(_code(error), otherwise)


def _lacks_shared_memory(path: Path) -> bool:
    """Whether there is a log without the `-shm` beside it, which SQLite makes before it reads."""
    log, shared = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
    return os.path.lexists(log) and not os.path.lexists(shared)


def open_writer(path: Path) -> sqlite3.Connection:
    """The connection of the one writer (it holds the cache's lock); the file is made if missing.

    synchronous=FULL: a commit survives a power failure, which NORMAL does not promise in WAL.
    """
    _refuse_links(path)
    with sqlite_errors(path):
        connection = _connect(path, "rwc")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that leaves no file behind and needs no right to write.

    An index that is not there yet reads as an empty one.
    """
    with local_errors(path.name):
        empty = not path.exists() or path.stat().st_size == 0
    if empty:
        return _for_reading(open_memory())
    with sqlite_errors(path):
        connection = _connect(path, reading_mode(path))
        try:
            _refuse_other_versions(connection)
        except BaseException:
            connection.close()
            raise
    return _for_reading(connection)


def identity(path: Path) -> tuple[Identity | None, ...]:
    """Values that change when the index at `path` is committed to, replaced or removed."""
    return tuple(safe_fs.identity(name) for name in (path, path.with_name(f"{path.name}-wal")))


def reading_mode(path: Path) -> str:
    """How to open the index without writing.

    Without a `-wal` beside it there is no writer, and `immutable` keeps SQLite from making one.
    """
    with local_errors(path.name):
        return "ro" if path.with_name(f"{path.name}-wal").exists() else "ro&immutable=1"


def open_memory() -> sqlite3.Connection:
    """A connection to an empty index without a file."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrate(connection)
    return connection


def damage(path: Path, mode: str = "rw") -> str | None:
    """What is wrong with the database at `path`, by `PRAGMA quick_check`; None when it is sound.

    `mode` is SQLite's; pass `reading_mode(path)` where nothing may be written.

    Raises:
        LocalError: It can't be read, which says nothing about its soundness.
    """
    _refuse_links(path)
    with sqlite_errors(path):
        try:
            with closing(_connect(path, mode)) as connection:
                found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as exc:
            if _code(exc) in _DAMAGE:
                return str(exc)
            raise
    return None if found == "ok" else found


def close(connection: sqlite3.Connection) -> None:
    """Close; a writer's log is moved into the database, so that no `-wal` or `-shm` remains."""
    with closing(connection):
        if not connection.execute("PRAGMA query_only").fetchone()[0]:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _for_reading(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # The caller uses one thread at a time, which need not be the one that opens it.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _refuse_links(path: Path) -> None:
    """SQLite would follow a planted link and write elsewhere."""
    with local_errors(path.name):
        if path.is_symlink() or (path.exists() and not stat.S_ISREG(path.lstat().st_mode)):
            raise LocalError(f"{path}: this is no regular file; remove it")


def _refuse_other_versions(connection: sqlite3.Connection) -> None:
    found = version(connection)
    if found > len(MIGRATIONS):
        raise LocalError(newer(found))
    if found < len(MIGRATIONS):
        raise LocalError(
            f"index.sqlite3 in the cache folder has the old version {found}: "
            "run imgcache refresh once, which brings it up to date"
        )


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
