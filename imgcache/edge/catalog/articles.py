"""Articles in the catalog: what each file was when it was read, and what it declares."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple

from imgcache.core.catalog import folded
from imgcache.core.http.location import DataUrl, Location, SitePath, locate, place_key
from imgcache.core.http.url import WebUrl, unsupported
from imgcache.edge.catalog.database import Catalog, Row
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry, Failure, Notes, Side
from imgcache.units import is_text
from imgcache.userinfo import masked

# An article's id has so much room below it for the positions of its entries.
POSITIONS = 1 << 20
# The largest id; the gaps between articles that are read one after the other; and how near a new
# article stays to the one before it, because more of them may follow.
_MOST, _GAP, _STEP = 1 << 42, 1 << 26, 1 << 13

_AHEAD = 500
_NOT_JUDGED = (None,) * 6
_NEXT = """
    SELECT name, id, shown, identity, digest, kind, problems, notes FROM articles
    WHERE id > ? ORDER BY id LIMIT ?"""
_FIND = "SELECT id, shown, identity, digest, kind, problems, notes FROM articles WHERE name = ?"
_PUT = """
    INSERT OR REPLACE INTO articles
    (id, name, shown, identity, digest, kind, local_fault, problems, notes, entries)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_TITLE = "SELECT json_extract(notes, '$[3]') FROM articles WHERE id = ?"
_PUT_NAME = "INSERT OR REPLACE INTO names (rowid, text) VALUES (?, ?)"
_PUT_URL = "INSERT OR IGNORE INTO urls (href, scheme, host, port) VALUES (?, ?, ?, ?)"
_PUT_ENTRY = f"INSERT INTO entries VALUES ({', '.join('?' * 29)})"
_UNNAMED = "DELETE FROM urls WHERE NOT EXISTS (SELECT 1 FROM entries WHERE url = urls.id)"
_GET = """
    SELECT e.id, pointer, line, col, written, refused, url_text, width, height, cached, strange,
           unnamed, by_hand, lqip, sides, excerpt, excluded, filled, found_by,
           u.href, u.scheme, u.host, u.port
    FROM entries e LEFT JOIN urls u ON u.id = e.url WHERE e.id >= ? AND e.id < ? ORDER BY e.id"""


class ArticleRow(Struct, frozen=True):
    """One file as the catalog knows it; `kind` and `problems` are the reader's own words."""

    id: int
    shown: str
    identity: str | None
    digest: bytes | None
    kind: str
    problems: tuple[ArticleError, ...]
    notes: Notes = Notes()


class DeclaredEntry(Struct, frozen=True):
    """One entry of an article, with the line that it stands in as reports may show it."""

    entry: Entry
    location: Location
    excerpt: str
    excluded: bool


def find(catalog: Catalog, name: bytes) -> ArticleRow | None:
    """The file of this name, if it was read before."""
    row = catalog.one(_FIND, (name,))
    return None if row is None else _article(row)


