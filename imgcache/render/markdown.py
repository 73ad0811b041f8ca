"""Report in GitHub-flavoured Markdown: for pull request comments, job summaries, issues and wikis.

Two lengths: `render` tells all, `brief` what a reader finishes (and GitHub takes).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from imgcache.core.verdicts.traits import TRAITS
from imgcache.findings import PLACES
from imgcache.model import Breach, Severity, Verdict
from imgcache.render import phrases
from imgcache.render.blocks.groups import Block, Groups, Place, Places, Trouble, Whole
from imgcache.render.blocks.groups import Length as Grouped
from imgcache.render.excerpt import place
from imgcache.render.outages import Outage
from imgcache.render.phrases import count, printable
from imgcache.results import Findings

_HOSTS = "\n### Hosts in trouble\n\n| severity | host | findings | for example | what to do |\n"
_PROBLEMS = "\n### Articles that could not be read or edited\n\n| place | reason |\n"
_TROUBLES = "\n### Images\n\n| severity | finding | image | places | what to do |\n"
# What would be markup, a link, an emoji, mathematics or HTML in running text.
_MARKS = re.compile(r"[\\`*_\[\]<>|~&!$]|:(?=\S)|(?<=www)\.")
# GitHub looks for users and issues in what was made of the text: escaping them is not enough.
_REFERENCES = re.compile(r"[@#]+|(?<=GH)-(?=\d)", re.IGNORECASE)


class _Length(Struct, frozen=True):
    """How much is told: rows of images, of hosts and articles, places, characters, bytes."""

    rows: int
    others: int
    places: int
    chars: int
    bytes: int


_MANY = 1 << 60
_WHOLE = _Length(_MANY, _MANY, PLACES, _MANY, _MANY)
# Two screens. GitHub takes 65,536 characters as the text of an issue or a comment.
_BRIEF = _Length(25, 10, 3, 300, 60_000)


class _Row(Struct, frozen=True):
    """A group of findings; `url` is None where they tell nothing of the image."""

    name: Verdict | Breach
    rule: str | None
    url: str | None
    severity: Severity
    message: str
    places: Places

    @property
    def weight(self) -> tuple[bool, int, int]:
        """Sorts the worst to the front, and of those what most places show."""
        return (
            self.severity is not Severity.ERROR,
            TRAITS[self.name].urgency,
            -self.places.count,
        )


def render(findings: Findings) -> Iterator[str]:
    """The report in pieces, each ending a line; the totals come first."""
    return _report(findings, _WHOLE)


def brief(findings: Findings) -> Iterator[str]:
    """The totals, the worst that there is, and where the rest is found: at most 64 kB."""
    return _report(findings, _BRIEF)


def _report(findings: Findings, length: _Length) -> Iterator[str]:
    groups = Groups(findings, Grouped(blocks=None))
    found = _rows(groups)
    totals = "".join(_totals(findings))
    yield totals
    left = length.bytes - len(totals.encode("utf-8", "replace"))
    tables = (
        (_HOSTS, [_host(one, length) for one in groups.outages], length.others),
        (_PROBLEMS, [_problem(one, length) for one in groups.troubles], length.others),
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
        yield f"\nNot shown here: {_by_name(rest)}. {_remedy(findings)}\n"


def _rows(groups: Groups) -> list[_Row]:
    """All that the lines of hosts don't tell already, the worst first."""
    found = [*map(_of_image, groups.images()), *map(_of_run, groups.wholes.values())]
    return sorted(found, key=lambda one: one.weight)


def _of_image(block: Block) -> _Row:
    one = block.finding
    url = block.entry.url
    return _Row(one.name, one.rule, url, one.severity, one.message, block.places)


def _of_run(group: Whole) -> _Row:
    one = group.example
    places = Places(None, [listed.place for listed in group.listed], group.count)
    severity = one.severity or Severity.WARNING
    return _Row(one.verdict, None, None, severity, one.message or "", places)


def _by_name(found: Iterable[_Row]) -> str:
    """How many groups there are of each kind, in words: `30 gone, 12 too-heavy`."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.name] = counts.get(one.name, 0) + 1
    return ", ".join(f"{number:,} {name}" for name, number in counts.items())


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


def _problem(trouble: Trouble, length: _Length) -> str:
    # A column of what can't be read helps nobody in a comment.
    places = [one._replace(column=None) for one in trouble.places.shown]
    shown = _places(Places(None, places, trouble.places.count), length)
    return f"| {shown} | {escaped(_cut(trouble.first.message, length))} |\n"


def _row(one: _Row, length: _Length) -> str:
    of_rule = "" if one.rule is None else f"<br>rule {escaped(_cut(one.rule, length))}"
    image = "" if one.url is None else f"{code(_cut(one.url, length))} "
    return (
        f"| {_weight(one.severity)} | {one.name} ({one.name.code}){of_rule} | {image}"
        f"| {_places(one.places, length)} | {escaped(_cut(one.message, length))} |\n"
    )


def _places(places: Places, length: _Length) -> str:
    shown = [_place(one, length) for one in places.shown[: length.places]]
    if more := places.count - len(shown):
        shown.append(f"and {count(more, 'more place')}")
    return "<br>".join(shown)


def _place(one: Place, length: _Length) -> str:
    known = (one.article, one.line, one.column)
    where = ":".join(str(part) for part in known if part is not None)
    note = f" ({one.note})" if one.note else ""
    return f"{code(_ending(where, length))}{note}"


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
