"""A selection of findings (`--select`, `--ignore`): the others are neither shown nor counted.

What is left out weighs as if the configuration ignored it; verdicts and flags stay as they are.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from imgcache.core.verdicts.rules import ARTICLE_ERROR
from imgcache.model import Breach, Severity, Verdict
from imgcache.results import EntryResult

Name = Verdict | Breach
_ALL: tuple[Name, ...] = (*(one for one in Verdict if one is not Verdict.OK), *Breach)
_EVERY = frozenset(_ALL)


class Selection(Struct, frozen=True):
    """The names of what is shown and counted; all there are, unless told otherwise."""

    names: frozenset[Name] = _EVERY

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.names == _EVERY

    def of(self, entry: EntryResult) -> EntryResult:
        """The entry with what is left out ignored; the same one where that is nothing."""
        severity = self._weight(entry.verdict, entry.severity)
        broken = tuple(
            one if one.breach in self.names else replace(one, severity=Severity.IGNORE)
            for one in entry.broken
        )
        if severity is entry.severity and broken == entry.broken:
            return entry
        return replace(entry, severity=severity, broken=broken)

    def _weight(self, verdict: Verdict, severity: Severity | None) -> Severity | None:
        return severity if severity is None or verdict in self.names else Severity.IGNORE


EVERYTHING = Selection()


def selection(select: Sequence[str], ignore: Sequence[str]) -> Selection:
    """What was selected (all, where nothing is), without what shall be ignored.

    Each is a code (`IMG201`), the beginning of codes (`IMG2`) or a name (`gone`); several with
    commas between them. Raises ValueError for an unknown one, naming the nearest.
    """
    names = _named(select) if select else _EVERY
    return Selection(names - _named(ignore))


def _named(texts: Iterable[str]) -> frozenset[Name]:
    return frozenset(name for text in texts for one in text.split(",") for name in _of(one.strip()))


def _of(text: str) -> list[Name]:
    wanted = text.lower()
    found = [one for one in _ALL if one.value == wanted]
    if not found and wanted.startswith("img") and len(wanted) > len("img"):
        found = [one for one in _ALL if str(one.code).lower().startswith(wanted)]
    if found:
        return found
    if wanted in {ARTICLE_ERROR.code.lower(), ARTICLE_ERROR.name}:
        raise ValueError(f"{text!r} can't be chosen: articles that can't be read are always told")
    raise ValueError(f"{text!r} is no code or verdict; did you mean {_nearest(wanted)}?")


def _nearest(text: str) -> str:
    """The code or name that is spelt most like this, and begins most like it."""
    known = [*(str(one.code) for one in _ALL), *(one.value for one in _ALL)]

    def likeness(one: str) -> tuple[float, int]:
        other = one.lower()
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False))
        return difflib.SequenceMatcher(None, text, other).ratio(), len(list(alike))

    return max(known, key=likeness)
