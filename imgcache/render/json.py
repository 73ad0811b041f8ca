"""The JSON report: the program's contract with scripts. Streamed, so that size is no matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal, NotRequired, cast

import msgspec
from msgspec.structs import asdict
from typing_extensions import TypedDict

from imgcache.model import Breach, Severity, Source, Verdict
from imgcache.results import ArticleProblem, EntryResult, Findings, Summary
from imgcache.version import VERSION

SCHEMA = 1


class Declares(TypedDict):
    """What an article says of an image; null is 'not declared'."""

    width: int | None
    height: int | None
    cached: bool | None


class Dimensions(TypedDict):
    """Width and height in CSS pixels, as a browser shows the image."""

    width: int
    height: int


class Thumbnail(TypedDict):
    """A thumbnail; `path` is relative to the cache folder."""

    name: str
    path: str
    width: int
    height: int


class BrokenRuleDocument(TypedDict):
    """A rule of the site that an entry breaks, and how."""

    rule: str
    code: str
    breach: Breach
    severity: Severity
    message: str


class EntryDocument(TypedDict):
    """One judged image entry. `article`, `line` and `column` are null where no file has it."""

    article: str | None
    line: int | None
    column: int | None
    pointer: str | None
    url: str
    verdict: Verdict
    code: str | None
    severity: Severity | None
    message: str | None
    declared: Declares
    actual: Dimensions | None
    cached: bool | None
    format: str | None
    bytes: int | None
    sha256: str | None
    status: int | None
    source: Source | None
    path: str | None
    rules: list[BrokenRuleDocument]
    thumbnails: list[Thumbnail]


class ArticleProblemDocument(TypedDict):
    """An article that could not be read, or must not be edited."""

    article: str | None
    line: int | None
    message: str


class SummaryDocument(TypedDict):
    """The counts of one answer, as in a report."""

    articles: int
    entries: int
    urls: int
    verdicts: dict[Verdict, int]
    errors: int
    warnings: int
    rules: dict[Breach, int]
    downloaded: int
    revalidated: int
    fresh: int
    failed: int
    bytes: int
    requests: int
    articles_changed: int
    articles_failed: int
    placeholders: int


class DiffDocument(TypedDict):
    """The unified diff of one changed article."""

    article: str
    diff: str


class ReportDocument(TypedDict):
    """The report of a refresh or verify; key order is not promised, keys may be added."""

    schema: Literal[1]
    command: Literal["refresh", "verify"]
    version: str
    started: str
    seconds: float
    interrupted: bool
    entries: list[EntryDocument]
    article_errors: list[ArticleProblemDocument]
    diffs: NotRequired[list[DiffDocument]]
    summary: SummaryDocument


def render(findings: Findings, *, with_diffs: bool = False) -> Iterator[str]:
    """The report in pieces; joined they are one JSON document that ends with a line end."""
    head = {
        "schema": SCHEMA,
        "command": findings.command,
        "version": VERSION,
        "started": timestamp(findings.started),
        "seconds": round(findings.seconds, 3),
        "interrupted": findings.interrupted,
    }
    yield json.dumps(head, indent=1)[:-2]
    yield from _list("entries", map(entry_document, findings.entries()))
    yield from _list("article_errors", map(problem_document, findings.article_errors()))
    if with_diffs:
        diffs = ({"article": one.article, "diff": one.diff} for one in findings.diffs())
        yield from _list("diffs", diffs)
    yield f',\n "summary": {json.dumps(summary_document(findings.summary))}\n}}\n'


def _list(key: str, documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield f',\n "{key}": ['
    separator = "\n  "
    for document in documents:
        yield separator + one_line(document)
        separator = ",\n  "
    yield "\n ]"


def one_line(document: Mapping[str, Any]) -> str:
    """As `json.dumps`, in a third of the time where all is printable ASCII, as nearly always."""
    with suppress(UnicodeEncodeError):  # half a surrogate pair
        text = msgspec.json.format(msgspec.json.encode(document), indent=0)
        if text.isascii() and b"\x7f" not in text:
            return text.decode("ascii")
    return json.dumps(document)


def timestamp(seconds: float) -> str:
    """POSIX seconds as RFC 3339 has them, in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def entry_document(entry: EntryResult) -> EntryDocument:
    """One entry in the words of the report; what is unknown is null."""
    declared, actual = entry.declared, entry.actual
    return {
        "article": entry.article,
        "line": entry.line,
        "column": entry.column,
        "pointer": entry.pointer,
        "url": entry.url,
        "verdict": entry.verdict,
        "code": entry.verdict.code,
        "severity": entry.severity,
        "message": entry.message,
        "declared": {
            "width": declared.width,
            "height": declared.height,
            "cached": declared.cached,
        },
        "actual": {"width": actual.width, "height": actual.height} if actual else None,
        "cached": entry.cached,
        "format": entry.format.label if entry.format else None,
        "bytes": entry.bytes,
        "sha256": entry.sha256,
        "status": entry.status,
        "source": entry.source,
        "path": entry.path,
        "rules": [
            {
                "rule": one.rule,
                "code": one.breach.code,
                "breach": one.breach,
                "severity": one.severity,
                "message": one.message,
            }
            for one in entry.broken
        ],
        "thumbnails": [
            {"name": one.name, "path": one.path, "width": one.width, "height": one.height}
            for one in entry.thumbnails
        ],
    }


def problem_document(problem: ArticleProblem) -> ArticleProblemDocument:
    """An article's error in the words of the report."""
    return {"article": problem.article, "line": problem.line, "message": problem.message}


def summary_document(summary: Summary) -> SummaryDocument:
    """The counts; `verdicts` and `rules` name those that occurred."""
    named = {
        "verdicts": {str(verdict): count for verdict, count in sorted(summary.verdicts.items())},
        "rules": {str(breach): count for breach, count in sorted(summary.rules.items())},
    }
    return cast("SummaryDocument", asdict(summary) | named)
