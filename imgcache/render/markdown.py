"""Report in GitHub-flavoured Markdown: for pull request comments, job summaries and wikis."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from imgcache.findings import Finding
from imgcache.model import Severity
from imgcache.render import phrases
from imgcache.render.excerpt import place
from imgcache.render.outages import Outage, Outages
from imgcache.render.phrases import printable
from imgcache.results import EntryResult, Findings

_HEAD = "| severity | finding | place | image | what to do |\n|---|---|---|---|---|\n"
# What would be markup, a link, an emoji, mathematics or HTML in running text.
_MARKS = re.compile(r"[\\`*_\[\]<>|~&#!$]|:(?=\S)|(?<=www)\.")


def render(findings: Findings) -> Iterator[str]:
    """The report in pieces, each ending a line; the totals come first, in case it is cut."""
    outages = Outages(findings)
    yield from _totals(findings)
    yield from _hosts(outages)
    problems = [
        f"| {code(where)} | {escaped(one.message)} |\n"
        for one in findings.article_errors()
        for where in [one.article if one.line is None else f"{one.article}:{one.line}"]
    ]
    if problems:
        yield "\n### Articles that could not be read or edited\n\n| place | reason |\n|---|---|\n"
        yield from problems
    listed = (one for one in findings.findings() if outages.left(one))
    for article, entries in groupby(listed, lambda one: one.article):
        yield f"\n### {code(article)}\n\n{_HEAD}"
        yield from (_row(entry, one) for entry in entries for one in outages.left(entry))


def _totals(findings: Findings) -> Iterator[str]:
    summary = findings.summary
    yield f"## imgcache {findings.command}\n\n"
    errors, warnings = (
        phrases.count(summary.errors, "error"),
        phrases.count(summary.warnings, "warning"),
    )
    yield f"**{errors}, {warnings}** in {phrases.counted(summary)}.\n\n"
    if summary.verdicts:
        yield "| verdict | entries |\n|---|--:|\n"
        yield from (f"| {verdict} | {n:,} |\n" for verdict, n in summary.verdicts.most_common())
        yield "\n"
    if broken := phrases.broken(summary):
        yield f"{broken}.\n\n"
    yield f"{phrases.fetched(findings)}.\n"
    notes = (
        phrases.written(findings),
        phrases.known(findings),
        phrases.unselected(findings),
        phrases.unreached(findings),
    )
    for note in notes:
        if note:
            yield f"\n{note.rstrip('.')}.\n"


def _hosts(outages: Outages) -> Iterator[str]:
    if not outages:
        return
    yield "\n### Hosts in trouble\n\n| severity | host | findings | for example | what to do |\n"
    yield "|---|---|---|---|---|\n"
    yield from map(_host, outages)


def _host(outage: Outage) -> str:
    example = outage.example
    return (
        f"| {_weight(outage.severity)} | {code(outage.host)} | {outage.told} "
        f"| {code(place(example))} | {escaped(example.message or '')} |\n"
    )


def _row(entry: EntryResult, found: Finding) -> str:
    of_rule = "" if found.rule is None else f"<br>rule {escaped(found.rule)}"
    return (
        f"| {_weight(found.severity)} | {found.name} ({found.code}){of_rule} "
        f"| {code(place(entry))}<br>{code(entry.spot)} | {code(entry.url)} "
        f"| {escaped(found.message)} |\n"
    )


def _weight(severity: Severity | None) -> str:
    return "**error**" if severity is Severity.ERROR else f"{severity}"


def escaped(text: str) -> str:
    """Text from strangers as running text: it can't become markup or mention a user."""
    return _MARKS.sub(lambda found: f"\\{found[0]}", printable(text)).replace("@", "`@`")


def code(text: str) -> str:
    """Text from strangers as a code span that fits into a table (GFM: a pipe needs a backslash)."""
    shown = printable(text).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{blank}{shown or ' '}{blank}{fence}"
