"""The catalog as pages and programs ask it (core/catalog.py), answered by SQL.

What is counted over all entries is counted once for each edition.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from imgcache.core.catalog import ArticleState, Facets, HostState, ImageQuery, Query
from imgcache.edge.catalog import users
from imgcache.edge.catalog.articles import POSITIONS
from imgcache.edge.catalog.database import Reading, Row
from imgcache.edge.catalog.image_queries import Images
from imgcache.edge.catalog.memory import Memory
from imgcache.edge.catalog.searching import Condition, search
from imgcache.edge.catalog.selections import Selections, bindable
from imgcache.facts import RunFacts
from imgcache.model import Severity, Verdict
from imgcache.results import (
    ArticleProblem,
    EntryResult,
    KnownEntry,
    KnownImage,
    Overview,
    Run,
    UrlState,
)

_IS_SHOWN = "kind IN ('article', 'broken', 'unread')"
_COLUMNS = f"""
    shown, entries, errors, warnings, problems,
    json_extract(notes, '$[3]'), json_extract(notes, '$[4]'),
    (SELECT count(*) FROM entries INDEXED BY entries_as_written
     WHERE excluded = 0 AND severity = 2 AND verdict <> '{Verdict.OK.value}'
     AND id >= articles.id * {POSITIONS} AND id < (articles.id + 1) * {POSITIONS})"""

_ARTICLE = f"SELECT {_COLUMNS} FROM articles"
_ARTICLES = f"""
    SELECT id, {_COLUMNS} FROM articles WHERE {_IS_SHOWN} AND id > ? ORDER BY id LIMIT ?"""
_WORST = "(errors = 0 AND problems IS NULL), errors DESC, warnings DESC, id"
_COUNTS = """
    SELECT verdict, severity, count(*), min(id) FROM entries INDEXED BY entries_by_verdict
    WHERE excluded = 0 GROUP BY verdict, severity ORDER BY min(id)"""
_BROKEN = f"""
    SELECT count(*) FROM articles WHERE {_IS_SHOWN} AND (errors = 0 AND problems IS NULL) = 0"""
_PROBLEMS = (
    "SELECT coalesce(sum(json_array_length(problems)), 0) FROM articles WHERE problems IS NOT NULL"
)
_TROUBLED = f"{_ARTICLE} WHERE problems IS NOT NULL ORDER BY errors DESC, warnings DESC, id LIMIT ?"
_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.IGNORE)
# Articles that are read together, whose entries may be thousands each.
_BATCH = 50
# A line of more is no longer read.
_RUNS = 30


class Edition(NamedTuple):
    """One state of a catalog: what identifies it, when it was made, and the size of the cache.

    `runs` are the last refreshes (`runs_text`).
    """

    name: str
    made_at: float
    cache_bytes: int | None = None
    runs: str | None = None


def runs_text(runs: Sequence[RunFacts]) -> str:
    """The last refreshes, of all (the newest first), as an edition notes them."""
    last = reversed(runs[:_RUNS])
    return json.dumps([(one.started, one.urls, one.failed) for one in last])


class CatalogQueries:
    """`core.catalog.Catalog`, of what one moment of a database holds."""

    def __init__(self, reading: Reading, edition: Edition, memory: Memory | None = None) -> None:
        self.edition, self.made_at, self.cache_bytes, self._runs = edition
        self._reading = reading
        self._memory = memory or Memory(edition.name)
        self._selections = Selections(reading, self._memory)
        self._users = users.Users(reading)
        self._images = Images(reading, self._memory, self._users)

    @property
    def last_answer(self) -> float:
        """When a URL last answered with a sound image, in POSIX seconds; 0 for never."""
        return float(self._counted("SELECT coalesce(max(answered_at), 0.0) FROM urls"))

    def overview(self, problems: int) -> Overview:
        """The counts of everything, and so many problems of articles, the worst article first."""
        return self._memory.recall(("overview", problems), partial(self._overview, problems))

    def failed_articles(self) -> Sequence[str]:
        """The articles that could not be read or edited, in the order of a report."""
        query = "SELECT shown FROM articles WHERE problems IS NOT NULL ORDER BY id"
        return [row[0] for row in self._reading.rows(query)]

    def total(self, query: Query) -> int:
        """How many entries a query asks for."""
        return self._selections.total(query)

    def select(self, query: Query, offset: int, most: int) -> Sequence[EntryResult]:
        """The entries that a query asks for, sorted, from the one with the number `offset` on."""
        return users.results(self._reading, self._selections.ids(query, offset, most))

    def known(self, query: Query, offset: int, most: int, places: int) -> Sequence[KnownEntry]:
        """The same with what is known of their URLs, and that many of the places of each."""
        return self._users.known(self._selections.ids(query, offset, most), places)

    def images(
        self, query: ImageQuery, offset: int, most: int, places: int
    ) -> Sequence[KnownImage]:
        """The images that a query asks for, sorted, and that many of the places of each."""
        return self._images.page(query, offset, most, places)

    def facets(self, query: ImageQuery) -> Facets:
        """How many images there are, by each filter."""
        return self._images.facets(query)

    def total_hosts(self) -> int:
        """How many hosts there are."""
        return self._images.total_hosts()

    def host_states(self, offset: int, most: int) -> Sequence[HostState]:
        """So many hosts from that number on, those with the most failing images first."""
        return self._images.hosts(offset, most)

    def total_articles(self, text: str = "") -> int:
        """How many articles have a text in their path, whatever its case."""
        named = self._named(text)
        query = f"SELECT count(*) FROM articles WHERE {_IS_SHOWN}{named.sql}"
        return int(self._counted(query, named.parameters))

    def worst_articles(self, offset: int, most: int, text: str = "") -> Sequence[ArticleState]:
        """Those articles, the ones with most errors first, then those with most warnings."""
        named = self._named(text)
        query = f"{_ARTICLE} WHERE {_IS_SHOWN}{named.sql} ORDER BY {_WORST} LIMIT ? OFFSET ?"
        found = self._reading.rows(query, (*named.parameters, most, offset))
        return [_article(row) for row in found]

    def article(self, name: str) -> ArticleState | None:
        """The article of this path, as reports show it."""
        query = f"{_ARTICLE} WHERE shown = ? AND {_IS_SHOWN}"
        row = self._reading.one(query, (bindable(name),))
        return None if row is None else _article(row)

    def every_article(self, places: int) -> Iterator[tuple[ArticleState, Sequence[KnownEntry]]]:
        """All articles as written, each with its entries, and that many of the places of each."""
        last = -1
        while found := self._reading.rows(_ARTICLES, (last, _BATCH)):
            entries = self._users.of_articles([row[0] for row in found], places)
            yield from ((_article(row[1:]), entries[row[0]]) for row in found)
            last = found[-1][0]

    def state(self, url: str) -> UrlState | None:
        """What the cache knows of a URL, however it is spelt; None where no article names it."""
        return self._users.state(url)

    def total_users(self, url: str) -> int:
        """How many entries name a URL, however they spell it."""
        return self._users.total(url)

    def users(self, url: str, most: int) -> Sequence[EntryResult]:
        """The first of these entries, as written."""
        return self._users.first(url, most)

    def _overview(self, problems: int) -> Overview:
        told = [
            problem
            for row in self._reading.rows(_TROUBLED, (problems,))
            for problem in _article(row).problems
        ][:problems]
        return Overview(
            self.made_at,
            self.total_articles(),
            self._counted(_BROKEN),
            {
                (Verdict(verdict), _severity(verdict, rank)): number
                for verdict, rank, number, _ in self._reading.rows(_COUNTS)
            },
            told,
            self._counted(_PROBLEMS) - len(told),
            self.facets(ImageQuery()).health,
            tuple(Run(*one) for one in json.loads(self._runs or "[]")),
        )

    def _named(self, text: str) -> Condition:
        sought = search(self._reading, self._memory, text)
        if sought is None:
            return Condition("")
        found = sought.articles()
        return Condition(f" AND id IN ({found.sql})", found.parameters)

    def _counted(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        key = (query, *parameters)
        return self._memory.recall(key, lambda: self._reading.value(query, parameters))


def _severity(verdict: str, rank: int) -> Severity | None:
    """The severity of an entry's worst finding, by its verdict and the rank of that severity."""
    is_well = verdict == Verdict.OK and rank == _SEVERITIES.index(Severity.IGNORE)
    return None if is_well else _SEVERITIES[rank]


def _article(row: Row) -> ArticleState:
    shown, entries, errors, warnings, problems, title, date, ignored = row
    told = json.loads(problems) if problems else ()
    return ArticleState(
        shown,
        entries,
        errors,
        warnings,
        tuple(
            ArticleProblem(shown, line, message, column, excerpt)
            for message, line, column, excerpt in told
        ),
        ignored,
        title,
        date,
    )
