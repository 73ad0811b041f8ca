"""The catalog as pages and programs see it: the judged entries of all articles at one moment.

Whoever holds one needs no lock, and sees nothing change. edge/catalog/queries.py answers from
SQLite, so that no more than what is asked for is in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from imgcache.findings import Health
from imgcache.model import Severity, Verdict
from imgcache.results import ArticleProblem, EntryResult, KnownEntry, KnownImage, Overview, UrlState

# So many words of a text are searched.
_WORDS = 8


class Order(StrEnum):
    """How a selection is sorted."""

    BROKEN_FIRST = "broken-first"
    AS_WRITTEN = "as-written"


class Query(Struct, frozen=True):
    """Which entries are wanted; what is empty or None excludes nothing.

    `host` is a URL's host as in its normalised form; each word of `text` (`words_of`) stands in the
    article's path or title, in the URL, the message or a broken rule; `article` is a path as
    reports show it. A severity is that of the worst finding.
    """

    verdicts: frozenset[Verdict] = frozenset()
    severities: frozenset[Severity] = frozenset()
    host: str | None = None
    text: str | None = None
    article: str | None = None
    order: Order = Order.BROKEN_FIRST


class Sorting(StrEnum):
    """How images are sorted: the worst, the longest failing, the most used first, or by host."""

    BROKEN_FIRST = "broken-first"
    SINCE = "since"
    USES = "uses"
    HOST = "host"


class ImageQuery(Struct, frozen=True):
    """Which images are wanted; what is None or empty excludes nothing.

    An image has the health of its worst entry, and the verdicts of all its entries that are not
    well (`ok` where all are). `rule` is the name of one that an entry breaks. `copy`: whether the
    cache has a sound one; `shared`: whether several articles name it. `text` as in `Query`, of any
    of its entries.
    """

    health: Health | None = None
    verdict: Verdict | None = None
    rule: str | None = None
    host: str | None = None
    copy: bool | None = None
    shared: bool | None = None
    text: str = ""
    sorting: Sorting = Sorting.BROKEN_FIRST


class Facets(Struct, frozen=True):
    """How many images there would be with each value of a filter, the other filters as they are.

    `total` are those with all filters as they are. Hosts and rules: those of most images first.
    """

    total: int
    health: Mapping[Health, int]
    verdicts: Mapping[Verdict, int]
    rules: Mapping[str, int]
    hosts: Mapping[str, int]
    copy: Mapping[bool, int]
    shared: Mapping[bool, int]


class HostState(Struct, frozen=True):
    """One host: its images, how many of them fail, are broken or to look at, and since when.

    `failing` are those whose URL failed when it was last asked, `since` (POSIX seconds) when the
    longest of these failures began.
    """

    host: str
    images: int
    failing: int
    errors: int
    warnings: int
    since: float | None
    verdicts: Mapping[Verdict, int]


def words_of(text: str) -> tuple[str, ...]:
    """The words that are searched for a text, in any order, each also as a part of a longer one.

    Of many the longest: they tell most, and each one more costs a search.
    """
    words = sorted(dict.fromkeys(folded(text).split()), key=len, reverse=True)
    some: list[str] = []
    for one in words:
        if len(some) < _WORDS and not any(one in longer for longer in some):
            some.append(one)
    return tuple(some)


def folded(text: str) -> str:
    """A text as it is searched: whatever its case, without NUL and halves of surrogate pairs."""
    return text.casefold().replace("\0", "\ufffd").encode(errors="replace").decode()


class ArticleState(Struct, frozen=True):
    """One article: how many of its entries are in which state, and its own problems.

    `ignored`: those with a verdict that configuration says to ignore. `title` and `date` are those
    of its front matter.
    """

    article: str
    entries: int
    errors: int
    warnings: int
    problems: tuple[ArticleProblem, ...] = ()
    ignored: int = 0
    title: str | None = None
    date: str | None = None

    @property
    def is_broken(self) -> bool:
        """Whether an entry has an error, or the article itself has a problem."""
        return self.errors > 0 or bool(self.problems)


class Catalog(Protocol):
    """The state of all entries, articles and URLs at one moment. All methods raise LocalError.

    "As written" is article after article in the order of a report, then in document order.
    """

    @property
    def edition(self) -> str:
        """Identifies this state: catalogs that differ have different editions."""

    @property
    def made_at(self) -> float:
        """When this edition was made, in POSIX seconds."""

    @property
    def cache_bytes(self) -> int | None:
        """What all images and thumbnails of the cache take, if that is known."""

    @property
    def last_answer(self) -> float:
        """When a URL last answered with a sound image, in POSIX seconds; 0 for never."""

    def overview(self, problems: int) -> Overview:
        """The counts of everything, and so many problems of articles, the worst article first."""

    def failed_articles(self) -> Sequence[str]:
        """The articles that could not be read or edited, in the order of a report."""

    def total(self, query: Query) -> int:
        """How many entries a query asks for."""

    def select(self, query: Query, offset: int, most: int) -> Sequence[EntryResult]:
        """The entries that a query asks for, sorted, from the one with the number `offset` on."""

    def known(self, query: Query, offset: int, most: int, places: int) -> Sequence[KnownEntry]:
        """The same with what is known of their URLs, and that many of the places of each."""

    def images(
        self, query: ImageQuery, offset: int, most: int, places: int
    ) -> Sequence[KnownImage]:
        """The images that a query asks for, sorted, and that many of the places of each."""

    def facets(self, query: ImageQuery) -> Facets:
        """How many images there are, by each filter."""

    def total_hosts(self) -> int:
        """How many hosts there are."""

    def host_states(self, offset: int, most: int) -> Sequence[HostState]:
        """So many hosts from that number on, those with the most failing images first."""

    def total_articles(self, text: str = "") -> int:
        """How many articles have a text in their path, whatever its case."""

    def worst_articles(self, offset: int, most: int, text: str = "") -> Sequence[ArticleState]:
        """Those articles, the ones with most errors first, then those with most warnings."""

    def article(self, name: str) -> ArticleState | None:
        """The article of this path, as reports show it."""

    def every_article(self, places: int) -> Iterator[tuple[ArticleState, Sequence[KnownEntry]]]:
        """All articles as written, each with its entries, and that many of the places of each."""

    def state(self, url: str) -> UrlState | None:
        """What the cache knows of a URL, however it is spelt; None where no article names it."""

    def total_users(self, url: str) -> int:
        """How many entries name a URL, however they spell it."""

    def users(self, url: str, most: int) -> Sequence[EntryResult]:
        """The first of these entries, as written."""
