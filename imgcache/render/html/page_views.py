"""View models of whole pages, made of the parts in views.py."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from imgcache.core.catalog import Facets
from imgcache.render.html.links import Selection
from imgcache.render.html.moments import Moment
from imgcache.render.html.views import Card, Choice, DrawnCard, Facet, Hint, Tone, Trend, Trouble

# A list has more on a page than the cards, which are large.
PER_PAGE = 48


class Page(Struct, frozen=True):
    """One page of a selection: its images, sorted, and the counts that go with its filters."""

    selection: Selection
    cards: Sequence[DrawnCard]
    facets: Facets

    @property
    def pages(self) -> int:
        """How many pages the selection has."""
        return pages_of(self.facets.total)


def pages_of(total: int) -> int:
    """How many pages so many images take."""
    return max(1, -(-total // PER_PAGE))


class Section(Struct, frozen=True):
    """Images under a heading: of one tone, or of all in another order."""

    tone: Tone | None
    heading: str
    cards: Sequence[DrawnCard]


class Pager(Struct, frozen=True):
    """Links between the pages; None where there is no such page."""

    page: int
    pages: int
    first: str | None = None
    previous: str | None = None
    following: str | None = None
    last: str | None = None


class Inline(Struct, frozen=True):
    """What a page that is alone has in it instead of links, and the policy that allows it."""

    style: str
    script: str
    policy: str


class Chrome(Struct, frozen=True):
    """What every page has around its content; `above` leads from it to where all links begin."""

    title: str
    above: str
    home: str
    articles: str
    hosts: str | None
    icon: str
    stylesheet: str
    script: str
    made: Moment
    inline: Inline | None = None


class GalleryView(Struct, frozen=True):
    """One page of the gallery. Without `action` nobody answers its form, as in a folder.

    `healths` are the totals, each with its page; `kept` what the form sends beside its text.
    """

    chrome: Chrome
    selection: Selection
    headline: str
    counted: str
    totals: Sequence[tuple[Tone, int]]
    healths: Sequence[Choice]
    told: str
    facets: Sequence[Facet]
    sortings: Sequence[Choice]
    looks: Sequence[Choice]
    hints: Sequence[Hint]
    forms: Sequence[tuple[str, str]]
    action: str | None
    kept: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    trend: Trend | None
    troubles: Sequence[Trouble]
    more_troubles: int
    pager: Pager


class ArticleView(Struct, frozen=True):
    """A page of one article."""

    chrome: Chrome
    article: str
    title: str | None
    date: str | None
    counted: str
    totals: Sequence[tuple[Tone, int]]
    cards: Sequence[Card]
    troubles: Sequence[Trouble]
    pager: Pager


class Row(Struct, frozen=True):
    """One article in the list of them: how its images fare, and the worst tone.

    Without `href` it has no page.
    """

    article: str
    title: str | None
    date: str | None
    href: str | None
    counted: str
    totals: Sequence[tuple[Tone, int]]
    tone: Tone
    troubles: Sequence[Trouble]


class ArticlesView(Struct, frozen=True):
    """One page of the list of articles."""

    chrome: Chrome
    headline: str
    counted: str
    rows: Sequence[Row]
    forms: Sequence[tuple[str, str]]
    pager: Pager


class HostRow(Struct, frozen=True):
    """One host: its page, how many of its images fail (in per cent, too), since when, and how."""

    host: str
    href: str | None
    images: int
    failing: int
    share: int
    since: Moment | None
    tone: Tone
    verdicts: Sequence[Choice]


class HostsView(Struct, frozen=True):
    """One page of the list of hosts."""

    chrome: Chrome
    headline: str
    counted: str
    rows: Sequence[HostRow]
    forms: Sequence[tuple[str, str]]
    pager: Pager


class ErrorView(Struct, frozen=True):
    """A page in place of one that could not be drawn; `flaws` are parts of the request."""

    chrome: Chrome
    status: int
    title: str
    detail: str
    flaws: Sequence[tuple[str, str]]
