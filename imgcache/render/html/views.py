"""View models of the templates: every decision is taken, only layout is left to templates.

Text is as strangers wrote it; the templates' environment (jinja.py) escapes all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from imgcache.findings import Finding
from imgcache.model import Severity, Size
from imgcache.render.html.links import Selection
from imgcache.results import ArticleProblem, EntryResult


class Tone(StrEnum):
    """Severity of an entry as a page shows it; worst first."""

    ERROR = "error"
    WARNING = "warning"
    QUIET = "quiet"
    OK = "ok"

    @classmethod
    def of(cls, severity: Severity | None) -> Tone:
        """The tone that goes with an entry's severity; what is ignored is quiet."""
        return _TONES[severity]


_TONES = {
    None: Tone.OK,
    Severity.ERROR: Tone.ERROR,
    Severity.WARNING: Tone.WARNING,
    Severity.IGNORE: Tone.QUIET,
}


# The word after a count: for one, and for several.
WORDS = {
    Tone.ERROR: ("error", "errors"),
    Tone.WARNING: ("warning", "warnings"),
    Tone.QUIET: ("ignored", "ignored"),
    Tone.OK: ("fine", "fine"),
}


class Use(Struct, frozen=True):
    """A place where an article names a URL, and the page that shows it.

    All links of views begin at the root of the pages, so that a card is the same on each of them.
    """

    article: str
    line: int
    href: str


class Trouble(Struct, frozen=True):
    """What is wrong with an article itself, and the page that shows what is known of it."""

    problem: ArticleProblem
    href: str


class Moment(Struct, frozen=True):
    """A time for machines, and for people."""

    iso: str
    told: str


class Picture(Struct, frozen=True):
    """The cached copy as it is drawn, in CSS pixels; without `src` only its colour is shown."""

    src: str | None
    size: Size
    color: str
    alt: str


class Quote(Struct, frozen=True):
    """The article's line, with the offending value between what stands before and after it."""

    before: str
    value: str
    after: str


class Cell(Struct, frozen=True):
    """An actual value of an image, and whether the article says something else."""

    text: str
    differs: bool


class Card(Struct, frozen=True):
    """One image entry on a page; `found` is all that was found at it, each with its tone.

    `expected` is the declared shape as it is drawn, to the same scale as the picture; `address`
    the URL as it is shown, `link` where it leads, only if that is http or https; `copied` the
    cached copy in words; `actual` the true width and height, and whether a copy is held; `status`
    stands where a picture is missing. `uses` are the first places of this URL, `more` the others.
    """

    entry: EntryResult
    tone: Tone
    found: Sequence[tuple[Tone, Finding]]
    name: str
    address: str
    link: str | None
    article: Use
    expected: Size
    picture: Picture | None
    original: str | None
    copied: str | None
    actual: Sequence[Cell]
    status: str
    answer: str | None
    asked: Moment | None
    since: Moment | None
    good: Moment | None
    uses: Sequence[Use]
    more: int
    quote: Quote | None
    anchor: str


class DrawnCard(NamedTuple):
    """A card of the gallery as HTML, which `jinja.gallery` gives its number on a page."""

    tone: Tone
    html: str


class Section(Struct, frozen=True):
    """Cards of one tone, under a heading."""

    tone: Tone
    heading: str
    cards: Sequence[DrawnCard]


class Choice(Struct, frozen=True):
    """A filter: its label, how many entries it has, where it leads, and whether it is on."""

    label: str
    count: int
    href: str
    is_current: bool
    tone: Tone = Tone.QUIET


class Pager(Struct, frozen=True):
    """Links between the pages; None where there is no such page."""

    page: int
    pages: int
    first: str | None = None
    previous: str | None = None
    following: str | None = None
    last: str | None = None


class Chrome(Struct, frozen=True):
    """What every page has around its content; `above` leads from it to where all links begin."""

    title: str
    above: str
    home: str
    articles: str
    icon: str
    stylesheet: str
    script: str
    made: Moment


class GalleryView(Struct, frozen=True):
    """One page of the gallery. Without `action` it has no form, as in a folder."""

    chrome: Chrome
    selection: Selection
    headline: str
    counted: str
    totals: Sequence[tuple[Tone, int]]
    told: str
    verdicts: Sequence[Choice]
    hosts: Sequence[str]
    action: str | None
    sections: Sequence[Section]
    troubles: Sequence[Trouble]
    more_troubles: int
    pager: Pager


class ArticleView(Struct, frozen=True):
    """A page of one article."""

    chrome: Chrome
    article: str
    counted: str
    totals: Sequence[tuple[Tone, int]]
    cards: Sequence[Card]
    troubles: Sequence[Trouble]
    pager: Pager


class Row(Struct, frozen=True):
    """One article in the list of them: how its images fare, and the worst tone."""

    article: str
    href: str
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
    pager: Pager
