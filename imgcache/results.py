"""Data types of a report, as every renderer sees them; the JSON report has their shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec import Struct, field

from imgcache.facts import ImageFacts
from imgcache.findings import LISTED, BrokenRule, Finding, Health
from imgcache.model import Breach, Declared, Failure, Format, Severity, Side, Size, Source, Verdict


class CachedThumbnail(Struct, frozen=True):
    """A thumbnail as a report names it; `path` is relative to the cache folder."""

    name: str
    path: str
    width: int
    height: int


class EntryResult(Struct, frozen=True):
    """One judged image entry. `cached` is the flag that stands, `path` the sound copy's, if any.

    `excerpt` is the article's line of the finding, without its line end; None where all is well.
    `known`: the baseline lists its verdict, so that it does not count. `broken`: the rules of the
    site that it breaks, each a finding beside the verdict. `sides`: where a wrong size is written;
    `fixable`: `--fix-dimensions` would write the right one. `before`: the picture it replaced.
    """

    article: str
    line: int
    column: int
    pointer: str | None
    url: str
    verdict: Verdict
    severity: Severity | None
    message: str | None
    declared: Declared
    actual: Size | None = None
    cached: bool | None = None
    format: Format | None = None
    bytes: int | None = None
    sha256: str | None = None
    status: int | None = None
    source: Source | None = None
    path: str | None = None
    thumbnails: tuple[CachedThumbnail, ...] = ()
    before: tuple[CachedThumbnail, ...] = ()
    excerpt: str | None = None
    known: bool = False
    broken: tuple[BrokenRule, ...] = ()
    sides: tuple[Side, ...] = ()
    fixable: bool = False

    @property
    def spot(self) -> str:
        """Where in the article it is, for people."""
        return "in the body" if self.pointer is None else self.pointer

    @property
    def findings(self) -> Iterator[Finding]:
        """All that was found, whatever it weighs: the verdict but `ok`, then each broken rule."""
        if self.severity is not None:
            yield Finding(self.verdict, self.severity, self.message or "", known=self.known)
        for one in self.broken:
            yield Finding(one.breach, one.severity, one.message, one.rule, one.known)

    @property
    def listed(self) -> tuple[Finding, ...]:
        """Those of the findings that reports list."""
        if not self.broken and self.severity not in LISTED:
            return ()
        return tuple(one for one in self.findings if one.is_listed)

    @property
    def worst(self) -> Severity | None:
        """How much the worst of its findings weighs; None where all is well.

        An image of which only ignored rules are broken is well.
        """
        found = {self.severity, *(one.severity for one in self.broken)}
        return next((one for one in LISTED if one in found), self.severity)


class UrlState(Struct, frozen=True):
    """What the cache knows of one URL on the web; times in POSIX seconds, None: never, not known.

    `url` is normalised. `failure` is how the last try went wrong, `failing_since` when the series
    of failures began; `copy` is the last good one, sound by its hash, with its thumbnails.
    """

    url: str
    host: str
    asked_at: float | None = None
    succeeded_at: float | None = None
    failing_since: float | None = None
    failure: Failure | None = None
    status: int | None = None
    copy: ImageFacts | None = None


class Place(NamedTuple):
    """Where an entry stands; `position`: how many entries of its article stand before it.

    `title` and `date` are those of the article's front matter. `verdict` and `health` are those of
    the entry, where they are known.
    """

    article: str
    line: int
    column: int
    position: int
    title: str | None = None
    date: str | None = None
    verdict: Verdict | None = None
    health: Health | None = None


class KnownEntry(NamedTuple):
    """A judged entry with what pages tell of its URL.

    `state` is None for a URL that is not on the web. `places` are the first places that name this
    URL, the worst first; `more` counts the others. `position` is that of the entry's own place,
    `title` and `date` those of its article.
    """

    entry: EntryResult
    state: UrlState | None
    position: int
    places: Sequence[Place]
    more: int
    title: str | None = None
    date: str | None = None


class KnownImage(NamedTuple):
    """A picture: the worst of the entries that name it, how many there are, in how many articles.

    `verdicts` are those of all its entries that are not well; `ok` where all are.
    """

    known: KnownEntry
    uses: int
    articles: int
    verdicts: Sequence[Verdict]


class ArticleProblem(Struct, frozen=True):
    """An article that could not be read, or not be edited exactly.

    `excerpt` is the line and `column`, from 1, the character in it, where one is to blame.
    """

    article: str
    line: int | None
    message: str
    column: int | None = None
    excerpt: str | None = None


class Run(NamedTuple):
    """One refresh: when it began (POSIX seconds), how many URLs it had, and how many failed."""

    started: float
    urls: int
    failed: int


class Overview(Struct, frozen=True):
    """What all pages tell of the whole, counted once.

    `made_at` is in POSIX seconds. `counts` are of entries, in the order in which each pair of
    verdict and severity (of the worst finding) comes first. `problems` are the first ones of
    articles that could not be read or edited, `more_problems` counts the others;
    `broken_articles` have an error or problem. `images` counts pictures by the worst of their
    entries. `runs` are the last refreshes, the oldest first.
    """

    made_at: float
    articles: int
    broken_articles: int
    counts: Mapping[tuple[Verdict, Severity | None], int]
    problems: Sequence[ArticleProblem] = ()
    more_problems: int = 0
    images: Mapping[Health, int] = {}
    runs: Sequence[Run] = ()

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return sum(self.counts.values())

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How many entries have which verdict."""
        found: Counter[Verdict] = Counter()
        for (verdict, _), number in self.counts.items():
            found[verdict] += number
        return found

    @property
    def severities(self) -> Counter[Severity]:
        """How many entries have which severity; what is well has none."""
        found: Counter[Severity] = Counter()
        for (_, severity), number in self.counts.items():
            if severity is not None:
                found[severity] += number
        return found


