"""Plain-text report for people: findings by article, hosts that are down, and how the run ended.

With `colour` the same text has ANSI colours, and nothing else is added. Diffs are exact, for the
programs that apply them; only on a `terminal` what would steer it is escaped in them, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from imgcache.findings import Finding
from imgcache.model import Severity, Verdict
from imgcache.render import phrases
from imgcache.render.excerpt import place, quoted, quoted_problem
from imgcache.render.outages import Outage, Outages
from imgcache.render.phrases import amount, printable
from imgcache.results import ArticleProblem, EntryResult, Findings

# Other modules import these from here.
__all__ = ["amount", "printable", "render"]

_STYLES = {
    "article": "bold",
    "error": "bold red",
    "warning": "yellow",
    "ok": "green",
    "faint": "dim",
    "gutter": "blue",
}
# Places end here, and so do line numbers in the gutter, so that they form one column.
_WHERE = 10
_MESSAGE = " " * (_WHERE + 2)
# What a terminal may get of a diff: tabs, and the CR of a CRLF.
_BLANKS = "\t\r\n"


def render(
    findings: Findings, *, colour: bool = False, with_diffs: bool = False, terminal: bool = False
) -> Iterator[str]:
    """The report in pieces, each ending a line; `ok` and ignored entries are not listed."""
    paint = _Paint(on=colour)
    outages = Outages(findings)
    yield from _articles(findings, outages, paint)
    if outages:
        yield f"{paint('article', 'hosts in trouble')}\n"
        yield from (_outage(one, paint) for one in outages)
        yield "\n"
    yield from _ending(findings, paint)
    if with_diffs:
        for one in findings.diffs():
            shown = printable(one.diff, also=_BLANKS) if terminal else one.diff
            yield f"\n{shown}"


class _Paint:
    def __init__(self, *, on: bool) -> None:
        self._on = on

    def __call__(self, style: str, text: str) -> str:
        return _painted(style, text) if self._on else text


def _painted(style: str, text: str) -> str:
    from rich.color import ColorSystem  # noqa: PLC0415  rich costs start-up
    from rich.style import Style  # noqa: PLC0415

    return Style.parse(_STYLES[style]).render(text, color_system=ColorSystem.STANDARD)


def _articles(findings: Findings, outages: Outages, paint: _Paint) -> Iterator[str]:
    problems: dict[str, list[ArticleProblem]] = {}
    for problem in findings.article_errors():
        problems.setdefault(problem.article, []).append(problem)
    listed = (one for one in findings.findings() if outages.left(one))
    for article, entries in groupby(listed, lambda one: one.article):
        yield f"{paint('article', printable(article))}\n"
        for problem in problems.pop(article, ()):
            yield from _problem(problem, paint)
        for entry in entries:
            yield from _entry(entry, outages.left(entry), paint)
    for article, rest in problems.items():
        yield f"{paint('article', printable(article))}\n"
        for problem in rest:
            yield from _problem(problem, paint)


def _problem(problem: ArticleProblem, paint: _Paint) -> Iterator[str]:
    where = f"{problem.line}" if problem.line else "-"
    yield f"{where:>{_WHERE}}  {paint('error', 'error')}    {printable(problem.message)}\n"
    lines = list(quoted_problem(problem, _WHERE))
    if lines:
        yield from _arrow(f"{problem.article}:{problem.line}:{problem.column}", paint)
    yield from _quote(lines, "error", paint)
    yield "\n"


def _entry(entry: EntryResult, found: Sequence[Finding], paint: _Paint) -> Iterator[str]:
    """All that was found at an entry, and its line once."""
    where = f"{entry.line}:{entry.column}"
    for one in found:
        weight = one.severity
        yield (
            f"{where:>{_WHERE}}  {paint(weight, f'{weight:<7}')}  "
            f"{paint(weight, printable(one.title))}  {paint('faint', printable(entry.spot))}\n"
        )
        yield f"{_MESSAGE}{printable(one.message)}\n"
    worst = Severity.ERROR if any(one.severity is Severity.ERROR for one in found) else "warning"
    yield from _source(entry, worst, paint)
    yield "\n"


def _source(entry: EntryResult, style: str, paint: _Paint) -> Iterator[str]:
    """The place, clickable, and the line; or the URL where the line is not known."""
    yield from _arrow(place(entry), paint)
    lines = list(quoted(entry, _WHERE))
    yield from _quote(lines, style, paint)
    if not lines:
        yield f"{_MESSAGE} {printable(entry.url)}\n"


def _arrow(where: str, paint: _Paint) -> Iterator[str]:
    arrow = f"{'-->':>{_WHERE + 2}}"
    yield f"{paint('gutter', arrow)} {printable(where)}\n"


def _quote(lines: list[tuple[str, str]], style: str, paint: _Paint) -> Iterator[str]:
    for gutter, content in lines[:-1]:
        yield f"{paint('gutter', gutter)}{content}\n"
    for gutter, carets in lines[-1:]:
        yield f"{paint('gutter', gutter)}{paint(style, carets)}\n"


def _outage(outage: Outage, paint: _Paint) -> str:
    example = outage.example
    return (
        f"{_MESSAGE}{paint(outage.severity, f'{outage.severity:<7}')}  "
        f"{paint(outage.severity, printable(outage.host))}  {outage.told}, as at "
        f"{printable(place(example))}: {printable(example.message or '')}\n"
    )


def _ending(findings: Findings, paint: _Paint) -> Iterator[str]:
    verdicts = ", ".join(
        f"{count} {paint('ok' if verdict is Verdict.OK else 'article', verdict)}"
        for verdict, count in findings.summary.verdicts.most_common()
    )
    yield f"{phrases.counted(findings.summary)}{': ' + verdicts if verdicts else ''}\n"
    if broken := phrases.broken(findings.summary):
        yield f"{broken}\n"
    yield f"{phrases.fetched(findings)}\n"
    for text in filter(None, (phrases.written(findings), phrases.known(findings))):
        yield f"{text}\n"
    if unreached := phrases.unreached(findings):
        yield paint("warning", unreached) + "\n"
