"""View models of the templates: every decision is taken, only layout is left to templates.

Text is as strangers wrote it; the templates' environment (jinja.py) escapes all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from imgcache.findings import Finding, Health
from imgcache.model import Severity, Size
from imgcache.render.html.moments import Moment
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

    @classmethod
    def of_health(cls, health: Health) -> Tone:
        """The tone that goes with an image's health."""
        return list(cls)[list(Health).index(health)]


_TONES = {
    None: Tone.OK,
    Severity.ERROR: Tone.ERROR,
    Severity.WARNING: Tone.WARNING,
    Severity.IGNORE: Tone.QUIET,
}


# The word after a count: for one, and for several.
WORDS = {
    Tone.ERROR: ("to fix", "to fix"),
    Tone.WARNING: ("to look at", "to look at"),
    Tone.QUIET: ("ignored", "ignored"),
    Tone.OK: ("well", "well"),
}


class Use(Struct, frozen=True):
    """A place where an article names a URL, and the page that shows it.

    All links of views begin at the root of the pages, so that a card is the same on each of them.
    `title` and `date` are those of the article, `edit` leads to the line where it can be changed
    (`is_web`: on the web), `found` is what is wrong there, if that is not the same everywhere.
    """

    article: str
    line: int
    href: str
    title: str | None = None
    date: str | None = None
    edit: str | None = None
    found: tuple[Tone, str] | None = None

    @property
    def spot(self) -> str:
        """Where it is, as editors and terminals open it."""
        return f"{self.article}:{self.line}"

    @property
    def is_web(self) -> bool:
        """Whether a browser opens `edit` itself."""
        return self.edit is not None and self.edit[:4].lower() == "http"


class Trouble(Struct, frozen=True):
    """What is wrong with an article itself, and the page that shows what is known of it."""

    problem: ArticleProblem
    href: str


class Picture(Struct, frozen=True):
    """The cached copy as it is drawn, in CSS pixels; without `src` only its colour is shown.

    `small` is its width and height in a list.
    """

    src: str | None
    size: Size
    small: tuple[float, float]
    color: str
    alt: str


class Quote(Struct, frozen=True):
    """The article's line, with the offending value between what stands before and after it."""

    before: str
    value: str
    after: str


class Fixed(Struct, frozen=True):
    """A line with a wrong width or height (None: there is none), and the right one."""

    wrong: str | None
    right: str


class Cell(Struct, frozen=True):
    """An actual value of an image, and whether the article says something else."""

    text: str
    differs: bool


class Card(Struct, frozen=True):
    """One image entry on a page; `found` is all that was found at it, each with its tone.

    `expected` is the declared shape as it is drawn, to the same scale as the picture; `address`
    the URL as it is shown, `link` where it leads, only if that is http or https; `copied` the
    cached copy in words; `actual` the true width and height, and whether a copy is held; `status`
    stands where a picture is missing. `uses` are the first places of this URL, `more` the others;
    `places` and `articles` say how many there are, where that is known. `host` is where it lies.
    `fixed` are the article's lines of the size as they should be.
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
    host: str
    fixed: Sequence[Fixed]
    places: int = 0
    articles: int = 0


class DrawnCard(NamedTuple):
    """A card of the gallery as HTML, which `jinja.gallery` gives its number on a page."""

    tone: Tone
    html: str


class Choice(Struct, frozen=True):
    """A value of a filter: its label, how many images it has, where it leads, whether it is on.

    `name` is what reports call it.
    """

    label: str
    count: int
    href: str
    is_current: bool
    tone: Tone | None = None
    name: str | None = None


class Facet(Struct, frozen=True):
    """A filter and its values; `scripted`: they lead nowhere without a script."""

    title: str
    choices: Sequence[Choice]
    scripted: bool = False


class Hint(Struct, frozen=True):
    """What fixes many images at once: by a command, or seen on a page."""

    text: str
    command: str | None = None
    href: str | None = None
    label: str = ""


class Trend(Struct, frozen=True):
    """Failures of the last refreshes: points of a line, 100 wide and 20 high, and in words."""

    points: str
    told: str