class ArticleDiff(Struct, frozen=True):
    """The unified diff of one changed article."""

    article: str
    diff: str


class Correction(Struct, frozen=True):
    """A size that a refresh has corrected, or would correct: what was declared, and what is true.

    `line` and `column` are those of the entry in the file as it is now.
    """

    article: str
    line: int
    column: int
    url: str
    before: Declared
    after: Size


class ArticleOutcome(Struct):
    """One article's part of the report: its judged entries, and what is wrong with itself."""

    results: list[EntryResult]
    problems: list[ArticleProblem]
    changed: bool = False
    local_fault: bool = False
    diff: ArticleDiff | None = None
    corrections: Sequence[Correction] = ()
    placeholders: int = 0


class Summary(Struct):
    """Counts of a run: `downloaded` to `failed` of URLs, `errors` of verdicts and broken `rules`.

    `bytes` are wire bytes of bodies; `requests` all that was sent, redirects and retries included.
    """

    articles: int = 0
    entries: int = 0
    urls: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    errors: int = 0
    warnings: int = 0
    rules: Counter[Breach] = field(default_factory=Counter)
    downloaded: int = 0
    revalidated: int = 0
    fresh: int = 0
    failed: int = 0
    bytes: int = 0
    requests: int = 0
    articles_changed: int = 0
    articles_failed: int = 0
    placeholders: int = 0


class Findings(Protocol):
    """A finished run, as renderers read it: small in memory, iterated as often as needed."""

    @property
    def command(self) -> str:
        """`refresh` or `verify`."""

    @property
    def started(self) -> float:
        """POSIX seconds."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def interrupted(self) -> bool:
        """Whether something was left out: Ctrl-C, or the time was up."""

    @property
    def dry_run(self) -> bool:
        """Whether articles were left as they are."""

    @property
    def summary(self) -> Summary:
        """The counts."""

    @property
    def known(self) -> int:
        """How many findings the baseline lists; they count as neither errors nor warnings."""

    @property
    def unselected(self) -> int:
        """How many findings `--select` and `--ignore` leave out; they don't count either."""

    def entries(self) -> Iterator[EntryResult]:
        """All judged entries, in article order, then in document order."""

    def findings(self) -> Iterator[EntryResult]:
        """Those of the entries with a finding that is an error or a warning, in the same order."""

    def article_errors(self) -> Iterator[ArticleProblem]:
        """The articles that could not be read or edited."""

    def diffs(self) -> Iterator[ArticleDiff]:
        """One diff per changed article; only where diffs were asked for."""

    def corrections(self) -> Iterator[Correction]:
        """The sizes that were corrected, or would be in a dry run; in the order of entries."""
