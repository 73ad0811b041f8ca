"""Excerpt of the offending line, as in compilers: number in a gutter, carets under the value."""

from __future__ import annotations

from collections.abc import Iterator

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


def quoted(entry: EntryResult, indent: int) -> Iterator[tuple[str, str]]:
    """The quote as pairs of gutter and content: an empty line, the line, the carets.

    Numbers end at column `indent`; the width of wide and escaped characters is counted. Nothing
    where the line is not known.
    """
    parts = marked(entry)
    if parts is not None:
        yield from _in_gutter(entry.line, parts, indent)


def quoted_problem(problem: ArticleProblem, indent: int) -> Iterator[tuple[str, str]]:
    """The same of the character that an article's error is about."""
    if problem.line and problem.column and problem.excerpt is not None:
        at = problem.column - 1
        yield from _in_gutter(problem.line, _window(problem.excerpt, at, at + 1), indent)


def _in_gutter(line: int, parts: tuple[str, str, str], indent: int) -> Iterator[tuple[str, str]]:
    from rich.cells import cell_len  # noqa: PLC0415  a report without findings does without

    before, value, after = parts
    blank = f"{'':>{indent}} |"
    yield f"{line:>{indent}} |", f" {before}{value}{after}".rstrip()
    yield blank, f" {' ' * cell_len(before)}{'^' * max(1, cell_len(value))}"


def _window(line: str, start: int, end: int) -> tuple[str, str, str]:
    """What stands before, in and after the value, made printable; together at most _WIDEST."""
    if len(line) <= _WIDEST:
        return _shown(line[:start]), _shown(line[start:end]), _shown(line[end:])
    first = max(0, start - _BEFORE)
    last = first + _WIDEST
    before = (_CUT if first else "") + _shown(line[first:start])
    value = _shown(line[start : min(end, last)])
    after = _shown(line[min(end, last) : last]) + (_CUT if last < len(line) else "")
    return before, value, after


def _shown(text: str) -> str:
    return printable(text.replace("\t", _TAB))
