"""What pages are drawn from: all that is known, and what is chosen of it for one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from imgcache.model import Severity, Verdict
from imgcache.render.html.links import Selection
from imgcache.results import ArticleProblem, EntryResult, UrlState


class Stock(Protocol):
    """All that is known, whatever a page shows of it."""

    @property
    def made_at(self) -> float:
        """POSIX seconds."""

    @property
    def entries(self) -> Sequence[EntryResult]:
        """All judged entries, in article order, then in document order."""

    @property
    def broken_articles(self) -> Sequence[ArticleFacts]:
        """All articles, the worst first."""

    @property
    def verdicts(self) -> Mapping[Verdict, int]:
        """How many entries have which verdict."""

    @property
    def severities(self) -> Mapping[Severity, int]:
        """How many entries weigh how much; without those that are well."""

    def state(self, url: str) -> UrlState | None:
        """What the cache knows of a URL, however it is spelt."""

    def users(self, url: str) -> Sequence[EntryResult]:
        """The entries that name a URL."""

    def position(self, entry: EntryResult) -> int:
        """How many entries of its article stand before it."""


class ArticleFacts(Protocol):
    """An article, as far as pages tell of it."""

    @property
    def article(self) -> str:
        """Its path as reports have it."""

    @property
    def entries(self) -> int:
        """How many image entries it has."""

    @property
    def errors(self) -> int:
        """How many of them are errors."""

    @property
    def warnings(self) -> int:
        """How many of them are warnings."""

    @property
    def problems(self) -> Sequence[ArticleProblem]:
        """What is wrong with itself."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of a selection: its entries, worst first; how many the selection has in all."""

    selection: Selection
    entries: Sequence[EntryResult]
    total: int
    pages: int


@dataclass(frozen=True, slots=True)
class Form:
    """Where a gallery's form is answered, and the hosts that it proposes."""

    action: str
    hosts: Sequence[str]
