"""The report for a person: findings by article, then what was done and how it ended.

Plain text; with `colour` the same text with ANSI colours and nothing else added.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from rich.color import ColorSystem
from rich.style import Style

from imgcache.model import Severity, Verdict
from imgcache.report.findings import ArticleProblem, EntryResult, Findings, Summary

_STYLES = {
    "article": Style.parse("bold"),
    "error": Style.parse("bold red"),
    "warning": Style.parse("yellow"),
    "ok": Style.parse("green"),
    "faint": Style.parse("dim"),
}
_KILO = 1000
# What a diff needs to stay exact: tabs, and the CR of a CRLF.
_BLANKS = "\t\r"


def render(findings: Findings, *, colour: bool = False, with_diffs: bool = False) -> Iterator[str]:
    """The report in pieces, each ending a line; `ok` and ignored entries are not listed."""
    paint = _Paint(on=colour)
    problems = list(findings.article_errors())
    for article, entries in groupby(findings.findings(), lambda one: one.article):
        yield f"{paint('article', printable(article))}\n"
        for problem in [one for one in problems if one.article == article]:
            yield from _problem(problem, paint)
        problems = [one for one in problems if one.article != article]
        for entry in entries:
            yield from _entry(entry, paint)
        yield "\n"
    for problem in problems:
        yield f"{paint('article', printable(problem.article))}\n"
        yield from _problem(problem, paint)
        yield "\n"
    yield from _ending(findings, paint)
    if with_diffs:
        for one in findings.diffs():
            yield "\n"
            yield from (f"{printable(line, also=_BLANKS)}\n" for line in one.diff.split("\n")[:-1])


class _Paint:
    def __init__(self, *, on: bool) -> None:
        self._system = ColorSystem.STANDARD if on else None

    def __call__(self, style: str, text: str) -> str:
        return _STYLES[style].render(text, color_system=self._system)


def printable(text: str, also: str = "") -> str:
    """Text from strangers, so that it can't steer the terminal: control characters are escaped.

    `also`: those that may stay.
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() or char in also
        else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


def _problem(problem: ArticleProblem, paint: _Paint) -> Iterator[str]:
    where = f"{problem.line}" if problem.line else "-"
    yield f"  {where:>8}  {paint('error', 'error')}    {printable(problem.message)}\n"


def _entry(entry: EntryResult, paint: _Paint) -> Iterator[str]:
    where = f"{entry.line}:{entry.column}"
    weight = entry.severity or Severity.IGNORE
    name = f"{entry.verdict} ({entry.verdict.code})"
    yield (
        f"  {where:>8}  {paint(weight, f'{weight:<7}')}  {paint(weight, name)}  "
        f"{printable(entry.url)}\n"
    )
    yield f"  {'':8}           {printable(entry.message or '')}\n"


def _ending(findings: Findings, paint: _Paint) -> Iterator[str]:
    summary = findings.summary
    verdicts = ", ".join(
        f"{count} {paint('ok' if verdict is Verdict.OK else 'article', verdict)}"
        for verdict, count in summary.verdicts.most_common()
    )
    entries = _count(summary.entries, "image entry", "image entries")
    articles = _count(summary.articles, "article")
    yield f"{entries} in {articles}{': ' + verdicts if verdicts else ''}\n"
    if findings.command == "verify":
        yield f"{_asked(summary)} in {findings.seconds:.1f} s\n"
    else:
        yield f"{_fetched(summary)} in {findings.seconds:.1f} s\n"
        yield f"{_written(findings)}\n"
    if findings.interrupted:
        yield paint("warning", "Not everything was reached; run again for the rest.") + "\n"


def _asked(summary: Summary) -> str:
    if not summary.requests:
        return f"no request was made: {_count(summary.urls, 'URL')} looked at"
    return (
        f"{_count(summary.urls, 'URL')} looked at, {summary.failed} failed: "
        f"{_count(summary.requests, 'request')}, {amount(summary.bytes)}"
    )


def _fetched(summary: Summary) -> str:
    if not summary.requests:
        return f"no request was needed: {summary.fresh} fresh, {summary.failed} failed"
    return (
        f"{summary.downloaded} downloaded, {summary.revalidated} revalidated, "
        f"{summary.fresh} fresh, {summary.failed} failed: "
        f"{_count(summary.requests, 'request')}, {amount(summary.bytes)}"
    )


def _written(findings: Findings) -> str:
    summary = findings.summary
    changed = _count(summary.articles_changed, "article")
    if findings.dry_run:
        return f"{changed} would change (dry run)"
    told = f"{changed} changed" if summary.articles_changed else "no article needed a change"
    if summary.articles_failed:
        told += f", {_count(summary.articles_failed, 'article')} could not be read or edited"
    return told


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def amount(size: int) -> str:
    """Bytes for people, in powers of 1000: `812 kB`."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < _KILO:
            break
        value, unit = value / _KILO, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"  # noqa: PLR2004  one decimal below ten
