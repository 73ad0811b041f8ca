"""Articles from disk: read, parsed, and distinguished from other files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from imgcache.config import Settings
from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.http.location import Location, SitePath, beside, locate
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts import verdict
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found, Survey
from imgcache.edge.stopping import Signal, StoppedError, stopped_by
from imgcache.engine.run.tasks import to_its_end
from imgcache.errors import ArticleError
from imgcache.model import Entry, Notes
from imgcache.userinfo import masked, masked_within

if TYPE_CHECKING:
    from imgcache.core.articles.entries import Article
    from imgcache.core.bodies.images import BodyKind


class LoadedArticle(Struct, frozen=True):
    """What an article declares: its entries, where the URL of each leads, the line it stands in.

    `excerpts` may be shown: passwords are hidden. `data` and `parsed` are what an edit needs, as
    long as the file was taken apart for it. `digest`: of the bytes that the catalog tells of.
    `excluded`: the numbers of the entries that `exclude` names, as the article writes them.
    """

    entries: tuple[Entry, ...]
    locations: tuple[Location, ...]
    excerpts: tuple[str, ...]
    problems: tuple[ArticleError, ...] = ()
    data: bytes | None = None
    parsed: Article | None = None
    notes: Notes = Notes()
    digest: bytes | None = None
    excluded: frozenset[int] = frozenset()

    @classmethod
    def of(
        cls,
        data: bytes,
        article: Article,
        settings: Settings,
        folder: Callable[[], str] | None = None,
    ) -> LoadedArticle:
        """What the article declares that these bytes are; `folder` names that of its file."""
        entries = article.entries
        locations = tuple(locate(entry.url) for entry in entries)
        if folder is not None and any(isinstance(one, SitePath) for one in locations):
            name = folder()
            locations = tuple(beside(one, name) for one in locations)
        return cls(
            entries,
            locations,
            excerpts(data, entries),
            article.problems,
            data,
            article,
            article.notes,
            excluded=excluded(entries, locations, settings),
        )

    @property
    def judged(self) -> Iterator[tuple[int, Entry, Location]]:
        """The entries that are asked for and judged, with their numbers: all but excluded ones."""
        for number, (entry, location) in enumerate(zip(self.entries, self.locations, strict=True)):
            if number not in self.excluded:
                yield number, entry, location

    @property
    def hrefs(self) -> Iterator[str]:
        """The normalised URLs of the entries that are on the web."""
        return (one.href for one in self.locations if isinstance(one, WebUrl))


def excerpts(data: bytes, entries: Sequence[Entry]) -> tuple[str, ...]:
    """For each entry the line that its URL begins in, without passwords."""
    last = max((entry.line for entry in entries), default=0)
    lines = data.split(b"\n", last)
    return tuple(_excerpt(lines[entry.line - 1], entry) for entry in entries)


def _excerpt(text: bytes, entry: Entry) -> str:
    """The line of an entry; the URL stays at its column."""
    line, start = text.decode(errors="replace").removesuffix("\r"), entry.column - 1
    if "@" not in line and "@" not in entry.url_text:
        return line
    before = masked_within(line[:start])[-start:].rjust(start) if start else ""
    url = masked(entry.url_text)
    # What follows may be a part of the password, as escapes or on the next lines.
    return before + (masked_within(line[start:]) if url == entry.url_text else url)


# How the reading of a file ends.
ReadArticle = LoadedArticle | NotAnArticle | ArticleError


def load(found: Found, settings: Settings) -> LoadedArticle | NotAnArticle:
    """Read one file. Raises ArticleError for a broken article, or a named file that is none."""
    return understand(found, files.read(found), settings)


def understand(found: Found, data: bytes, settings: Settings) -> LoadedArticle | NotAnArticle:
    """What these bytes of a file are. Raises ArticleError as `load` does.

    A file of nothing but YAML, TOML or JSON that was found, not named, is an article only if it
    is one parsable document with at least one image entry; all others are ignored. What `skip`
    names is passed over in any case.
    """
    try:
        article = parse(found, data, settings)
    except ArticleError:
        if found.whole and not found.named:
            return NotAnArticle.PLAIN
        raise
    except Exception as exc:  # a bug of ours costs one article, not the run
        failed = f"imgcache itself failed ({type(exc).__name__}: {exc}); please report it"
        raise ArticleError(failed, 1) from exc
    if isinstance(article, NotAnArticle):
        return _refuse_if_named(found, article)
    if found.whole and not found.named and not article.entries:
        return NotAnArticle.PLAIN
    from imgcache.core.articles.skipped import is_skipped  # noqa: PLC0415  as in `parse`

    if is_skipped(article.document.root, article.resolved, settings.skip):
        return NotAnArticle.SKIPPED
    return LoadedArticle.of(data, article, settings, lambda: Names(settings).folder(found))


class Names:
    """Names of articles: their paths from the site's folder, which may be moved with them.

    The working folder stays the same as long as it is used.
    """

    def __init__(self, settings: Settings) -> None:
        self.site = os.path.join(os.path.realpath(settings.site), "")  # noqa: PTH118  is cut off
        self._roots: dict[str, str] = {}

    def of(self, file: Found) -> str:
        """The name of a file; an absolute path where it lies outside."""
        root, path = os.fspath(file.root), file.place
        if root not in self._roots:
            self._roots[root] = os.path.join(os.path.abspath(root), "")  # noqa: PTH100, PTH118  strings
        inside = path.removeprefix(root).lstrip("/") if root != "." else path
        return f"{self._roots[root]}{inside}".removeprefix(self.site)

    def folder(self, file: Found) -> str:
        """The name of a file's folder."""
        return os.path.dirname(self.of(file))  # noqa: PTH120  a string