class Lookahead:
    """Finds files as `find`; quickly those that are asked for in the order of their ids.

    Each name is asked for once, and nothing but that file changes before it is.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._ahead: dict[bytes, Row] = {}
        self._last: int | None = -1

    def find(self, name: bytes) -> ArticleRow | None:
        """The file of this name, if it was read before."""
        if name not in self._ahead and self._last is not None:
            found = self._catalog.rows(_NEXT, (self._last, _AHEAD))
            self._last = found[-1][1] if found else None
            # Two batches at most: what was passed by is found by its name.
            self._ahead = {row[0]: row for row in (*self._ahead.values(), *found)[-2 * _AHEAD :]}
        row = self._ahead.pop(name, None)
        return find(self._catalog, name) if row is None else _article(row[1:])


def _article(row: Row) -> ArticleRow:
    number, shown, identity, digest, kind, problems, notes = row
    noted = _notes(*json.loads(notes)) if notes else Notes()
    return ArticleRow(number, shown, identity, digest, kind, _problems(problems), noted)


def _problems(text: str | None) -> tuple[ArticleError, ...]:
    if not text:
        return ()
    return tuple(
        ArticleError(message, line, column=column, excerpt=excerpt)
        for message, line, column, excerpt in json.loads(text)
    )


def show_as(catalog: Catalog, article: int, shown: str) -> None:
    """Reports name the article so by now."""
    catalog.many("UPDATE articles SET shown = ? WHERE id = ?", [(shown, article)])
    title = catalog.value(_TITLE, (article,))
    catalog.many(_PUT_NAME, [(article, _searched(shown, title))])


def _searched(shown: str, title: str | None) -> str:
    """What an article is found by."""
    return folded(f"{shown}\n{title or ''}")


def recognize(catalog: Catalog, article: int, identity: str | None) -> None:
    """The file holds what it held when it was read; so it looks by now."""
    catalog.many("UPDATE articles SET identity = ? WHERE id = ?", [(identity, article)])


def id_after(catalog: Catalog, previous: int, articles: int = 1) -> int | None:
    """An id for a new article behind the one with the id `previous`; None where no room is left.

    `articles`: about how many there are in all.
    """
    after = catalog.value("SELECT min(id) FROM articles WHERE id > ?", (previous,))
    if after is None:
        following = previous + min(_GAP, _MOST // max(1, 2 * articles))
        return following if following < _MOST else None
    room = (int(after) - previous) // 2
    if not room:
        return None
    # Who puts new ones before all others is likely to do it again.
    return previous + (min(room, _STEP) if previous else room)


def clear(catalog: Catalog) -> None:
    """Forget all files, so that they get new ids; their URLs stay until `forget_unnamed`."""
    with catalog.writing() as connection:
        for table in ("search", "names", "entries", "articles"):
            connection.execute(f"DELETE FROM {table}")


def forget_unnamed(catalog: Catalog) -> None:
    """Forget the URLs that no entry names."""
    with catalog.writing() as connection:
        connection.execute(_UNNAMED)


def put(
    catalog: Catalog,
    row: ArticleRow,
    name: bytes,
    declared: Sequence[DeclaredEntry],
    *,
    local_fault: bool = False,
) -> None:
    """Note what a file is, and its entries; they have to be judged."""
    problems = json.dumps([_error(one) for one in row.problems]) if row.problems else None
    notes = json.dumps(astuple(row.notes)) if row.notes != Notes() else None
    entries = sum(not one.excluded for one in declared)
    with catalog.writing() as connection:
        remove(catalog, name)
        facts = (row.id, name, row.shown, row.identity, row.digest, row.kind)
        connection.execute(_PUT, (*facts, local_fault, problems, notes, entries))
        connection.execute(_PUT_NAME, (row.id, _searched(row.shown, row.notes.title)))
        locations = (one.location for one in declared if not one.excluded)
        webs = [one for one in locations if isinstance(one, WebUrl)]
        connection.executemany(_PUT_URL, ((u.href, u.scheme, u.host, u.port) for u in webs))
        connection.executemany(
            _PUT_ENTRY,
            (
                _entry_row(connection, row.id * POSITIONS + position, one)
                for position, one in enumerate(declared)
            ),
        )


def _error(error: ArticleError) -> tuple[str, int | None, int | None, str | None]:
    return (error.message, error.line, error.column, error.excerpt)


def _entry_row(connection: sqlite3.Connection, number: int, one: DeclaredEntry) -> Row:
    entry, says, location = one.entry, one.entry.declared, one.location
    url = place = host = refused = None
    if not one.excluded and isinstance(location, WebUrl):
        found = connection.execute("SELECT id FROM urls WHERE href = ?", (location.href,))
        url, host = found.fetchone()[0], location.host
    elif isinstance(location, Failure):
        refused = location.detail
    elif not one.excluded and isinstance(location, DataUrl | SitePath):
        key = (place_key(location),)
        connection.execute("INSERT OR IGNORE INTO places (key) VALUES (?)", key)
        place = connection.execute("SELECT id FROM places WHERE key = ?", key).fetchone()[0]
    pointer = None if entry.pointer is None else storable(entry.pointer)
    where = (pointer, entry.line, entry.column)
    written = None if entry.url is None else storable(masked(entry.url))
    size = (
        says.width,
        says.height,
        says.cached,
        json.dumps(says.strange) if says.strange else None,
        " ".join(says.unnamed) or None,
        " ".join(says.by_hand) or None,
        None if says.placeholder is None else storable(says.placeholder),
    )
    filled = None if entry.filled is None else json.dumps(entry.filled)
    known = (filled, entry.place, url, host, place, *_NOT_JUDGED)
    names = (written, refused, storable(masked(entry.url_text)))
    sides = json.dumps([astuple(side) for side in entry.sides]) if entry.sides else None
    shown = (sides, storable(one.excerpt), one.excluded)
    return (number, *where, *names, *size, *shown, *known, _image(one, url, place))


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


def _notes(places: list[int], strays: list[int], *rest: Any) -> Notes:
    return Notes(tuple(places), tuple(strays), *rest)


def storable(text: str) -> str | bytes:
    """A text as SQLite can hold it: YAML can spell halves of surrogate pairs, UTF-8 can't."""
    return text if is_text(text) else text.encode("utf-8", "surrogatepass")


