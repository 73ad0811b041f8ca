"""A run against its baseline: known findings drop out, the rest of the file is accounted for."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from imgcache.core.baseline import UNLISTED, Key, Listed
from imgcache.edge import baselinefile
from imgcache.engine.events import Listener
from imgcache.errors import ConfigError, LocalError
from imgcache.model import Severity, Verdict
from imgcache.report.findings import ArticleProblem, EntryResult

_LISTED = (Severity.ERROR, Severity.WARNING)
_TOLD = 5


@dataclass(frozen=True, slots=True)
class BaselineUse:
    """`--baseline FILE`; with `renew` (`--update-baseline`) the file is written anew."""

    path: Path
    renew: bool = False


class Baseline:
    """What one run makes of a baseline: without a file nothing is known, and nothing is written."""

    def __init__(self, use: BaselineUse | None = None) -> None:
        self._use = use
        self._today = datetime.now(UTC).date()
        self._lines = _load(use) if use else ()
        self._folder = use.path.absolute().parent if use else Path()
        self._here = Path.cwd()
        self._room = Counter[Key]()
        for line in self._lines:
            if line.holds(self._today):
                self._room[line.key] += line.count
        self._seen: dict[Key, tuple[Listed, int]] = {}
        self._unsettled: set[tuple[str, str]] = set()

    def sift(self, results: list[EntryResult]) -> list[EntryResult]:
        """One article's results: what is known weighs nothing any more."""
        if self._use is None:
            return results
        return [self._sifted(one) for one in results]

    def _sifted(self, result: EntryResult) -> EntryResult:
        if result.verdict is Verdict.NOT_CHECKED:
            self._unsettled.add((self._relative(result.article), result.url))
        if result.severity not in _LISTED or result.verdict in UNLISTED:
            return result
        line = Listed(self._relative(result.article), result.verdict, result.url)
        first, before = self._seen.get(line.key, (line, 0))
        self._seen[line.key] = first, before + 1
        known = self._renews or before < self._room[line.key]
        return replace(result, severity=Severity.IGNORE, known=True) if known else result

    @property
    def _renews(self) -> bool:
        return self._use is not None and self._use.renew

    def _relative(self, article: str) -> str:
        """An article's path for the file: relative to its folder, wherever the run stands."""
        return os.path.relpath(self._here / article, self._folder)

    def settle(self, examined: Iterable[str], unseen: Collection[Verdict]) -> Iterator[str]:
        """Notes for the operator on lines that no longer hold; a renewal writes the file instead.

        `examined` are the articles that this run could judge, `unseen` the verdicts that it could
        not reach: their lines stay as they are. Raises LocalError.
        """
        if self._use is None:
            return
        judged = {self._relative(article) for article in examined}
        vanished = [one for one in self._lines if self._has_vanished(one, judged, unseen)]
        if self._renews:
            gone = {one.key for one in vanished}
            baselinefile.write(self._use.path, self._renewed(gone))
            return
        if vanished:
            told = _told(vanished, "no longer occurs", "no longer occur")
            yield f"{self._use.path}: {told}; --update-baseline drops what is past"
        late = [one for one in self._lines if not one.holds(self._today) and one.key in self._seen]
        if late:
            told = _told(late, "has expired and occurs still", "have expired and occur still")
            yield f"{self._use.path}: {told}"

    def _has_vanished(self, line: Listed, judged: set[str], unseen: Collection[Verdict]) -> bool:
        if self._count(line.key) >= line.count or line.verdict in unseen:
            return False
        if (line.article, line.url) in self._unsettled:
            return False
        return line.article in judged or not os.path.lexists(self._folder / line.article)

    def _count(self, key: Key) -> int:
        return self._seen[key][1] if key in self._seen else 0

    def _renewed(self, gone: set[Key]) -> Iterator[Listed]:
        """What was found, with the day and reason that people gave it; and what still stands."""
        old = {one.key: one for one in self._lines}
        for key, (line, count) in self._seen.items():
            known = old.pop(key, line)
            expires = known.expires if known.holds(self._today) else None
            yield replace(line, count=count, expires=expires, reason=known.reason)
        yield from (one for key, one in old.items() if key not in gone)


class _Accounted(Protocol):
    """What is needed of a report."""

    local_fault: bool

    def article_errors(self) -> Iterator[ArticleProblem]:
        """The articles that could not be read or edited."""


async def account(
    report: _Accounted,
    baseline: Baseline,
    articles: Iterable[str],
    unseen: Collection[Verdict],
    listener: Listener,
) -> None:
    """After the last verdict: tell of lines that no longer hold, or write the file anew.

    Articles that could not be read keep their lines. A disk that refuses is told, and is this
    machine's fault: the report is not lost for it.
    """
    broken = {problem.article for problem in report.article_errors()}
    examined = [article for article in articles if article not in broken]
    try:
        notes = await asyncio.to_thread(lambda: list(baseline.settle(examined, unseen)))
    except LocalError as exc:
        notes = [str(exc)]
        report.local_fault = True
    for note in notes:
        listener.warned(note)


def _load(use: BaselineUse) -> tuple[Listed, ...]:
    if use.renew and not use.path.absolute().parent.is_dir():
        raise ConfigError(f"--baseline {use.path}: there is no such folder; make it first")
    lines = baselinefile.read(use.path)
    if lines is None and not use.renew:
        raise ConfigError(
            f"--baseline {use.path}: there is no such file; "
            f"imgcache verify --baseline {use.path} --update-baseline makes it"
        )
    return lines or ()


def _told(lines: list[Listed], one: str, many: str) -> str:
    """`2 entries no longer occur: articles/a.md gone https://...`, a few of them by name."""
    named = ", ".join(f"{line.article} {line.verdict} {line.url}" for line in lines[:_TOLD])
    rest = f", and {len(lines) - _TOLD} more" if len(lines) > _TOLD else ""
    told = f"1 entry {one}" if len(lines) == 1 else f"{len(lines)} entries {many}"
    return f"{told}: {named}{rest}"
