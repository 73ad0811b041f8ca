"""A catalog of plain entries in lists: what the one in SQLite has to say, as simply as it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from imgcache.core.catalog import (
    ArticleState,
    Facets,
    HostState,
    ImageQuery,
    Order,
    Query,
    Sorting,
    folded,
    words_of,
)
from imgcache.core.http.location import locate
from imgcache.core.http.url import WebUrl
from imgcache.findings import Health
from imgcache.model import Severity, Verdict
from imgcache.results import EntryResult, KnownEntry, KnownImage, Overview, Place, UrlState
from imgcache.userinfo import masked
from tests.support.facts import NOON

_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.IGNORE: 2, None: 2}


@dataclass
class Picture:
    """All entries of one image."""

    key: str
    entries: Sequence[EntryResult]
    numbers: Mapping[int, int]
    state: UrlState | None
    titles: Mapping[str, str | None]

    @property
    def worst(self) -> EntryResult:
        return min(self.entries, key=_badness)

    @property
    def number(self) -> int:
        return self.numbers[id(self.worst)]

    @property
    def health(self) -> Health:
        return Health.of(self.worst.worst)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        found = {one.verdict for one in self.entries if one.worst is not None}
        return tuple(sorted(found, key=list(Verdict).index)) or (Verdict.OK,)

    @property
    def rules(self) -> set[str]:
        return {broken.rule for one in self.entries for broken in one.broken}

    @property
    def host(self) -> str | None:
        return _host(self.entries[0])

    @property
    def copy(self) -> bool:
        return self.state is not None and self.state.copy is not None

    @property
    def articles(self) -> int:
        return len({one.article for one in self.entries})

    def misfits(self, query: ImageQuery) -> set[str]:
        host = None if query.host is None else query.host.lower()
        fits = {
            "health": query.health in (None, self.health),
            "verdict": query.verdict in (None, *self.verdicts),
            "rule": query.rule in (None, *self.rules),
            "host": host in (None, self.host),
            "copy": query.copy in (None, self.copy),
            "shared": query.shared in (None, self.articles > 1),
            "text": any(_says(one, self.titles, query.text) for one in self.entries),
        }
        return {name for name, fit in fits.items() if not fit}


def _badness(entry: EntryResult) -> tuple[int, bool]:
    return _RANKS[entry.worst], entry.verdict is Verdict.OK


def _by_health(one: Picture) -> tuple[int, int]:
    return list(Health).index(one.health), one.number


_SORTED: Mapping[Sorting, Callable[[Picture, UrlState | None], tuple[object, ...]]] = {
    Sorting.BROKEN_FIRST: lambda one, _: _by_health(one),
    Sorting.SINCE: lambda one, state: (
        state is None or state.failing_since is None,
        state and state.failing_since,
        *_by_health(one),
    ),
    Sorting.USES: lambda one, _: (-len(one.entries), *_by_health(one)),
    Sorting.HOST: lambda one, _: (one.host is None, one.host, *_by_health(one)),
}


@dataclass
class ListedCatalog:
    """`entries` as written; `states` by normalised URL."""

    entries: Sequence[EntryResult]
    articles: Sequence[ArticleState]
    states: Mapping[str, UrlState] = field(default_factory=dict)
    edition: str = "edition"
    made_at: float = NOON
    cache_bytes: int | None = None

    @property
    def _titles(self) -> Mapping[str, str | None]:
        return {one.article: one.title for one in self.articles}

    @property
    def last_answer(self) -> float:
        return max((one.succeeded_at or 0.0 for one in self.states.values()), default=0.0)

    def overview(self, problems: int) -> Overview:
        told = [problem for one in self._worst() for problem in one.problems]
        return Overview(
            self.made_at,
            len(self.articles),
            sum(one.is_broken for one in self.articles),
            Counter((one.verdict, one.worst) for one in self.entries),
            told[:problems],
            max(0, len(told) - problems),
            Counter(one.health for one in self._pictures()),
        )

    def failed_articles(self) -> Sequence[str]:
        return [one.article for one in self.articles if one.problems]

    def total(self, query: Query) -> int:
        return len(self._matching(query))

    def select(self, query: Query, offset: int, most: int) -> Sequence[EntryResult]:
        return self._matching(query)[offset : offset + most]

    def known(self, query: Query, offset: int, most: int, places: int) -> Sequence[KnownEntry]:
        return [self._known(one, places) for one in self.select(query, offset, most)]

    def _known(self, entry: EntryResult, places: int) -> KnownEntry:
        users = sorted(self._users(entry.url), key=_badness)
        first = [self._place(one) for one in users[:places]]
        state = self.states.get(_key(entry.url))
        told = self._told(entry)
        return KnownEntry(
            entry, state, self._position(entry), first, len(users) - len(first), *told
        )

    def _place(self, one: EntryResult) -> Place:
        where = (one.article, one.line, one.column, self._position(one))
        return Place(*where, *self._told(one), one.verdict, Health.of(one.worst))

    def _told(self, one: EntryResult) -> tuple[str | None, str | None]:
        article = self.article(one.article)
        return (None, None) if article is None else (article.title, article.date)

    def _position(self, entry: EntryResult) -> int:
        return [one for one in self.entries if one.article == entry.article].index(entry)

    def images(
        self, query: ImageQuery, offset: int, most: int, places: int
    ) -> Sequence[KnownImage]:
        found = [one for one in self._pictures() if not one.misfits(query)]
        found.sort(key=lambda one: _SORTED[query.sorting](one, self.states.get(one.key)))
        return [
            KnownImage(self._known(one.worst, places), len(one.entries), one.articles, one.verdicts)
            for one in found[offset : offset + most]
        ]

    def facets(self, query: ImageQuery) -> Facets:
        pictures = self._pictures()

        def by(name: str) -> list[Picture]:
            return [one for one in pictures if one.misfits(query) <= {name}]

        return Facets(
            len(by("nothing")),
            Counter(one.health for one in by("health")),
            Counter(verdict for one in by("verdict") for verdict in one.verdicts),
            Counter(rule for one in by("rule") for rule in one.rules),
            Counter(one.host for one in by("host") if one.host is not None),
            Counter(one.copy for one in by("copy")),
            Counter(one.articles > 1 for one in by("shared")),
        )

    def total_hosts(self) -> int:
        return len({one.host for one in self._pictures()} - {None})

    def host_states(self, offset: int, most: int) -> Sequence[HostState]:
        hosts: dict[str, list[Picture]] = {}
        for one in self._pictures():
            if one.host is not None:
                hosts.setdefault(one.host, []).append(one)
        found = [self._host_state(host, some) for host, some in hosts.items()]
        found.sort(key=lambda one: (-one.failing, -one.errors, -one.images, one.host))
        return found[offset : offset + most]

    def _host_state(self, host: str, some: Sequence[Picture]) -> HostState:
        states = [self.states[one.key] for one in some if one.key in self.states]
        since = [one.failing_since for one in states if one.failing_since is not None]
        health = Counter(one.health for one in some)
        return HostState(
            host,
            len(some),
            len(since),
            health[Health.ERROR],
            health[Health.WARNING],
            min(since, default=None),
            Counter(verdict for one in some for verdict in one.verdicts),
        )

    def _pictures(self) -> list[Picture]:
        found: dict[str, list[EntryResult]] = {}
        for one in self.entries:
            found.setdefault(_key(one.url), []).append(one)
        numbers = {id(one): number for number, one in enumerate(self.entries)}
        return [
            Picture(key, some, numbers, self.states.get(key), self._titles)
            for key, some in found.items()
        ]

    def total_articles(self, text: str = "") -> int:
        return len(self._worst(text))

    def worst_articles(self, offset: int, most: int, text: str = "") -> Sequence[ArticleState]:
        return self._worst(text)[offset : offset + most]

    def _worst(self, text: str = "") -> list[ArticleState]:
        found = [one for one in self.articles if _has(text, one.article, one.title)]
        return sorted(found, key=lambda one: (not one.is_broken, -one.errors, -one.warnings))

    def article(self, name: str) -> ArticleState | None:
        return next((one for one in self.articles if one.article == name), None)

    def every_article(self, places: int) -> Iterator[tuple[ArticleState, Sequence[KnownEntry]]]:
        for one in self.articles:
            query = Query(article=one.article, order=Order.AS_WRITTEN)
            yield one, self.known(query, 0, one.entries, places)

    def state(self, url: str) -> UrlState | None:
        return self.states.get(_key(url))

    def total_users(self, url: str) -> int:
        return len(self._users(url))

    def users(self, url: str, most: int) -> Sequence[EntryResult]:
        return self._users(url)[:most]

    def _users(self, url: str) -> list[EntryResult]:
        return [one for one in self.entries if _key(one.url) == _key(url)]

    def _matching(self, query: Query) -> list[EntryResult]:
        said = [one for one in self.entries if _says(one, self._titles, query.text or "")]
        found = [one for one in said if _matches(one, query)]
        if query.order is Order.BROKEN_FIRST:
            found.sort(key=lambda one: _RANKS[one.worst])
        return found


def _matches(entry: EntryResult, query: Query) -> bool:
    return (
        (not query.verdicts or entry.verdict in query.verdicts)
        and (not query.severities or entry.worst in query.severities)
        and (query.host is None or _host(entry) == query.host.lower())
        and (query.article is None or entry.article == query.article)
    )


def _says(entry: EntryResult, titles: Mapping[str, str | None], text: str) -> bool:
    broken = [f"{one.breach} {one.rule} {one.message}" for one in entry.broken]
    said = (entry.url, entry.message, *broken, entry.article, titles.get(entry.article))
    return _has(text, *said)


def _has(text: str, *parts: str | None) -> bool:
    """Whether each word stands in one of the parts."""
    known = [folded(one) for one in parts if one]
    return all(any(word in one for one in known) for word in words_of(text))


def _host(entry: EntryResult) -> str | None:
    location = locate(entry.url)
    return location.host if isinstance(location, WebUrl) else None


def _key(url: str) -> str:
    location = locate(url)
    return location.href if isinstance(location, WebUrl) else masked(url)
