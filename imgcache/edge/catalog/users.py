"""URLs in the catalog as pages tell of them: what is known of each, and which entries name it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from imgcache.core.http.location import locate
from imgcache.core.http.url import WebUrl
from imgcache.edge.catalog import documents
from imgcache.edge.catalog.articles import POSITIONS, entries_of, storable
from imgcache.edge.catalog.database import Reading, Row
from imgcache.edge.catalog.judged import RANKS
from imgcache.findings import Health
from imgcache.model import Verdict
from imgcache.results import EntryResult, KnownEntry, Place, UrlState
from imgcache.userinfo import masked

_BATCH = 500
_HEALTHS = tuple(Health)
# Images whose places are remembered: articles name the same ones again, and the gallery all.
_REMEMBERED = 20_000
_ARTICLES = f"JOIN articles a ON a.id = e.id / {POSITIONS}"
_FACTS = "href, u.host, asked_at, answered_at, failing_since, failure, status, seen"
_STATE = f"SELECT {_FACTS} FROM urls u LEFT JOIN copies ON sha256 = copy WHERE href = ?"
# What is excluded counts in an id, and stands on no page.
_POSITION = f"""
    e.id % {POSITIONS} - (SELECT count(*) FROM entries x WHERE excluded = 1
                          AND x.id >= e.id / {POSITIONS} * {POSITIONS} AND x.id < e.id)"""
# Title and date of the article (Notes).
_TOLD = "json_extract(a.notes, '$[3]'), json_extract(a.notes, '$[4]')"
_RESULTS = f"SELECT e.id, shown, judged FROM entries e {_ARTICLES} WHERE e.id IN "
_KNOWN = f"""
    SELECT e.id, shown, judged, {_POSITION}, e.url, e.image, {_TOLD}, {_FACTS}
    FROM entries e {_ARTICLES}
    LEFT JOIN urls u ON u.id = e.url LEFT JOIN copies ON sha256 = copy WHERE e.id IN """
_PLACES = f"""
    SELECT shown, line, col, {_POSITION}, {_TOLD}, verdict, severity
    FROM entries e {_ARTICLES} WHERE """
_WITHIN = """
    SELECT id FROM entries INDEXED BY entries_as_written
    WHERE excluded = 0 AND id >= ? AND id < ? ORDER BY id"""
_WORST = f"severity, verdict = '{Verdict.OK.value}', e.id"
_FIRST = f"SELECT shown, judged FROM entries e {_ARTICLES} WHERE "
_TOTAL = "SELECT count(*) FROM entries e WHERE "
_OF_IMAGE = "e.image = ?"
_OF_HREF = "e.url = (SELECT id FROM urls WHERE href = ?)"
# An index of whole texts would hold pictures: a `data:` URL is one.
_OF_TEXT = """
    e.url IS NULL AND excluded = 0 AND substr(url_text, 1, 64) = substr(?1, 1, 64)
    AND url_text = ?1"""


def results(reading: Reading, ids: Sequence[int]) -> list[EntryResult]:
    """The entries with these ids, in their order."""
    found = {row[0]: documents.entry_result(*row[1:]) for row in _chosen(reading, _RESULTS, ids)}
    return [found[number] for number in ids]


class Users:
    """The URLs of one moment, and the entries that name them."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._places = lru_cache(_REMEMBERED)(self._read_places)

    def known(self, ids: Sequence[int], places: int) -> list[KnownEntry]:
        """The entries with these ids, in their order, with what is known of their URLs."""
        rows = {row[0]: row[1:] for row in _chosen(self._reading, _KNOWN, ids)}
        return [self._known(rows[number], places) for number in ids]

    def of_articles(self, ids: Sequence[int], places: int) -> dict[int, list[KnownEntry]]:
        """The entries of the articles with these ids, which follow each other, as written."""
        span = entries_of(ids[0])[0], entries_of(ids[-1])[1]
        entries = [row[0] for row in self._reading.rows(_WITHIN, span)]
        found: dict[int, list[KnownEntry]] = {number: [] for number in ids}
        for number, one in zip(entries, self.known(entries, places), strict=True):
            found[number // POSITIONS].append(one)
        return found

    def _known(self, row: Row, places: int) -> KnownEntry:
        shown, judged, position, url, image, title, date, *facts = row
        state = None if url is None else _state(facts)
        first, more = self._places(_OF_IMAGE, image, places)
        entry = documents.entry_result(shown, judged)
        return KnownEntry(entry, state, position, first, more, title, date)

    def _read_places(self, whose: str, key: Any, most: int) -> tuple[list[Place], int]:
        query = f"{_PLACES} {whose} ORDER BY {_WORST} LIMIT ?"
        first = [_place(row) for row in self._reading.rows(query, (key, most + 1))]
        if len(first) <= most:
            return first, 0
        return first[:most], self._reading.value(_TOTAL + whose, (key,)) - most

    def state(self, url: str) -> UrlState | None:
        """What the cache knows of a URL, however it is spelt; None where no article names it."""
        location = locate(url)
        if not isinstance(location, WebUrl):
            return None
        named = f"{_STATE} AND EXISTS (SELECT 1 FROM entries WHERE url = u.id)"
        row = self._reading.one(named, (location.href,))
        return None if row is None else _state(row)

    def total(self, url: str) -> int:
        """How many entries name a URL, however they spell it."""
        whose, key = _whose(url)
        return int(self._reading.value(_TOTAL + whose, (key,)))

    def places(self, url: str, most: int) -> tuple[list[Place], int]:
        """The first of their places, as written, and how many more there are."""
        whose, key = _whose(url)
        return self._places(whose, key, most)

    def worst(self, url: str) -> EntryResult | None:
        """The one of these entries that fares worst; None where there is none."""
        whose, key = _whose(url)
        row = self._reading.one(f"{_FIRST} {whose} ORDER BY {_WORST} LIMIT 1", (key,))
        return None if row is None else documents.entry_result(*row)

    def first(self, url: str, most: int) -> list[EntryResult]:
        """The first of these entries, as written."""
        whose, key = _whose(url)
        rows = self._reading.rows(f"{_FIRST} {whose} ORDER BY e.id LIMIT ?", (key, most))
        return [documents.entry_result(*row) for row in rows]


def _whose(url: str) -> tuple[str, str | bytes]:
    location = locate(url)
    if isinstance(location, WebUrl):
        return _OF_HREF, location.href
    return _OF_TEXT, storable(masked(url))


def _place(row: Row) -> Place:
    shown, line, column, position, title, date, verdict, rank = row
    health = health_of(verdict, rank)
    return Place(shown, line, column, position, title, date, Verdict(verdict), health)


def health_of(verdict: str, rank: int) -> Health:
    """The health of an entry, by its verdict and the rank of its worst finding."""
    is_well = verdict == Verdict.OK and rank == len(RANKS)
    return Health.WELL if is_well else _HEALTHS[rank]


def _state(row: Iterable[Any]) -> UrlState:
    href, host, asked, answered, since, failed, status, seen = row
    failure = documents.failure_of(failed)
    return UrlState(
        href,
        host,
        asked_at=asked,
        succeeded_at=answered,
        failing_since=since,
        failure=failure,
        status=failure.status if failure is not None else status,
        copy=None if seen is None else documents.image_facts(seen),
    )


def _chosen(reading: Reading, query: str, ids: Sequence[int]) -> Iterator[Row]:
    for start in range(0, len(ids), _BATCH):
        some = ids[start : start + _BATCH]
        yield from reading.rows(f"{query} ({', '.join('?' * len(some))})", some)
