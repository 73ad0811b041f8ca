"""JUnit XML, as CI servers draw it: a suite per article, a case per image entry and broken rule.

The shape is the one of Surefire and Jenkins (junit-10.xsd). Errors are failures; a case with a
warning passes and has it as output; what was not checked, or is ignored, is skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html import escape
from itertools import groupby

from imgcache.core.verdicts.rules import ARTICLE_ERROR
from imgcache.findings import Finding
from imgcache.model import Severity, Verdict
from imgcache.render.excerpt import place
from imgcache.render.phrases import printable
from imgcache.results import ArticleProblem, EntryResult, Findings


def render(findings: Findings) -> Iterator[str]:
    """The report in pieces; one suite is in memory at a time."""
    problems: dict[str, list[ArticleProblem]] = {}
    for problem in findings.article_errors():
        problems.setdefault(problem.article, []).append(problem)
    summary, broken = findings.summary, sum(map(len, problems.values()))
    tests = summary.entries + summary.rules.total() + broken
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield (
        f'<testsuites name="imgcache {findings.command}" tests="{tests}" '
        f'failures="{summary.errors}" errors="{broken}" time="{findings.seconds:.3f}">\n'
    )
    for article, entries in groupby(findings.entries(), lambda one: one.article):
        yield from _suite(article, list(entries), problems.pop(article, []))
    for article, rest in problems.items():
        yield from _suite(article, [], rest)
    yield "</testsuites>\n"


def _suite(
    article: str, entries: list[EntryResult], problems: list[ArticleProblem]
) -> Iterator[str]:
    cases = [case for entry in entries for case in _cases(entry)]
    outcomes = Counter(_outcome(one) for _, one in cases)
    yield (
        f'  <testsuite name={_quoted(article)} tests="{len(cases) + len(problems)}" '
        f'failures="{outcomes["failure"]}" errors="{len(problems)}" '
        f'skipped="{outcomes["skipped"]}">\n'
    )
    for problem in problems:
        yield _problem(problem)
    for case in cases:
        yield _case(*case)
    yield "  </testsuite>\n"


def _problem(problem: ArticleProblem) -> str:
    where = problem.article if problem.line is None else f"{problem.article}:{problem.line}"
    kind = _quoted(f"{ARTICLE_ERROR.code} {ARTICLE_ERROR.name}")
    return (
        f'    <testcase classname={_quoted(problem.article)} name="article">\n'
        f"      <error type={kind} message={_quoted(problem.message)}>{_text(where)}\n"
        f"{_text(problem.message)}</error>\n"
        "    </testcase>\n"
    )


# An entry, and what was found at it: its verdict, None for `ok`, or a rule that it breaks.
_Case = tuple[EntryResult, Finding | None]


def _cases(entry: EntryResult) -> Iterator[_Case]:
    if entry.severity is None:
        yield entry, None
    for one in entry.findings:
        yield entry, one


def _case(entry: EntryResult, found: Finding | None) -> str:
    name = f"{entry.line}:{entry.column} {entry.spot} {entry.url}"
    if found is not None and found.rule is not None:
        name += f" {found.name} {found.rule}"
    opening = f"    <testcase classname={_quoted(entry.article)} name={_quoted(name)}"
    if found is None:
        return f"{opening}/>\n"
    return f"{opening}>\n      {_element(_outcome(found), entry, found)}\n    </testcase>\n"


def _outcome(found: Finding | None) -> str:
    """The name of the element that reports it; `passed` needs none."""
    if found is None:
        return "passed"
    if found.severity is Severity.ERROR:
        return "failure"
    skipped = found.severity is Severity.IGNORE or found.name is Verdict.NOT_CHECKED
    return "skipped" if skipped else "system-out"


def _element(tag: str, entry: EntryResult, found: Finding) -> str:
    kind = f"{found.code} {found.name}"
    message = found.message
    if found.known:
        kind = f"known (baseline): {kind}"
    if tag == "skipped":
        return f"<skipped message={_quoted(f'{kind}: {message}')}/>"
    lines = (f"{found.severity} {kind}", f"{place(entry)} {entry.spot}", entry.url, message)
    body = "\n".join(map(_text, lines))
    if tag == "system-out":
        return f"<system-out>{body}</system-out>"
    return f"<failure type={_quoted(kind)} message={_quoted(message)}>{body}</failure>"


def _text(text: str) -> str:
    """One line of text: what XML forbids is not printable, and so is escaped as on a terminal."""
    return escape(printable(text), quote=False)


def _quoted(text: str) -> str:
    return f'"{escape(printable(text))}"'