def parse(found: Found, data: bytes, settings: Settings) -> Article | NotAnArticle:
    """The article that these bytes are. Raises ArticleError."""
    # Imported late: where no article has changed, there is nothing to parse.
    from imgcache.core.articles.entries import read  # noqa: PLC0415
    from imgcache.core.articles.places.machine import places_of  # noqa: PLC0415

    return read(
        data,
        whole=found.whole,
        places=places_of(settings.images),
        limits=settings.limits,
        language=found.language,
        noted=settings.required,
        body=_body_kind(found) if settings.body.images else None,
    )


def _body_kind(found: Found) -> BodyKind | None:
    from imgcache.core.bodies.images import kind_of  # noqa: PLC0415  as above

    return kind_of(found.path.suffix)


def _refuse_if_named(found: Found, reason: NotAnArticle) -> NotAnArticle:
    if not found.named:
        return reason
    raise refusal(reason)


def refusal(reason: NotAnArticle) -> ArticleError:
    """Why something that was meant to be an article is none."""
    if reason is NotAnArticle.FOREIGN:
        words = "the front matter is neither YAML, TOML nor JSON; put YAML between two --- lines"
        return ArticleError(words, 1)
    if reason is NotAnArticle.UNCLOSED:
        return ArticleError("no article: the front matter has no end (a closing ---, +++ or })", 1)
    return ArticleError("no article: the file does not begin with front matter (---, +++ or {)", 1)


def url_names(entry: Entry, location: Location) -> tuple[str, ...]:
    """The spellings of a URL that patterns of verdicts are matched against: as shown, normalised.

    No password is kept for them, so that they say the same in each run.
    """
    return _names(masked(entry.url_text), location)


def excluded(
    entries: Sequence[Entry], locations: Sequence[Location], settings: Settings
) -> frozenset[int]:
    """The numbers of the entries whose URLs `exclude` names, as written or normalised."""
    if not settings.exclude:
        return frozenset()
    return frozenset(
        number
        for number, (entry, location) in enumerate(zip(entries, locations, strict=True))
        if verdict.matches_any(settings.exclude, _names(entry.url_text, location))
    )


def _names(text: str, location: Location) -> tuple[str, ...]:
    return (text, location.href) if isinstance(location, WebUrl) else (text,)


def listed(settings: Settings) -> list[Path]:
    """The paths and patterns that the configuration names as articles."""
    return [Path(path) for path in settings.articles]


def chosen(paths: Sequence[Path | str], settings: Settings) -> list[Path]:
    """The given paths, else the configured ones, else the site's articles/, content/, or itself."""
    if paths or settings.articles:
        return [Path(path) for path in paths or settings.articles]
    usual = [settings.folder / name for name in ("articles", "content")]
    return next(([path] for path in usual if path.is_dir()), [settings.folder])


def are_files(found: Sequence[Found]) -> bool:
    """Whether all of these are named by their own paths, and none was searched for."""
    return all(file.named for file in found)


async def searched(
    paths: Sequence[Path | str], settings: Settings, interrupt: Signal
) -> Survey | None:
    """As `search`, in a thread; None where it was interrupted."""
    try:
        with stopped_by(interrupt):
            return await to_its_end(search, paths, settings)
    except StoppedError:
        return None


def search(paths: Sequence[Path | str], settings: Settings) -> Survey:
    """The files at the given paths, else at the configured or the usual ones. ConfigError."""
    return files.survey(
        chosen(paths, settings), cache_dir=settings.cache.folder, listed=listed(settings)
    )
