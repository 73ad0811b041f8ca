"""Excerpt of the offending line, as in compilers: number in a gutter, carets under the value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from imgcache.model import Side
from imgcache.render.blocks.ink import cells
from imgcache.render.phrases import printable
from imgcache.results import ArticleProblem, EntryResult

_WIDEST = 96
_BEFORE = 24
_TAB = "    "
_CUT = "..."


def place(entry: EntryResult) -> str:
    """Where a finding is, as editors and terminals open it: `file:line:column`."""
    return f"{entry.article}:{entry.line}:{entry.column}"


def value_end(entry: EntryResult) -> int | None:
    """The column after the `url` value, from 1; None where the line is not known."""
    if entry.excerpt is None or len(entry.excerpt) < entry.column:
        return None
    return entry.column + _length(entry.excerpt[entry.column - 1 :], entry.url)


def _length(rest: str, url: str) -> int:
    if rest[0] in "\"'":
        return rest.find(rest[0], 1) + 1 or len(rest.rstrip())
    if url and rest.startswith(url):
        return len(url)
    return len(rest.split(maxsplit=1)[0]) if rest.strip() else 1


def marked(entry: EntryResult) -> tuple[str, str, str] | None:
    """What stands before, in and after the offending value; None where the line is not known.

    Long lines are cut around the value, and all is made printable.
    """
    end = value_end(entry)
    if end is None or entry.excerpt is None:
        return None
    return _window(entry.excerpt, entry.column - 1, end - 1)


class Quoted(NamedTuple):
    """A line of a quote: what stands in the gutter, and behind it; `marks`: carets."""

    gutter: str
    content: str
    marks: bool = False


def wrong_sides(entry: EntryResult) -> Iterator[tuple[Side, int]]:
    """The sides of an entry that are not declared as they are, each with the right value."""
    if entry.actual is None:
        return
    for side in entry.sides:
        right: int = getattr(entry.actual, side.name)
        if getattr(entry.declared, side.name) != right:
            yield side, right


def quoted_sides(entry: EntryResult, indent: int, widest: int = _WIDEST) -> Iterator[Quoted]:
    """The lines in which wrong sides stand, with carets below them and the right values.

    Numbers end at column `indent`; the width of wide and escaped characters is counted. What does
    not fit into `widest` columns is cut around the value.
    """
    for line, group in groupby(wrong_sides(entry), lambda one: one[0].line):
        sides = list(group)
        text = sides[0][0].excerpt if line != entry.line else entry.excerpt
        if text is None or any(_is_elsewhere(side, text) for side, _ in sides):
            continue
        spans = [(side.column - 1, side.column - 1 + side.length) for side, _ in sides]
        notes = [f" {right}" for _, right in sides]
        if len(text) <= widest:
            yield from _quote(line, text, spans, notes, indent)
            continue
        for span, note in zip(spans, notes, strict=True):
            yield from _cut(line, _window(text, *span, widest), note, indent)


def _is_elsewhere(side: Side, text: str) -> bool:
    """Whether the line is not as it was, because a password is hidden in it."""
    return "***" in text or side.column - 1 + side.length > len(text)


def quoted_problem(problem: ArticleProblem, indent: int) -> Iterator[Quoted]:
    """The same of the character that an article's error is about."""
    if problem.line and problem.column and problem.excerpt is not None:
        at = problem.column - 1
        yield from _cut(problem.line, _window(problem.excerpt, at, at + 1), "", indent)


def _cut(line: int, parts: tuple[str, str, str], note: str, indent: int) -> Iterator[Quoted]:
    """A line that may be cut, with carets under its middle part."""
    before, value, after = parts
    span = (len(before), len(before) + len(value))
    yield from _quote(line, f"{before}{value}{after}", [span], [note], indent)


def _quote(
    line: int, text: str, spans: Sequence[tuple[int, int]], notes: Sequence[str], indent: int
) -> Iterator[Quoted]:
    """A line, and below it the carets."""
    yield Quoted(f"{line:>{indent}} |", f" {_shown(text)}".rstrip())
    for row in _carets(text, spans, notes):
        yield Quoted(f"{'':>{indent}} |", f" {row}", marks=True)


def _carets(text: str, spans: Sequence[tuple[int, int]], notes: Sequence[str]) -> Iterator[str]:
    """Carets under the spans of a line, each with its note; in one row where they fit."""
    row = ""
    for (start, end), note in zip(spans, notes, strict=True):
        column, size = cells(_shown(text[:start])), max(1, cells(_shown(text[start:end])))
        if row and len(row) >= column:
            yield row
            row = ""
        row = f"{row:<{column}}{'^' * size}{note}"
    yield row


def _window(line: str, start: int, end: int, widest: int = _WIDEST) -> tuple[str, str, str]:
    """What stands before, in and after the value, made printable; together at most `widest`."""
    if len(line) <= widest:
        return _shown(line[:start]), _shown(line[start:end]), _shown(line[end:])
    first = max(0, start - _BEFORE)
    last = first + widest
    before = (_CUT if first else "") + _shown(line[first:start])
    value = _shown(line[start : min(end, last)])
    after = _shown(line[min(end, last) : last]) + (_CUT if last < len(line) else "")
    return before, value, after


def _shown(text: str) -> str:
    return printable(text.replace("\t", _TAB))
