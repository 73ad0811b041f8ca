"""Output for GitHub Actions: annotations at their places (workflow commands), job summary.

GitHub shows ten errors and ten warnings of a step. So one of each verdict is sent first, then one
of each image, the worst first, and the rest is counted.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from msgspec import Struct

from imgcache.core.verdicts.rules import ARTICLE_ERROR
from imgcache.core.verdicts.traits import TRAITS
from imgcache.findings import Finding
from imgcache.model import Severity
from imgcache.render import markdown, phrases
from imgcache.render.blocks.groups import group_key
from imgcache.render.outages import Outage, Outages
from imgcache.render.phrases import count, printable
from imgcache.results import ArticleProblem, EntryResult, Findings

_SHOWN = 10
# Kept while choosing; more than are shown, so that few choices are made.
_HELD = 1000
_BROKEN, _DOWN = "article-error", "host in trouble"


class _Annotation(Struct, frozen=True):
    """The content of one workflow command; `rank` orders them, the worst first.

    `kind` is the verdict or breach, `group` what many places may have in common.
    """

    rank: int
    kind: str
    group: bytes
    severity: Severity
    file: str
    line: int | None
    column: int | None
    title: str
    message: str


def render(findings: Findings) -> Iterator[str]:
    """The workflow commands, errors first, then how many findings they leave out."""
    outages = Outages(findings)
    for severity in (Severity.ERROR, Severity.WARNING):
        found = (one for one in _annotations(findings, outages) if one.severity is severity)
        yield from map(_command, _chosen(found))
    summary = findings.summary
    errors = count(summary.errors + len(list(findings.article_errors())), "error")
    warnings = count(summary.warnings, "warning")
    entries = count(summary.entries, "image entry", "image entries")
    known = f"; {text}" if (text := phrases.known(findings)) else ""
    yield f"imgcache {findings.command}: {errors}, {warnings} in {entries}{known}\n"


def summary(findings: Findings) -> Iterator[str]:
    """The job summary, in Markdown, of a length that is read."""
    return markdown.brief(findings)


def _chosen(found: Iterable[_Annotation]) -> Iterator[_Annotation]:
    """Ten of them: one of each kind, then one of each group, then what is left; the worst first."""
    kinds: dict[str, _Annotation] = {}
    groups: dict[bytes, _Annotation] = {}
    repeated: list[_Annotation] = []
    for one in found:
        if one.kind not in kinds:
            kinds[one.kind] = one
        elif one.group == kinds[one.kind].group or one.group in groups:
            repeated.append(one)
        else:
            groups[one.group] = one
        if len(groups) + len(repeated) > _HELD:
            groups = {one.group: one for one in _worst(groups.values())}
            repeated = _worst(repeated)
    by_kind = sorted(kinds.values(), key=lambda one: one.rank)
    return islice(chain(by_kind, _worst(groups.values()), _worst(repeated)), _SHOWN)


def _worst(found: Iterable[_Annotation]) -> list[_Annotation]:
    return heapq.nsmallest(_SHOWN, found, key=lambda one: one.rank)


def _annotations(findings: Findings, outages: Outages) -> Iterator[_Annotation]:
    yield from map(_of_problem, findings.article_errors())
    yield from map(_of_outage, outages)
    for entry in findings.findings():
        for one in outages.left(entry):
            yield _of_finding(entry, one)


def _of_problem(problem: ArticleProblem) -> _Annotation:
    title = f"{ARTICLE_ERROR.name} ({ARTICLE_ERROR.code})"
    return _Annotation(
        0,
        _BROKEN,
        problem.message.encode("utf-8", "surrogatepass"),
        Severity.ERROR,
        problem.article,
        problem.line,
        None,
        title,
        problem.message,
    )


def _of_outage(outage: Outage) -> _Annotation:
    example = outage.example
    message = f"{outage.told} at this host, for example: {example.message or ''}\n{example.url}"
    title = f"host in trouble: {outage.host}"
    return _Annotation(
        1,
        _DOWN,
        outage.host.encode("utf-8", "surrogatepass"),
        outage.severity,
        example.article,
        example.line,
        example.column,
        title,
        message,
    )


def _of_finding(entry: EntryResult, found: Finding) -> _Annotation:
    return _Annotation(
        TRAITS[found.name].urgency,
        found.name,
        group_key(entry, found),
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
