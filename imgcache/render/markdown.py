"""Report in GitHub-flavoured Markdown: for pull request comments, job summaries, issues and wikis.

Two lengths: `render` tells all, `brief` what a reader finishes (and GitHub takes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from imgcache.model import Severity
from imgcache.render import phrases
from imgcache.render.excerpt import place
from imgcache.render.outages import Outage, Outages
from imgcache.render.phrases import count, printable
from imgcache.render.troubles import Trouble, by_name, troubles
from imgcache.results import ArticleProblem, Findings

_HOSTS = "\n### Hosts in trouble\n\n| severity | host | findings | for example | what to do |\n"
_PROBLEMS = "\n### Articles that could not be read or edited\n\n| place | reason |\n"
_TROUBLES = "\n### Images\n\n| severity | finding | image | places | what to do |\n"
# What would be markup, a link, an emoji, mathematics or HTML in running text.
_MARKS = re.compile(r"[\\`*_\[\]<>|~&!$]|:(?=\S)|(?<=www)\.")
# GitHub looks for users and issues in what was made of the text: escaping them is not enough.
_REFERENCES = re.compile(r"[@#]|(?<=GH)-(?=\d)", re.IGNORECASE)


class _Length(Struct, frozen=True):
    """How much is told: rows of images, of hosts and articles, places, characters, bytes."""

    rows: int
    others: int
    places: int
    chars: int
    bytes: int


_MANY = 1 << 60
_WHOLE = _Length(_MANY, _MANY, 10, _MANY, _MANY)
# Two screens. GitHub takes 65,536 characters as the text of an issue or a comment.
_BRIEF = _Length(25, 10, 3, 300, 60_000)


def render(findings: Findings) -> Iterator[str]:
    """The report in pieces, each ending a line; the totals come first."""
    return _report(findings, _WHOLE)


def brief(findings: Findings) -> Iterator[str]:
    """The totals, the worst that there is, and where the rest is found: at most 64 kB."""
    return _report(findings, _BRIEF)


def _report(findings: Findings, length: _Length) -> Iterator[str]:
    outages = Outages(findings)
    found = troubles(findings, outages)
    totals = "".join(_totals(findings))
    yield totals
    left = length.bytes - len(totals.encode("utf-8", "replace"))
    tables = (
        (_HOSTS, [_host(one, length) for one in outages], length.others),
        (_PROBLEMS, [_problem(one, length) for one in findings.article_errors()], length.others),
        (_TROUBLES, [_row(one, length) for one in found[: length.rows]], length.rows),
    )
    shown = 0
    for head, rows, limit in tables:
        fitting = _fitting(head, rows[:limit], left)
        left -= sum(len(piece.encode("utf-8", "replace")) for piece in fitting)
        shown = len(fitting)
        yield from fitting
        if head is not _TROUBLES and shown < len(rows):
            yield f"\nand {len(rows) - shown:,} more.\n"
    if rest := found[shown:]:
        yield f"\nNot shown here: {by_name(rest)}. {_remedy(findings)}\n"


def _remedy(findings: Findings) -> str:
    return (
        f"`imgcache {findings.command}` lists them all, and `--output report.md` "
        "(or `.json`, `.xml`, `.sarif`) writes them to a file."
    )


def _fitting(head: str, rows: Iterable[str], left: int) -> list[str]:
    """The rows as far as `left` bytes take them, the table's head before the first."""
    pieces: list[str] = []
    for row in rows:
        piece = row if pieces else f"{head}|{'---|' * (head.count('|') - 1)}\n{row}"
        left -= len(piece.encode("utf-8", "replace"))
        if left < 0:
            break
        pieces.append(piece)
    return pieces


def _totals(findings: Findings) -> Iterator[str]:
    summary = findings.summary
    yield f"## imgcache {findings.command}\n\n"
    errors = count(summary.errors + sum(1 for _ in findings.article_errors()), "error")
    warnings = count(summary.warnings, "warning")
    yield f"**{errors}, {warnings}** in {phrases.counted(summary)}.\n"
    verdicts = ", ".join(f"{number:,} {name}" for name, number in summary.verdicts.most_common())
    notes = (
        verdicts,
        phrases.broken(summary),
        phrases.fetched(findings),
        phrases.written(findings),
        phrases.known(findings),
        phrases.unselected(findings),
        phrases.unreached(findings),
    )
    for note in notes:
        if note:
            yield f"\n{note.rstrip('.')}.\n"


def _host(outage: Outage, length: _Length) -> str:
    example = outage.example
    return (
        f"| {_weight(outage.severity)} | {code(_cut(outage.host, length))} | {outage.told} "
        f"| {code(_ending(place(example), length))} "
        f"| {escaped(_cut(example.message or '', length))} |\n"
    )


def _problem(problem: ArticleProblem, length: _Length) -> str:
    where = problem.article if problem.line is None else f"{problem.article}:{problem.line}"
    return f"| {code(_ending(where, length))} | {escaped(_cut(problem.message, length))} |\n"


def _row(one: Trouble, length: _Length) -> str:
    of_rule = "" if one.rule is None else f"<br>rule {escaped(_cut(one.rule, length))}"
    image = "" if one.url is None else f"{code(_cut(one.url, length))} "
    places = [code(_ending(where, length)) for where in one.places[: length.places]]
    if more := one.count - len(places):
        places.append(f"and {count(more, 'more place')}")
    return (
        f"| {_weight(one.severity)} | {one.name} ({one.name.code}){of_rule} | {image}"
        f"| {'<br>'.join(places)} | {escaped(_cut(one.message, length))} |\n"
    )


def _cut(text: str, length: _Length) -> str:
    text = printable(text)
    return text if len(text) <= length.chars else f"{text[: length.chars]}..."


def _ending(text: str, length: _Length) -> str:
    """The end of a path tells more than its beginning."""
    text = printable(text)
    return text if len(text) <= length.chars else f"...{text[-length.chars :]}"


def _weight(severity: Severity | None) -> str:
    return "**error**" if severity is Severity.ERROR else f"{severity}"


def escaped(text: str) -> str:
    """Text from strangers as running text: it can't become markup, or name a user or an issue."""
    inert = _MARKS.sub(lambda found: f"\\{found[0]}", printable(text))
    return _REFERENCES.sub(lambda found: f"`{found[0]}`", inert)


def code(text: str) -> str:
    """Text from strangers as a code span that fits into a table (GFM: a pipe needs a backslash)."""
    shown = printable(text).replace("|", "\\|")
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{blank}{shown or ' '}{blank}{fence}"
