"""Articles from disk: read, parsed once, and distinguished from other files.

Both passes read each file, but only one that has changed in between is parsed again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from imgcache.config import Settings
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.articles.entries import Article
from imgcache.core.articles.entries import read as read_entries
from imgcache.core.http.location import Location, locate
from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts import verdict
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found, Survey
from imgcache.engine.run.disk_list import DiskList
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry

# What the first pass remembers of a file: its hash, and each entry with the parts of its WebUrl.
_Row = tuple[
    tuple[str, int, int, str | None, str],
    tuple[int | None, int | None, bool | None, tuple[tuple[str, str], ...]],
    tuple[str, str, str, int] | None,
]
_Memory = tuple[bytes, list[_Row]] | None


@dataclass(frozen=True, slots=True)
class LoadedArticle:
    """An article as it was read: its bytes, its entries, and where the URL of each leads.

    `parsed` is what the entries were taken from, as long as it may still be edited.
    """

    data: bytes
    entries: tuple[Entry, ...]
    locations: tuple[Location, ...]
    problems: tuple[ArticleError, ...] = ()
    parsed: Article | None = field(default=None, compare=False)

    @classmethod
    def of(cls, data: bytes, article: Article) -> LoadedArticle:
        """What a parsed article declares."""
        locations = tuple(locate(entry.url) for entry in article.entries)
        return cls(data, article.entries, locations, article.problems, article)

    def line(self, number: int) -> str:
        """One line of the front matter, from 1 in the file, without its end."""
        return self.data.split(b"\n", number)[number - 1].decode().removesuffix("\r")

    def without_text(self) -> LoadedArticle:
        """The same without what follows the last line that an entry stands in, to save memory."""
        last = max((entry.line for entry in self.entries), default=0)
        lines = self.data.split(b"\n", last)[:last]
        return replace(self, data=b"\n".join(lines), parsed=None)

    @property
    def hrefs(self) -> Iterator[str]:
        """The normalised URLs of the entries that are on the web."""
        return (one.href for one in self.locations if isinstance(one, WebUrl))


# How the reading of a file ends.
ReadArticle = LoadedArticle | NotAnArticle | ArticleError


def load(found: Found, settings: Settings) -> LoadedArticle | NotAnArticle:
    """Read one file. Raises ArticleError for a broken article, or a named file that is none.

    A YAML file that was found, not named, is an article only if it is one parsable document
    with at least one image entry; all others are ignored.
    """
    data = files.read(found)
    try:
        article = parse(found, data, settings)
    except ArticleError:
        if found.whole and not found.named:
            return NotAnArticle.PLAIN
        raise
    if isinstance(article, NotAnArticle):
        return _refuse_if_named(found, article)
    if found.whole and not found.named and not article.entries:
        return NotAnArticle.PLAIN
    return LoadedArticle.of(data, article)


def parse(found: Found, data: bytes, settings: Settings) -> Article | NotAnArticle:
    """The article that these bytes are. Raises ArticleError."""
    return read_entries(data, whole=found.whole, fields=settings.fields, limits=settings.limits)


def _refuse_if_named(found: Found, reason: NotAnArticle) -> NotAnArticle:
    if not found.named:
        return reason
    raise refusal(reason)


def refusal(reason: NotAnArticle) -> ArticleError:
    """Why something that was meant to be an article is none."""
    if reason is NotAnArticle.FOREIGN:
        return ArticleError("the front matter is not YAML; put it between two --- lines", 1)
    if reason is NotAnArticle.UNCLOSED:
        return ArticleError("no article: the front matter has no closing --- line", 1)
    return ArticleError("no article: the file does not begin with front matter (---)", 1)


class FirstPass:
    """What the first pass saw of each file, in order, for the last one; kept on disk."""

    def __init__(self) -> None:
        self._rows: DiskList[_Memory] = DiskList()

    def remember(self, read: ReadArticle) -> None:
        """The next file's; a broken or strange one will be parsed again."""
        if isinstance(read, LoadedArticle) and not read.problems:
            rows = [_row(*one) for one in zip(read.entries, read.locations, strict=True)]
            self._rows.append((_hash(read.data), rows))
        else:
            self._rows.append(None)

    def recall(
        self, found: Sequence[Found], settings: Settings
    ) -> Iterator[tuple[Found, ReadArticle]]:
        """The same files as they are now."""
        for file, memory in zip(found, self._rows, strict=True):
            yield file, _again(file, memory, settings)


def _again(found: Found, memory: _Memory, settings: Settings) -> ReadArticle:
    try:
        if memory is not None:
            data = files.read(found)
            if _hash(data) == memory[0]:
                return _recalled(data, memory[1])
        return load(found, settings)
    except ArticleError as exc:
        return exc


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _row(entry: Entry, location: Location) -> _Row:
    size = entry.declared
    where = (entry.pointer, entry.line, entry.column, entry.url, entry.url_text)
    web = location if isinstance(location, WebUrl) else None
    parts = (web.href, web.scheme, web.host, web.port) if web else None
    return where, (size.width, size.height, size.cached, size.strange), parts


def _recalled(data: bytes, rows: Sequence[_Row]) -> LoadedArticle:
    entries = tuple(Entry(*where, Declared(*says)) for where, says, _ in rows)
    locations = tuple(
        WebUrl(*parts) if parts else locate(entry.url)
        for entry, (_, _, parts) in zip(entries, rows, strict=True)
    )
    return LoadedArticle(data, entries, locations)


def url_names(entry: Entry, location: Location) -> tuple[str, ...]:
    """The spellings of a URL that patterns are matched against: as written, and normalised."""
    if isinstance(location, WebUrl):
        return (entry.url_text, location.href)
    return (entry.url_text,)


def is_excluded(entry: Entry, location: Location, settings: Settings) -> bool:
    """Whether the configured `exclude` patterns name this entry's URL."""
    if not settings.exclude:
        return False
    return verdict.matches_any(settings.exclude, url_names(entry, location))


def chosen(paths: Sequence[Path | str], settings: Settings) -> list[Path]:
    """The given paths, else the configured ones, else the site's articles/, content/, or itself."""
    if paths or settings.articles:
        return [Path(path) for path in paths or settings.articles]
    usual = [settings.folder / name for name in ("articles", "content")]
    return next(([path] for path in usual if path.is_dir()), [settings.folder])


def search(paths: Sequence[Path | str], settings: Settings) -> Survey:
    """The files at the given paths, else at the configured or the usual ones. ConfigError."""
    return files.survey(chosen(paths, settings), cache_dir=settings.cache.dir)
