"""The catalog: the judged entries of all articles at one moment, without a request.

One catalog never changes (engine/catalog/builder.py makes the next one), so that its readers need
no lock and see one moment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import groupby, islice

from imgcache.core.http.location import locate
from imgcache.core.http.url import WebUrl
from imgcache.model import Severity, Verdict
from imgcache.results import (
    ArticleProblem,
    EntryResult,
    KnownEntry,
    Overview,
    Place,
    UrlState,
)
from imgcache.userinfo import masked

_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1}
_MOST_SELECTIONS = 64
_FEW = 64
_PRECOMPUTED = (
    "hosts",
    "broken_hosts",
    "broken_articles",
    "_by_name",
    "_by_url",
    "_haystacks",
    "_positions",
)


class Order(StrEnum):
    """How a selection is sorted."""

    BROKEN_FIRST = "broken-first"
    AS_WRITTEN = "as-written"


@dataclass(frozen=True, slots=True)
class Query:
    """Which entries are wanted; what is empty or None excludes nothing.

    `host` is a URL's host as in its normalised form; `text` is looked for in the URL, the
    article's path and the message, whatever its case; `article` is a path as reports show it.
    """

    verdicts: frozenset[Verdict] = frozenset()
    severities: frozenset[Severity] = frozenset()
    host: str | None = None
    text: str | None = None
    article: str | None = None
    order: Order = Order.BROKEN_FIRST


@dataclass(frozen=True, slots=True)
class ArticleState:
    """One article: how many of its entries are in which state, and its own problems."""

    article: str
    entries: int
    errors: int
    warnings: int
    problems: tuple[ArticleProblem, ...] = ()

    @property
    def is_broken(self) -> bool:
        """Whether an entry has an error, or the article itself has a problem."""
        return self.errors > 0 or bool(self.problems)


class Catalog:
    """The state of all entries, articles and URLs at one moment.

    `entries` stand in article order, then in document order; `articles` in the order of their
    paths. `edition` identifies this state: catalogs that differ have different editions.
    """

    def __init__(
        self,
        edition: str,
        made_at: float,
        entries: Sequence[EntryResult],
        articles: Sequence[ArticleState],
        states: Mapping[str, UrlState],
        cache_bytes: int | None = None,
    ) -> None:
        """A catalog made at `made_at` (POSIX seconds); `states` by normalised URL.

        `cache_bytes` is what all images and thumbnails of the cache take, if that is known.
        """
        self.edition = edition
        self.made_at = made_at
        self.entries = tuple(entries)
        self.articles = tuple(articles)
        self.states = states
        self.cache_bytes = cache_bytes
        self._selections: dict[Query, tuple[EntryResult, ...]] = {}

    @cached_property
    def verdicts(self) -> Counter[Verdict]:
        """How many entries have which verdict."""
        return Counter(entry.verdict for entry in self.entries)

    @cached_property
    def severities(self) -> Counter[Severity]:
        """How many entries are errors and warnings."""
        return Counter(entry.severity for entry in self.entries if entry.severity is not None)

    @cached_property
    def hosts(self) -> Counter[str]:
        """How many entries have their image on which host."""
        return Counter(state.host for state in self._entry_states if state is not None)

    @cached_property
    def broken_hosts(self) -> Counter[str]:
        """How many entries with an error or warning have their image on which host."""
        pairs = zip(self.entries, self._entry_states, strict=True)
        return Counter(s.host for entry, s in pairs if s is not None and entry.severity in _RANKS)

    @cached_property
    def last_answer(self) -> float:
        """When a URL last answered with a sound image, in POSIX seconds; 0 for never."""
        return max((one.succeeded_at or 0.0 for one in self.states.values()), default=0.0)

    @cached_property
    def broken_articles(self) -> tuple[ArticleState, ...]:
        """All articles, those with most errors first, then those with most warnings."""
        return tuple(
            sorted(self.articles, key=lambda one: (not one.is_broken, -one.errors, -one.warnings))
        )

    def select(self, query: Query) -> tuple[EntryResult, ...]:
        """The entries that a query asks for, sorted; remembered for the next page."""
        selection = self._selections.get(query)
        if selection is None:
            selection = tuple(self._sorted(self._matching(query), query.order))
            if len(self._selections) >= _MOST_SELECTIONS:
                # Another thread may have removed it already.
                self._selections.pop(next(iter(self._selections)), None)
            self._selections[query] = selection
        return selection

    def prepare(self) -> None:
        """Compute now, in the thread that made it, what the first readers would wait for."""
        for name in _PRECOMPUTED:
            getattr(self, name)
        self.select(Query())

    def says_the_same_as(self, other: Catalog) -> bool:
        """Whether both hold the same state, whatever their editions and times."""
        mine = (self.entries, self.articles, self.states, self.cache_bytes)
        return mine == (other.entries, other.articles, other.states, other.cache_bytes)

    def article(self, name: str) -> ArticleState | None:
        """The article of this path, as reports show it."""
        return self._by_name.get(name)

    def state(self, url: str) -> UrlState | None:
        """What the cache knows of a URL, however it is spelt; None where it is not on the web."""
        location = locate(url)
        return self.states.get(location.href) if isinstance(location, WebUrl) else None

    def users(self, url: str) -> tuple[EntryResult, ...]:
        """The entries that name a URL, however they spell it, in article order."""
        return self._by_url.get(_key(url), ())

    def known(self, entry: EntryResult, places: int) -> KnownEntry:
        """An entry of this catalog with what is known of its URL, and that many of its places."""
        state = self._by_spelling[entry.url]
        users = self._by_url.get(state.url if state is not None else entry.url, ())
        first = [
            Place(one.article, one.line, one.column, self.position(one)) for one in users[:places]
        ]
        return KnownEntry(entry, state, self.position(entry), first, len(users) - len(first))

    def overview(self, problems: int) -> Overview:
        """The counts of everything, and that many problems of articles."""
        told = [problem for one in self.broken_articles for problem in one.problems]
        return Overview(
            self.made_at,
            len(self.articles),
            sum(one.is_broken for one in self.articles),
            Counter((entry.verdict, entry.severity) for entry in self.entries),
            told[:problems],
            max(0, len(told) - problems),
        )

    def position(self, entry: EntryResult) -> int:
        """How many entries of its article stand before it; 0 for the first `_FEW`."""
        return self._positions.get((entry.article, entry.pointer), 0)

    @cached_property
    def _positions(self) -> dict[tuple[str, str], int]:
        """Only of entries behind the first `_FEW`, which may stand on a later page."""
        found: dict[tuple[str, str], int] = {}
        for article, entries in groupby(self.entries, lambda one: one.article):
            late = islice(enumerate(entries), _FEW, None)
            found |= {(article, entry.pointer): at for at, entry in late}
        return found

    @cached_property
    def _by_name(self) -> dict[str, ArticleState]:
        return {one.article: one for one in self.articles}

    @cached_property
    def _by_url(self) -> dict[str, tuple[EntryResult, ...]]:
        found: dict[str, list[EntryResult]] = {}
        for entry, state in zip(self.entries, self._entry_states, strict=True):
            found.setdefault(state.url if state is not None else entry.url, []).append(entry)
        return {url: tuple(entries) for url, entries in found.items()}

    @cached_property
    def _entry_states(self) -> tuple[UrlState | None, ...]:
        return tuple(self._by_spelling[entry.url] for entry in self.entries)

    @cached_property
    def _by_spelling(self) -> dict[str, UrlState | None]:
        return {url: self.state(url) for url in {entry.url for entry in self.entries}}

    @cached_property
    def _haystacks(self) -> tuple[str, ...]:
        return tuple(
            f"{one.url}\n{one.article}\n{one.message or ''}".casefold() for one in self.entries
        )

    def _matching(self, query: Query) -> Iterable[EntryResult]:
        positions: Iterable[int] = range(len(self.entries))
        entries, states = self.entries, self._entry_states
        if query.article is not None:
            positions = [at for at in positions if entries[at].article == query.article]
        if query.verdicts:
            positions = [at for at in positions if entries[at].verdict in query.verdicts]
        if query.severities:
            positions = [at for at in positions if entries[at].severity in query.severities]
        if query.host is not None:
            host = query.host.lower()
            positions = [at for at in positions if (s := states[at]) and s.host == host]
        if query.text:
            text, haystacks = query.text.casefold(), self._haystacks
            positions = [at for at in positions if text in haystacks[at]]
        return (entries[at] for at in positions)

    @staticmethod
    def _sorted(entries: Iterable[EntryResult], order: Order) -> Iterable[EntryResult]:
        """Errors first, then warnings; within them as they are written (the sort is stable)."""
        if order is Order.AS_WRITTEN:
            return entries
        return sorted(entries, key=lambda one: _RANKS.get(one.severity or Severity.IGNORE, 2))


def _key(url: str) -> str:
    location = locate(url)
    return location.href if isinstance(location, WebUrl) else masked(url)
