"""From what a catalogue found to the pages that are drawn: the gallery, and an article's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

from imgcache.model import Severity, Verdict
from imgcache.report.findings import ArticleProblem, EntryResult, UrlState
from imgcache.report.html.cards import card, moment
from imgcache.report.html.links import Links, Selection
from imgcache.report.html.views import (
    TONES,
    ArticleView,
    Card,
    Choice,
    Chrome,
    GalleryView,
    Moment,
    Pager,
    Section,
    Tone,
    Trouble,
)
from imgcache.report.totals import count

_HEADINGS = {
    Tone.ERROR: "To mend",
    Tone.WARNING: "To look at",
    Tone.QUIET: "Ignored",
    Tone.OK: "All well",
}
_WORST_FIRST = list(Tone)
_NEVER = Moment("", "")


class Stock(Protocol):
    """All that is known, whatever a page shows of it."""

    @property
    def made_at(self) -> float:
        """POSIX seconds."""

    @property
    def entries(self) -> Sequence[EntryResult]:
        """All judged entries, in article order, then in document order."""

    @property
    def articles(self) -> Sequence[ArticleFacts]:
        """All articles."""

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


class ArticleFacts(Protocol):
    """An article, as far as pages tell of it."""

    @property
    def article(self) -> str:
        """Its path as reports have it."""

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


def gallery(stock: Stock, shelf: Shelf, links: Links, form: Form | None = None) -> GalleryView:
    """A page of the gallery; without a form nobody is there to answer one."""
    tones = _tones(stock)
    headline = _headline(stock, tones)
    entries, articles = _entries(len(stock.entries)), count(len(stock.articles), "article")
    return GalleryView(
        chrome=_chrome(headline, stock, links),
        selection=shelf.selection,
        headline=headline,
        counted=f"{entries} in {articles}",
        totals=list(tones.items()),
        told=_told(shelf),
        verdicts=list(_choices(stock, shelf.selection, links)),
        hosts=form.hosts if form else (),
        action=form.action if form else None,
        sections=list(_sections(stock, shelf, links)),
        troubles=[trouble for one in stock.articles for trouble in _troubles(one, links)],
        pager=_pager(shelf, links),
    )


def article(
    stock: Stock, facts: ArticleFacts, entries: Sequence[EntryResult], links: Links
) -> ArticleView:
    """The page of one article, its entries as they stand in it."""
    cards = [_card(entry, stock, links) for entry in entries]
    return ArticleView(
        chrome=_chrome(facts.article, stock, links),
        article=facts.article,
        counted=_entries(len(cards)),
        totals=[(tone, sum(one.tone is tone for one in cards)) for tone in Tone],
        cards=cards,
        troubles=_troubles(facts, links),
    )


def _troubles(facts: ArticleFacts, links: Links) -> list[Trouble]:
    return [Trouble(one, links.article(facts.article)) for one in facts.problems]


def _card(entry: EntryResult, stock: Stock, links: Links) -> Card:
    return card(entry, stock.state(entry.url), stock.users(entry.url), links)


def _tones(stock: Stock) -> dict[Tone, int]:
    weights = stock.severities
    found = {TONES[weight]: weights.get(weight, 0) for weight in Severity}
    found[Tone.OK] = len(stock.entries) - sum(found.values())
    return {tone: found[tone] for tone in Tone}


def _headline(stock: Stock, tones: Mapping[Tone, int]) -> str:
    if not stock.entries:
        return "No images yet"
    broken = tones[Tone.ERROR]
    return f"{count(broken, 'image')} to mend" if broken else "Every image is well"


def _chrome(title: str, stock: Stock, links: Links) -> Chrome:
    return Chrome(
        f"{title} \u00b7 imgcache",
        home=links.gallery(Selection()),
        icon=links.asset("icon.svg"),
        stylesheet=links.asset("gallery.css"),
        script=links.asset("gallery.js"),
        made=moment(stock.made_at) or _NEVER,
    )


def _entries(number: int) -> str:
    return count(number, "image entry", "image entries")


def _told(shelf: Shelf) -> str:
    """What a selection found, for a screen reader too."""
    selection = shelf.selection
    if not selection.is_narrowed:
        return ""
    named = [
        f"with the verdict {selection.verdict}" if selection.verdict else "",
        f"of {selection.host}" if selection.host else "",
        f"that match \u201c{selection.text}\u201d" if selection.text else "",
    ]
    return " ".join([_entries(shelf.total), *filter(None, named)])


def _choices(stock: Stock, selection: Selection, links: Links) -> Iterator[Choice]:
    """Everything, then each verdict that there is, the worst and the most frequent first."""
    everything = replace(selection, verdict=None, page=1)
    here = selection.verdict is None
    yield Choice("everything", len(stock.entries), links.gallery(everything), here)
    by_count = sorted(stock.verdicts.items(), key=lambda one: (one[0] is Verdict.OK, -one[1]))
    for verdict, number in by_count:
        href = links.gallery(replace(everything, verdict=verdict))
        yield Choice(verdict.value, number, href, selection.verdict is verdict)


def _sections(stock: Stock, shelf: Shelf, links: Links) -> Iterator[Section]:
    cards = [_card(entry, stock, links) for entry in shelf.entries]
    cards.sort(key=lambda one: _WORST_FIRST.index(one.tone))
    for tone, group in groupby(cards, key=lambda one: one.tone):
        yield Section(tone, _HEADINGS[tone], list(group))


def _pager(shelf: Shelf, links: Links) -> Pager:
    page, pages = shelf.selection.page, shelf.pages

    def to(number: int) -> str:
        return links.gallery(replace(shelf.selection, page=number))

    return Pager(
        page,
        pages,
        first=to(1) if page > 1 else None,
        previous=to(page - 1) if page > 1 else None,
        following=to(page + 1) if page < pages else None,
        last=to(pages) if page < pages else None,
    )
