"""A catalog of plain entries in lists: what the one in SQLite has to say, as simply as it goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from imgcache.core.catalog import ArticleState, Order, Query, folded
from imgcache.core.http.location import locate
from imgcache.core.http.url import WebUrl
from imgcache.model import Severity
from imgcache.results import EntryResult, KnownEntry, Overview, Place, UrlState
from imgcache.userinfo import masked
from tests.support.facts import NOON

_RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.IGNORE: 2, None: 2}


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
        )

    def failed_articles(self) -> Sequence[str]:
        return [one.article for one in self.articles if one.problems]

    def broken_hosts(self, most: int) -> Sequence[str]:
        return self._hosts(1, most)

    def hosts(self, most: int) -> Sequence[str]:
        return self._hosts(2, most)

    def _hosts(self, rank: int, most: int) -> Sequence[str]:
        some = [_host(one) for one in self.entries if _RANKS[one.worst] <= rank]
        return [host for host, _ in Counter(filter(None, some)).most_common(most)]

    def total(self, query: Query) -> int:
        return len(self._matching(query))

    def select(self, query: Query, offset: int, most: int) -> Sequence[EntryResult]:
        return self._matching(query)[offset : offset + most]

    def known(self, query: Query, offset: int, most: int, places: int) -> Sequence[KnownEntry]:
        found = []
        for one in self.select(query, offset, most):
            users = self._users(one.url)
            first = [Place(u.article, u.line, u.column, self._position(u)) for u in users[:places]]
            state = self.states.get(_key(one.url))
            found.append(
                KnownEntry(one, state, self._position(one), first, len(users) - len(first))
            )
        return found

    def _position(self, entry: EntryResult) -> int:
        return [one for one in self.entries if one.article == entry.article].index(entry)

    def total_articles(self, text: str = "") -> int:
        return len(self._worst(text))

    def worst_articles(self, offset: int, most: int, text: str = "") -> Sequence[ArticleState]:
        return self._worst(text)[offset : offset + most]

    def _worst(self, text: str = "") -> list[ArticleState]:
        found = [one for one in self.articles if folded(text) in folded(one.article)]
        return sorted(found, key=lambda one: (not one.is_broken, -one.errors, -one.warnings))

    def article(self, name: str) -> ArticleState | None:
        return next((one for one in self.articles if one.article == name), None)

    def every_article(self) -> Iterator[ArticleState]:
        return iter(self.articles)

    def state(self, url: str) -> UrlState | None:
        return self.states.get(_key(url))

    def total_users(self, url: str) -> int:
        return len(self._users(url))

    def users(self, url: str, most: int) -> Sequence[EntryResult]:
        return self._users(url)[:most]

    def _users(self, url: str) -> list[EntryResult]:
        return [one for one in self.entries if _key(one.url) == _key(url)]

    def _matching(self, query: Query) -> list[EntryResult]:
        found = [one for one in self.entries if _matches(one, query)]
        if query.order is Order.BROKEN_FIRST:
            found.sort(key=lambda one: _RANKS[one.worst])
        return found


def _matches(entry: EntryResult, query: Query) -> bool:
    broken = [f"{one.breach} {one.rule} {one.message}" for one in entry.broken]
    said = folded("\n".join([entry.url, entry.message or "", *broken]))
    wanted = folded(query.text or "")
    return (
        (not query.verdicts or entry.verdict in query.verdicts)
        and (not query.severities or entry.worst in query.severities)
        and (query.host is None or _host(entry) == query.host.lower())
        and (query.article is None or entry.article == query.article)
        and (wanted in said or wanted in folded(entry.article))
    )


def _host(entry: EntryResult) -> str | None:
    location = locate(entry.url)
    return location.host if isinstance(location, WebUrl) else None


def _key(url: str) -> str:
    location = locate(url)
    return location.href if isinstance(location, WebUrl) else masked(url)
