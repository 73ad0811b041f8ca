"""Rows of an article's entries, written only where they are not what they were.

An edit of an article changes what a few columns say. Indexes look at the others and at the URLs:
to write all of that again takes longer than to compare it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence

from msgspec.structs import astuple

from imgcache.core.http.location import DataUrl, SitePath, place_key
from imgcache.core.http.url import WebUrl
from imgcache.edge.catalog import documents
from imgcache.edge.catalog.articles import POSITIONS, DeclaredEntry, entries_of, storable
from imgcache.edge.catalog.database import Row
from imgcache.model import Failure
from imgcache.userinfo import masked

# The columns that an index looks at, or a trigger of images.py; and those that none does.
_FINDING = ("url", "url_text", "refused", "excluded", "host", "place", "image")
SAYING = (
    *("pointer", "line", "col", "written", "width", "height", "cached", "strange", "unnamed"),
    *("by_hand", "lqip", "sides", "excerpt", "filled", "found_by"),
)
_COLUMNS = ("id", *_FINDING, *SAYING)
_HEAD = 1 + len(_FINDING)
_OF_ARTICLE = f"""
    SELECT u.href, {", ".join(f"e.{name}" for name in _COLUMNS)}
    FROM entries e LEFT JOIN urls u ON u.id = e.url WHERE e.id >= ? AND e.id < ?"""
_INSERT = f"INSERT INTO entries ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_UPDATE = f"UPDATE entries SET {', '.join(f'{name} = ?' for name in SAYING)} WHERE id = ?"
_UNJUDGE = """
    UPDATE entries
    SET judged = NULL, verdict = NULL, severity = NULL, edits = NULL, broken = NULL, until = NULL
    WHERE id >= ? AND id < ? AND verdict IS NOT NULL"""
_PUT_URL = "INSERT OR IGNORE INTO urls (href, scheme, host, port) VALUES (?, ?, ?, ?)"
_URLS = "SELECT id, url FROM entries WHERE id >= ? AND id < ?"
_UNNAMED = "DELETE FROM urls WHERE id = ? AND NOT EXISTS (SELECT 1 FROM entries WHERE url = ?1)"


def put(connection: sqlite3.Connection, article: int, declared: Sequence[DeclaredEntry]) -> None:
    """Note the entries of an article, and no others; all of them have to be judged."""
    span = entries_of(article)
    connection.execute(_UNJUDGE, span)
    before: dict[int, Row] = {}
    urls: dict[str, int] = {}
    for href, *row in connection.execute(_OF_ARTICLE, span):
        before[row[0]] = tuple(row)
        if href is not None:
            urls[href] = row[1]
    named = set(urls.values())
    rows = [
        _row(connection, urls, article * POSITIONS + position, one)
        for position, one in enumerate(declared)
    ]
    kept = {row[0] for row in rows if before.get(row[0], ())[:_HEAD] == row[:_HEAD]}
    _remove(connection, before.keys() - kept)
    differ = (row for row in rows if row[0] in kept and row != before[row[0]])
    connection.executemany(_UPDATE, ((*row[_HEAD:], row[0]) for row in differ))
    connection.executemany(_INSERT, (row for row in rows if row[0] not in kept))
    _forget(connection, named.difference(row[1] for row in rows))


def remove(connection: sqlite3.Connection, article: int) -> None:
    """Forget the entries of an article, and the URLs that no other article names."""
    # The URLs are picked here: SQLite would look for those that are not NULL in all articles.
    rows = connection.execute(_URLS, entries_of(article)).fetchall()
    _remove(connection, (number for number, _ in rows))
    _forget(connection, {url for _, url in rows if url is not None})


def _remove(connection: sqlite3.Connection, entries: Iterable[int]) -> None:
    numbers = [(number,) for number in entries]
    connection.executemany("DELETE FROM search WHERE rowid = ?", numbers)
    connection.executemany("DELETE FROM entries WHERE id = ?", numbers)


def _forget(connection: sqlite3.Connection, urls: Iterable[int]) -> None:
    """Forget those of some URLs that no entry names."""
    connection.executemany(_UNNAMED, ((number,) for number in urls))


def _row(
    connection: sqlite3.Connection, urls: dict[str, int], number: int, one: DeclaredEntry
) -> Row:
    """The row of an entry, as `_COLUMNS` are; `urls` are the ids of some, and of its own then."""
    entry, says, location = one.entry, one.entry.declared, one.location
    url = place = host = refused = None
    if isinstance(location, Failure):
        refused = location.detail
    elif not one.excluded and isinstance(location, WebUrl):
        url, host = _url(connection, urls, location), location.host
    elif not one.excluded and isinstance(location, DataUrl | SitePath):
        place = _place(connection, location)
    text = storable(masked(entry.url_text))
    found = (url, text, refused, one.excluded, host, place, _image(one, url, place))
    pointer = None if entry.pointer is None else storable(entry.pointer)
    written = None if entry.url is None else storable(masked(entry.url))
    size = (
        says.width,
        says.height,
        says.cached,
        documents.encoded(says.strange) if says.strange else None,
        " ".join(says.unnamed) or None,
        " ".join(says.by_hand) or None,
        None if says.placeholder is None else storable(says.placeholder),
    )
    sides = documents.encoded(list(map(astuple, entry.sides))) if entry.sides else None
    filled = None if entry.filled is None else documents.encoded(entry.filled)
    shown = (sides, storable(one.excerpt), filled, entry.place)
    return (number, *found, pointer, entry.line, entry.column, written, *size, *shown)


def _url(connection: sqlite3.Connection, urls: dict[str, int], url: WebUrl) -> int:
    """The id of a URL, which is noted where it is new."""
    if url.href not in urls:
        connection.execute(_PUT_URL, (url.href, url.scheme, url.host, url.port))
        found = connection.execute("SELECT id FROM urls WHERE href = ?", (url.href,))
        urls[url.href] = found.fetchone()[0]
    return urls[url.href]


def _place(connection: sqlite3.Connection, location: DataUrl | SitePath) -> int:
    key = (place_key(location),)
    connection.execute("INSERT OR IGNORE INTO places (key) VALUES (?)", key)
    number: int = connection.execute("SELECT id FROM places WHERE key = ?", key).fetchone()[0]
    return number


def _image(one: DeclaredEntry, url: int | None, place: int | None) -> int | None:
    """The number of the image that an entry names; None for what is excluded."""
    if one.excluded:
        return None
    if url is not None:
        return 2 * url
    if place is not None:
        return 2 * place + 1
    text = one.entry.url_text.encode("utf-8", "surrogatepass")
    return -1 - (int.from_bytes(hashlib.sha256(text).digest()[:8]) >> 2)
