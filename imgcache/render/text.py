"""Plain-text report for people: each thing once, with all its places, and how the run ended.

First articles that could not be read, then hosts in trouble, then images, by their first places.
Diffs are exact, for the programs that apply them; only on a `terminal` what would steer it is
escaped in them, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imgcache.core.verdicts.messages import BY_COMMAND, DECLARE, SIZE
from imgcache.core.verdicts.rules import ARTICLE_ERROR
from imgcache.findings import LISTED
from imgcache.model import Severity, Verdict
from imgcache.render import phrases
from imgcache.render.blocks.groups import (
    WHOLE,
    Block,
    Groups,
    Length,
    Listed,
    Place,
    Places,
    Trouble,
    Whole,
)
from imgcache.render.blocks.ink import PLAIN, Ink, Word, shown_url, words
from imgcache.render.blocks.series import packed, place_word, series
from imgcache.render.excerpt import Quoted, quoted_problem, quoted_sides, wrong_sides
from imgcache.render.outages import Outage
from imgcache.render.phrases import amount, corrected_size, count, printable
from imgcache.results import EntryResult, Findings

# Other modules import these from here.
__all__ = ["amount", "printable", "render"]

# Where all but the severities begins, and where the line numbers of quotes end.
_INDENT, _GUTTER = 9, 14
# With more blocks than these no lines are quoted, none is left empty, and nothing is said again.
_ROOMY = 20
# So many lines of a terminal the blocks share then, three at least for each, so that the whole has
# less than 200: so much is read.
_LINES, _FEWEST = 180, 3
# What a terminal may get of a diff: tabs, and the CR of a CRLF.
_BLANKS = "\t\r\n"


def render(
    findings: Findings,
    *,
    ink: Ink = PLAIN,
    whole: bool = False,
    with_diffs: bool = False,
    terminal: bool = False,
) -> Iterator[str]:
    """The report in pieces, each ending a line; `ok` and ignored entries are not listed.

    `whole`: all places and all blocks, however many there are.
    """
    yield from _Page(findings, ink, whole=whole).lines()
    if with_diffs:
        for one in findings.diffs():
            shown = printable(one.diff, also=_BLANKS) if terminal else one.diff
            yield f"\n{shown}"


class _Page:
    """One report on its way out."""

    def __init__(self, findings: Findings, ink: Ink, *, whole: bool) -> None:
        self._findings, self._ink = findings, ink
        self._groups = Groups(findings, WHOLE if whole else Length())
        self._whole = whole
        # What images were said to have, in a report without much room.
        self._said: set[tuple[str, str]] = set()
        self._roomy = whole or self._groups.blocks <= _ROOMY
        self._lines_left, self._blocks_left = _LINES, self._groups.shown

    def lines(self) -> Iterator[str]:
        """All of it."""
        groups = self._groups
        for trouble in groups.troubles:
            yield from self._counted(self._trouble(trouble))
        for outage in groups.outages:
            yield from self._counted(self._outage(outage))
        for block in groups.images():
            yield from self._counted(self._image(block))
        for verdict, group in groups.wholes.items():
            yield from self._all_of(verdict, group)
        if groups.hidden:
            yield from self._ink.written(words(_more(groups)), 0)
        if groups.blocks or groups.wholes:
            yield "" if self._roomy and not groups.wholes else "\n"
        yield from self._corrected()
        yield from self._ending()

    def _counted(self, block: Iterator[str]) -> Iterator[str]:
        """The lines of a block; what it leaves of its share is for those behind it."""
        for line in block:
            self._lines_left -= 1
            yield line
        self._blocks_left -= 1

    def _trouble(self, trouble: Trouble) -> Iterator[str]:
        yield from self._head(Severity.ERROR, f"{ARTICLE_ERROR.name} ({ARTICLE_ERROR.code})")
        yield from self._prose(trouble.first.message)
        quote = quoted_problem(trouble.first, _GUTTER) if self._roomy else ()
        yield from self._places(trouble.places, list(quote), Severity.ERROR)
        yield from self._gap()

    def _outage(self, outage: Outage) -> Iterator[str]:
        example = outage.example
        yield from self._head(outage.severity, "host in trouble", Word(printable(outage.host)))
        told = words(f"{outage.told}: {example.message or ''}")
        yield from self._ink.written([*told, *self._example(example, "as at")], _INDENT)
        yield from self._list(self._groups.hosts.get(outage.host, ()))
        yield from self._gap()

    def _image(self, block: Block) -> Iterator[str]:
        entry, found = block.entry, block.finding
        url = Word(shown_url(entry.url), None, self._ink.to_url(entry.url))
        share = max(_FEWEST, self._lines_left // self._blocks_left)
        head = list(self._head(found.severity, found.title, url))
        yield from head
        if self._roomy:
            yield from self._in_full(block)
        else:
            yield from self._in_short(block, share - len(head))

    def _in_full(self, block: Block) -> Iterator[str]:
        """What is wrong, where, and the lines of a wrong size."""
        found, quote, message = block.finding, list[Quoted](), block.finding.message
        if found.rule is None:
            quote = list(quoted_sides(block.entry, _GUTTER, self._widest))
            is_told = quote and found.name is not Verdict.DIMENSIONS_MISSING
            message = message.rpartition(DECLARE)[0] if is_told else message
        yield from self._prose(message.removesuffix(BY_COMMAND))
        yield from self._places(block.places, quote, found.severity)
        yield "\n"

    def _in_short(self, block: Block, room: int) -> Iterator[str]:
        """Where it is wrong, in so many lines, and what, if that was not said of another image."""
        entry, found = block.entry, block.finding
        note = _correction(entry) if found.rule is None else ""
        if note:
            block.places.shown[0] = block.places.shown[0]._replace(note=note)
        elif (found.name, found.message) not in self._said:
            self._said.add((found.name, found.message))
            yield from self._prose(found.message.removesuffix(BY_COMMAND))
        yield from packed(self._ink, block.places, _INDENT, room)

    @property
    def _widest(self) -> int:
        """How many columns of a line are quoted: what fits beside the gutter."""
        return max(40, min(96, (self._ink.width or 120) - _GUTTER - 3))

    def _all_of(self, verdict: Verdict, group: Whole) -> Iterator[str]:
        example = group.example
        told = f"{count(group.count, 'image entry', 'image entries')}: {example.message or ''}"
        yield from self._head(
            example.severity or Severity.WARNING,
            f"{verdict} ({verdict.code})",
            *words(told),
            *self._example(example, "as at" if group.count > 1 else "at"),
        )
        yield from self._list(group.listed if self._whole else ())

    def _corrected(self) -> Iterator[str]:
        """Each size that is another by now."""
        number = sum(1 for _ in self._findings.corrections())
        if not number:
            return
        done = "would be corrected" if self._findings.dry_run else "corrected"
        yield from self._ink.written(words(f"{count(number, 'size')} {done}", "strong"), 0)
        for one in self._findings.corrections():
            url = Word(shown_url(one.url), None, self._ink.to_url(one.url))
            told = words(corrected_size(one.before, one.after))
            place = place_word(self._ink, Place(one.article, one.line, one.column))
            yield from self._ink.written([place, *told, url], _INDENT, _INDENT + 2)
        yield "\n"

    def _example(self, entry: EntryResult, at: str) -> Iterator[Word]:
        """One place of many, and how to see the others."""
        yield from words(f"({at}")
        place = Place(entry.article, entry.line, entry.column)
        if self._whole or at == "at":
            yield place_word(self._ink, place, ")")
            return
        yield place_word(self._ink, place, ";")
        yield from words("-v lists all)")

    def _head(self, severity: Severity, title: str, *about: Word) -> Iterator[str]:
        padded = Word(f"{severity:<{_INDENT - 1}}", severity)
        return self._ink.written([padded, *words(title, "strong"), *about], 0, _INDENT)

    def _prose(self, text: str) -> Iterator[str]:
        return self._ink.written(words(text), _INDENT)

    def _places(self, places: Places, quote: Sequence[Quoted], severity: Severity) -> Iterator[str]:
        """The places; what is quoted of the first one stands below it."""
        more = places.count - len(places.shown)
        if not quote:
            yield from self._ink.written(series(self._ink, places.shown, more), _INDENT)
            return
        first, *others = places.shown
        yield from self._ink.written([place_word(self._ink, first)], _INDENT)
        for gutter, content, marks in quote:
            yield f"{gutter}{self._ink.painted(severity, content) if marks else content}\n"
        if others or more:
            also = [Word("also"), Word("at"), *series(self._ink, others, more)]
            yield from self._ink.written(also, _INDENT)

    def _list(self, listed: Sequence[Listed]) -> Iterator[str]:
        for place, url in listed:
            shown = Word(shown_url(url), None, self._ink.to_url(url))
            yield from self._ink.written(
                [place_word(self._ink, place), shown], _INDENT, _INDENT + 2
            )

    def _gap(self) -> Iterator[str]:
        if self._roomy:
            yield "\n"

    def _ending(self) -> Iterator[str]:
        findings, summary = self._findings, self._findings.summary
        verdicts = ", ".join(f"{number:,} {one}" for one, number in summary.verdicts.most_common())
        counted = phrases.counted(summary)
        notes = (
            f"{counted}: {verdicts}" if verdicts else counted,
            phrases.broken(summary),
            phrases.fetched(findings),
            phrases.written(findings),
            phrases.known(findings),
            phrases.unselected(findings),
        )
        for note in filter(None, notes):
            yield from self._ink.written(words(note), 0, 2)
        if unreached := phrases.unreached(findings):
            yield from self._ink.written(words(unreached, "warning"), 0, 2)
        errors = summary.errors + sum(1 for _ in findings.article_errors())
        style = "error" if errors else "warning" if summary.warnings else "ok"
        totals = f"{count(errors, 'error')}, {count(summary.warnings, 'warning')}"
        fixable = self._groups.fixable
        if fixable:
            fix = f"{count(fixable, 'size')} can be fixed by `imgcache refresh --fix-dimensions`"
            totals = f"{totals}; {fix}"
        yield from self._ink.written(words(totals, style), 0, 2)


def _correction(entry: EntryResult) -> str:
    """What a wrong size should be, and in which lines; empty where there is more to say."""
    lines = sorted({side.line for side, _ in wrong_sides(entry)})
    told = str(entry.message)
    if entry.actual is None:
        return ""
    size = corrected_size(entry.declared, entry.actual)
    # Else it begins with what the origin answered.
    is_plain = told.startswith(("width", "height")) and not entry.declared.strange
    if entry.verdict is Verdict.DIMENSIONS_MISSING and is_plain:
        by_hand = "" if entry.declared.is_editable else ", by hand"
        return f"{size}{by_hand}"
    if not lines or not told.startswith(SIZE):
        return ""
    where = f"line {lines[0]}" if len(lines) == 1 else f"lines {lines[0]}, {lines[-1]}"
    return f"{size}, {where}"


def _more(groups: Groups) -> str:
    """What is left out, and where to find it."""
    found = groups.hidden_findings
    kinds = ", ".join(count(found[one], one) for one in LISTED if found[one])
    return (
        f"... and {count(groups.hidden, 'more block')} ({kinds}); all of them are in "
        "`--output FILE.txt`, `--format concise`, `imgcache report`, and here with `-v`."
    )