def stored(value: str | bytes) -> str:
    """The text that is stored so."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


def remove(catalog: Catalog, name: bytes) -> None:
    """Forget a file, and the URLs that no other article names."""
    found = catalog.one("SELECT id FROM articles WHERE name = ?", (name,))
    if found is None:
        return
    with catalog.writing() as connection:
        span = entries_of(found[0])
        query = "SELECT DISTINCT url FROM entries WHERE id >= ? AND id < ? AND url IS NOT NULL"
        urls = connection.execute(query, span).fetchall()
        connection.execute("DELETE FROM search WHERE rowid >= ? AND rowid < ?", span)
        connection.execute("DELETE FROM entries WHERE id >= ? AND id < ?", span)
        connection.execute("DELETE FROM articles WHERE id = ?", found)
        connection.execute("DELETE FROM names WHERE rowid = ?", found)
        unnamed = (
            "DELETE FROM urls WHERE id = ? AND NOT EXISTS (SELECT 1 FROM entries WHERE url = ?1)"
        )
        connection.executemany(unnamed, urls)


def entries_of(article: int) -> tuple[int, int]:
    """The first id of an article's entries, and the first one behind them."""
    return article * POSITIONS, (article + 1) * POSITIONS


def spellings(catalog: Catalog) -> Iterator[tuple[str, bool]]:
    """Each spelling of a URL that an entry has, and whether the entry is excluded."""
    query = "SELECT DISTINCT written, excluded FROM entries WHERE written IS NOT NULL"
    for written, excluded in catalog.rows(query):
        yield stored(written), bool(excluded)


def declared(catalog: Catalog, article: int) -> Iterator[DeclaredEntry]:
    """The entries of an article, in document order."""
    for row in catalog.rows(_GET, entries_of(article)):
        yield declared_entry(row[1:])


def declared_entry(row: Row) -> DeclaredEntry:
    """The entry of a row, from its pointer on, with the URL's columns behind it."""
    pointer, line, column, written, refused, text, width, height, *others = row
    cached, strange, unnamed, by_hand, lqip, sides, excerpt, *rest = others
    excluded, filled, found_by, href, scheme, host, port = rest
    says = Declared(
        width,
        height,
        None if cached is None else bool(cached),
        tuple(map(tuple, json.loads(strange))) if strange else (),
        tuple(unnamed.split()) if unnamed else (),
        tuple(by_hand.split()) if by_hand else (),
        None if lqip is None else stored(lqip),
    )
    written = None if written is None else stored(written)
    has = None if filled is None else tuple(json.loads(filled))
    place = None if pointer is None else stored(pointer)
    stand = tuple(Side(*side) for side in json.loads(sides)) if sides else ()
    entry = Entry(place, line, column, written, stored(text), says, has, found_by, stand)
    location: Location
    if refused is not None:
        location = unsupported(refused)
    else:
        location = locate(written) if href is None else WebUrl(href, scheme, host, port)
    return DeclaredEntry(entry, location, stored(excerpt), bool(excluded))
