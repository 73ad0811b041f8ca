"""Articles in the catalog: what each file was when it was read, and what it declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from imgcache.core.http.location import Location, locate
from imgcache.core.http.url import WebUrl, unsupported
from imgcache.edge.catalog import documents
from imgcache.edge.catalog.database import Catalog, Row
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry, Notes, Side
from imgcache.units import is_text

# An article's id has so much room below it for the positions of its entries.
POSITIONS = 1 << 20
# The largest id; the gaps between articles that are read one after the other; and how near a new
# article stays to the one before it, because more of them may follow.
_MOST, _GAP, _STEP = 1 << 42, 1 << 26, 1 << 13

_AHEAD = 500
_NEXT = """
    SELECT name, id, shown, identity, digest, kind, problems, notes FROM articles
    WHERE id > ? ORDER BY id LIMIT ?"""
_FIND = "SELECT id, shown, identity, digest, kind, problems, notes FROM articles WHERE name = ?"
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
    noted = _notes(*documents.decoded(notes)) if notes else Notes()
    return ArticleRow(number, shown, identity, digest, kind, _problems(problems), noted)


def _problems(text: str | None) -> tuple[ArticleError, ...]:
    if not text:
        return ()
    return tuple(
        ArticleError(message, line, column=column, excerpt=excerpt)
        for message, line, column, excerpt in documents.decoded(text)
    )


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


def _notes(places: list[int], strays: list[int], *rest: Any) -> Notes:
    return Notes(tuple(places), tuple(strays), *rest)


def storable(text: str) -> str | bytes:
    """A text as SQLite can hold it: YAML can spell halves of surrogate pairs, UTF-8 can't."""
    return text if is_text(text) else text.encode("utf-8", "surrogatepass")


def stored(value: str | bytes) -> str:
    """The text that is stored so."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


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
        tuple(map(tuple, documents.decoded(strange))) if strange else (),
        tuple(unnamed.split()) if unnamed else (),
        tuple(by_hand.split()) if by_hand else (),
        None if lqip is None else stored(lqip),
    )
    written = None if written is None else stored(written)
    has = None if filled is None else tuple(documents.decoded(filled))
    place = None if pointer is None else stored(pointer)
    stand = tuple(Side(*side) for side in documents.decoded(sides)) if sides else ()
    entry = Entry(place, line, column, written, stored(text), says, has, found_by, stand)
    location: Location
    if refused is not None:
        location = unsupported(refused)
    else:
        location = locate(written) if href is None else WebUrl(href, scheme, host, port)
    return DeclaredEntry(entry, location, stored(excerpt), bool(excluded))
