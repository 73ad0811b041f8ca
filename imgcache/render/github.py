"""Output for GitHub Actions: annotations at their places (workflow commands), job summary.

GitHub shows ten errors and ten warnings of a step, so the worst are sent and the rest is counted.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from msgspec import Struct

from imgcache.core.verdicts.rules import ARTICLE_ERROR
from imgcache.core.verdicts.traits import TRAITS
from imgcache.findings import Finding
from imgcache.model import Severity
from imgcache.render import markdown, phrases
from imgcache.render.outages import Outage, Outages
from imgcache.render.phrases import count, printable
from imgcache.results import ArticleProblem, EntryResult, Findings

_SHOWN = 10
# GitHub drops a job summary above 1 MiB; some room is left for what else a step writes.
_SUMMARY_BYTES = 1_000_000
_CUT = "\n*The rest does not fit here; the other formats have it all.*\n"


class _Annotation(Struct, frozen=True):
    """The content of one workflow command; `rank` orders them, the worst first."""

    rank: int
    severity: Severity
    file: str
    line: int | None
    column: int | None
    title: str
    message: str


def render(findings: Findings) -> Iterator[str]:
    """The workflow commands, errors first, then how many findings they leave out."""
    for severity in (Severity.ERROR, Severity.WARNING):
        wanted = (one for one in _annotations(findings) if one.severity is severity)
        for one in heapq.nsmallest(_SHOWN, wanted, key=lambda one: one.rank):
            yield _command(one)
    summary = findings.summary
    errors = count(summary.errors + len(list(findings.article_errors())), "error")
    warnings = count(summary.warnings, "warning")
    entries = count(summary.entries, "image entry", "image entries")
    known = f"; {text}" if (text := phrases.known(findings)) else ""
    yield f"imgcache {findings.command}: {errors}, {warnings} in {entries}{known}\n"


def summary(findings: Findings) -> Iterator[str]:
    """The job summary, in Markdown; cut at a line where GitHub would drop it for its length."""
    room = _SUMMARY_BYTES
    for piece in markdown.render(findings):
        room -= len(piece.encode("utf-8", "replace"))
        if room < 0:
            yield _CUT
            return
        yield piece


def _annotations(findings: Findings) -> Iterator[_Annotation]:
    outages = Outages(findings)
    yield from map(_of_problem, findings.article_errors())
    yield from map(_of_outage, outages)
    for entry in findings.findings():
        for one in outages.left(entry):
            yield _of_finding(entry, one)


def _of_problem(problem: ArticleProblem) -> _Annotation:
    title = f"{ARTICLE_ERROR.name} ({ARTICLE_ERROR.code})"
    return _Annotation(
        0, Severity.ERROR, problem.article, problem.line, None, title, problem.message
    )


def _of_outage(outage: Outage) -> _Annotation:
    example = outage.example
    message = f"{outage.told} at this host, for example: {example.message or ''}\n{example.url}"
    title = f"host in trouble: {outage.host}"
    return _Annotation(
        1, outage.severity, example.article, example.line, example.column, title, message
    )


def _of_finding(entry: EntryResult, found: Finding) -> _Annotation:
    return _Annotation(
        TRAITS[found.name].urgency,
        found.severity,
        entry.article,
        entry.line,
        entry.column,
        found.title,
        f"{found.message}\n{entry.url} {_spot(entry)}",
    )


def _spot(entry: EntryResult) -> str:
    return entry.spot if entry.pointer is None else f"at {entry.pointer}"


def _command(one: _Annotation) -> str:
    places = {"file": one.file, "line": one.line, "col": one.column, "title": one.title}
    properties = ",".join(
        f"{key}={_property(str(value))}" for key, value in places.items() if value is not None
    )
    return f"::{one.severity} {properties}::{_data(one.message)}\n"


def _data(text: str) -> str:
    lines = (printable(line).replace("%", "%25") for line in text.split("\n"))
    return "%0A".join(lines)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
