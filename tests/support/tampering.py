"""Damage to cached files that size and mtime do not show, and indexes that vouch for it or not."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from imgcache.edge.index import changes
from imgcache.edge.safe_fs import identity_of, mark_of


def spoil(path: Path) -> None:
    """Other bytes of the same length under the same mtime; the ctime is certainly another one."""
    before = path.stat()
    path.write_bytes(b"x" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    while path.stat().st_ctime_ns == before.st_ctime_ns:  # until the kernel's clock ticks
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(path: Path) -> None:
    """A file with other bytes of the same length and mtime is renamed over it."""
    before = path.stat()
    other = path.with_name("other")
    other.write_bytes(b"x" * before.st_size)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def vouch(index: Path, path: Path) -> None:
    """Have the index say that this file was hashed as it is: who reads no byte believes it."""
    status = path.stat()
    with closing(sqlite3.connect(index)) as connection, connection:
        connection.execute(
            "UPDATE images SET bytes = ?, mtime_ns = ?, hashed = ? WHERE sha256 = ?",
            (status.st_size, status.st_mtime_ns, mark_of(identity_of(status)), path.stem),
        )
        # As any writer of facts does: what was derived from the others holds no longer.
        number = changes.next_number(connection)
        connection.execute("UPDATE urls SET changed = ? WHERE copy = ?", (number, path.stem))
        changes.note(connection, "vouched", number)


def doubt(index: Path) -> None:
    """Have the index know no identity, as one that an earlier version has made."""
    with closing(sqlite3.connect(index)) as connection, connection:
        connection.execute("UPDATE images SET hashed = NULL")


def marks(index: Path) -> list[str | None]:
    """What the index says of each image's file as it was hashed, by hash."""
    with closing(sqlite3.connect(index)) as connection:
        found = connection.execute("SELECT hashed FROM images ORDER BY sha256")
        return [hashed for (hashed,) in found]
