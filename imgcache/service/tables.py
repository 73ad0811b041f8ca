"""CSV of images, articles and hosts (RFC 4180), for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from unicodedata import category

from imgcache.core.catalog import ArticleState, HostState
from imgcache.findings import Health
from imgcache.render.json import timestamp
from imgcache.results import KnownImage

Cell = str | int | None
# A spreadsheet takes what begins so for a formula, and runs it.
_FORMULAS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
IMAGES = (
    *("url", "severity", "verdict", "code", "all_verdicts", "message"),
    *("declared_width", "declared_height", "width", "height", "bytes", "format", "sha256"),
    *("failing_since", "uses", "articles", "article", "line", "title", "date"),
)
ARTICLES = ("article", "title", "date", "entries", "errors", "warnings", "problems")
HOSTS = ("host", "images", "failing", "errors", "warnings", "failing_since", "verdicts")


def images(found: Iterable[KnownImage]) -> str:
    """A line for each image, with the worst of its places."""
    return _table(IMAGES, map(_image, found))


def articles(found: Iterable[ArticleState]) -> str:
    """A line for each article."""
    return _table(ARTICLES, map(_article, found))


def hosts(found: Iterable[HostState]) -> str:
    """A line for each host."""
    return _table(HOSTS, map(_host, found))


def _image(image: KnownImage) -> Sequence[Cell]:
    known, entry = image.known, image.known.entry
    since = None if known.state is None else known.state.failing_since
    declared, actual = entry.declared, entry.actual or (None, None)
    return (
        *(entry.url, Health.of(entry.worst), entry.verdict, entry.verdict.code),
        *(" ".join(image.verdicts), " ".join(one.message for one in entry.findings)),
        *(declared.width, declared.height, *actual),
        *(entry.bytes, entry.format and entry.format.label, entry.sha256),
        *(None if since is None else timestamp(since), image.uses, image.articles),
        *(entry.article, entry.line, known.title, known.date),
    )


def _article(state: ArticleState) -> Sequence[Cell]:
    problems = " ".join(one.message for one in state.problems)
    counts = (state.entries, state.errors, state.warnings)
    return (state.article, state.title, state.date, *counts, problems)


def _host(state: HostState) -> Sequence[Cell]:
    counts = (state.images, state.failing, state.errors, state.warnings)
    since = None if state.since is None else timestamp(state.since)
    verdicts = " ".join(f"{verdict}={number}" for verdict, number in state.verdicts.items())
    return (state.host, *counts, since, verdicts)


def _table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(head)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode(errors="replace").decode()


def _safe(cell: Cell) -> Cell:
    """A text as it is, but never as a formula: an apostrophe tells spreadsheets that it is none."""
    if isinstance(cell, str) and (cell.startswith(_FORMULAS) or _first(cell) in _FORMULAS):
        return f"'{cell}"
    return cell


def _first(text: str) -> str:
    """The first character that is seen: some programs pass over the others."""
    unseen = ("Cc", "Cf", "Zl", "Zp", "Zs")
    return next((one for one in text if category(one) not in unseen), "")
