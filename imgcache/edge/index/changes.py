"""History of the index's changes, so that what was derived from facts knows which have changed.

Each change of facts has a number; `urls.changed` is the last one that concerns a URL. The numbers
alone don't tell two histories apart that began with one copy of an index, so each writer also has
a random mark.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from imgcache.edge.index.index import Index

# Writers that are remembered: what was derived before them is derived again.
_SESSIONS = 1000
_NEXT = "SELECT coalesce(max(changed), 0) + 1 FROM sessions"
_PUT = "INSERT INTO sessions VALUES (?, ?) ON CONFLICT DO UPDATE SET changed = excluded.changed"
_CUT = """
    DELETE FROM sessions
    WHERE mark NOT IN (SELECT mark FROM sessions ORDER BY changed DESC LIMIT ?)"""
_LAST = "SELECT mark, changed FROM sessions ORDER BY changed DESC LIMIT 1"
_KNOWN = "SELECT 1 FROM sessions WHERE mark = ? AND changed >= ?"
_SINCE = "SELECT url FROM urls WHERE changed > ?"


class Point(NamedTuple):
    """A point in the history: a writer's mark, and the number of its change."""

    mark: str
    number: int


class KeptCatalog(NamedTuple):
    """What the kept catalog was when it was written: identity of the file, SHA-256 of its bytes."""

    identity: str
    digest: str


def next_number(connection: sqlite3.Connection) -> int:
    """The number of the change that this transaction makes."""
    found: int = connection.execute(_NEXT).fetchone()[0]
    return found


def note(connection: sqlite3.Connection, mark: str, number: int) -> None:
    """This transaction has changed facts."""
    connection.execute(_PUT, (mark, number))
    connection.execute(_CUT, (_SESSIONS,))


def forget_history(connection: sqlite3.Connection) -> None:
    """This transaction has removed URLs: nobody can ask any more what has changed since."""
    number = next_number(connection)
    connection.execute("DELETE FROM sessions")
    note(connection, secrets.token_hex(8), number)


def last(index: Index) -> Point | None:
    """The newest point; None while no history is known."""
    return next((Point(*row) for row in index.rows(_LAST)), None)


def reaches(index: Index, point: Point) -> bool:
    """Whether a point is part of this index's history."""
    return any(True for _ in index.rows(_KNOWN, point))


def changed_since(index: Index, point: Point) -> Iterator[str]:
    """The URLs (normalised) whose facts have changed since."""
    return (row[0] for row in index.rows(_SINCE, (point.number,)))


def kept_catalog(index: Index) -> KeptCatalog | None:
    """What the catalog was when it was written; None for none."""
    found = index.rows("SELECT identity, digest FROM catalog")
    return next((KeptCatalog(*row) for row in found), None)


def keep_catalog(index: Index, kept: KeptCatalog | None) -> None:
    """Remember a new catalog, durably; None before it is replaced."""
    with index.transaction() as connection:
        connection.execute("DELETE FROM catalog")
        if kept is not None:
            connection.execute("INSERT INTO catalog VALUES (?, ?)", kept)
