"""Baseline of a run: known findings do not count, and lines that no longer hold are reported."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from imgcache.core.verdicts.baseline import UNLISTED, BaselineLine, Key, is_settled_by
from imgcache.core.verdicts.verdict import matches_any
from imgcache.edge import atomic_file
from imgcache.engine.run.listener import Listener
from imgcache.errors import ConfigError, LocalError
from imgcache.findings import LISTED, BrokenRule
from imgcache.model import Breach, Severity, Verdict
from imgcache.results import ArticleProblem, EntryResult

_MOST_NAMED = 5
# What a line can list.
Found = Verdict | Breach


class BaselineOptions(Struct, frozen=True):
    """`--baseline FILE`; with `renew` (`--update-baseline`) the file is written anew."""

    path: Path
    renew: bool = False


class Baseline:
    """The baseline of one run: without a file nothing is known, and nothing is written.

    `exclude`: URL patterns that are not judged at all, so that their lines stay as they are.
    """

    def __init__(self, use: BaselineOptions | None = None, exclude: Sequence[str] = ()) -> None:
        self._use = use
        self._exclude = exclude
        today = datetime.now(UTC).date()
        self._lines = _load(use) if use else ()
        self._expired = frozenset(one for one in self._lines if not one.holds(today))
        self._expired_keys = frozenset(one.key for one in self._expired)
        # Strings: a Path would lose the `..` that os.path.relpath needs.
        self._folder = os.path.dirname(os.path.realpath(use.path)) if use else ""  # noqa: PTH120
        self._names: dict[str, str] = {}
        self._room = Counter[Key]()
        for line in self._lines:
            self._room[line.key] += 0 if line in self._expired else line.count
        # What occurs, whatever its severity; and what would be listed, the first of each key.
        self._occurs = Counter[Key]()
        self._found: dict[Key, BaselineLine] = {}
        self._verdicts: dict[tuple[str, str], set[Verdict]] = {}

    @property
    def is_used(self) -> bool:
        """Whether there is a baseline at all."""
        return self._use is not None

    def apply(self, results: list[EntryResult]) -> list[EntryResult]:
        """One article's results: what is known no longer counts."""
        if self._use is None:
            return results
        return [self._applied(one) for one in results]

    def _applied(self, result: EntryResult) -> EntryResult:
        article, verdict = self._relative(result.article), result.verdict
        self._verdicts.setdefault((article, result.url), set()).add(verdict)
        if result.broken:
            broken = tuple(self._applied_to_rule(one, article, result.url) for one in result.broken)
            result = replace(result, broken=broken)
        if verdict in UNLISTED or not self._knows(
            BaselineLine(article, verdict, result.url), result.severity
        ):
            return result
        return replace(result, severity=Severity.IGNORE, known=True)

    def _applied_to_rule(self, one: BrokenRule, article: str, url: str) -> BrokenRule:
        line = BaselineLine(article, one.breach, url, rule=one.rule)
        if not self._knows(line, one.severity):
            return one
        return replace(one, severity=Severity.IGNORE, known=True)

    def _knows(self, line: BaselineLine, severity: Severity | None) -> bool:
        """Whether a finding of this run is known; it is counted."""
        self._occurs[line.key] += 1
        if severity not in LISTED:
            return False
        first = self._found.get(line.key)
        self._found[line.key] = replace(first, count=first.count + 1) if first else line
        return self._occurs[line.key] <= self._room[line.key] or self._accepts(line.key)

    def _accepts(self, key: Key) -> bool:
        """Whether this run adds what is new. What has expired should have been fixed by now."""
        renews = self._use is not None and self._use.renew
        return renews and key not in self._expired_keys

    def _relative(self, article: str) -> str:
        """An article's path for the file: relative to its folder, not the working folder."""
        if article not in self._names:
            folder, name = os.path.split(article)
            path = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118  as below
            self._names[article] = os.path.relpath(path, self._folder)
        return self._names[article]

    def reconcile(self, examined: Iterable[str], unseen: Collection[Found]) -> Iterator[str]:
        """Notes for the operator on lines that no longer hold; a renewal writes the file instead.

        `examined` are the articles that this run could judge, `unseen` the findings that it could
        not reach: their lines stay as they are. Raises LocalError.
        """
        if self._use is None:
            return
        judged = {self._relative(article) for article in examined}
        vanished = list(self._vanished(judged, unseen))
        if self._use.renew:
            from imgcache.edge import baseline_file  # noqa: PLC0415  see _load

            baseline_file.write(self._use.path, self._renewed(vanished))
        elif vanished:
            text = _summary(vanished, "no longer occurs", "no longer occur")
            yield f"{self._use.path}: {text}; --update-baseline drops what is past"
        late = [one for one in self._lines if one in self._expired and self._occurs[one.key]]
        if late:
            text = _summary(late, "has expired and occurs still", "have expired and occur still")
            yield f"{self._use.path}: {text}; fix it, or write another day"

    def _vanished(self, judged: set[str], unseen: Collection[Found]) -> Iterator[BaselineLine]:
        """The lines that no longer hold; several with one key are compared by their sum."""
        left = self._occurs.copy()
        for line in self._lines:
            left[line.key] -= line.count
            if left[line.key] < 0 and self._could_be_seen(line, judged, unseen):
                yield line

    def _could_be_seen(
        self, line: BaselineLine, judged: set[str], unseen: Collection[Found]
    ) -> bool:
        if line.found in unseen or matches_any(self._exclude, [line.url]):
            return False
        if line.article in judged:
            verdicts = self._verdicts.get((line.article, line.url), ())
            return all(is_settled_by(line.found, one) for one in verdicts)
        # A name with an escape in it can't be looked for.
        path = os.path.join(self._folder, line.article)  # noqa: PTH118  as above
        return "\\" not in line.article and not os.path.lexists(path)

    def _renewed(self, vanished: Sequence[BaselineLine]) -> Iterator[BaselineLine]:
        """What still stands, and what is new; lines of one finding stay while they are right."""
        gone, listed = set(vanished), Counter[Key]()
        kept = [line for line in self._lines if line not in gone]
        for line in kept:
            listed[line.key] += line.count
        more = {
            key: found
            for key, found in self._found.items()
            if found.count > listed[key] and self._accepts(key)
        }
        yield from (line for line in kept if line.key not in more)
        by_key = {line.key: line for line in reversed(self._lines)}
        for key, found in more.items():
            old = by_key.get(key, found)
            yield replace(found, expires=old.expires, reason=old.reason)


class _Accounted(Protocol):
    """What is needed of a report."""

    local_fault: bool

    def article_errors(self) -> Iterator[ArticleProblem]:
        """The articles that could not be read or edited."""


async def account(
    report: _Accounted,
    baseline: Baseline,
    articles: Iterable[str],
    unseen: Collection[Found],
    listener: Listener,
) -> None:
    """After the last verdict: tell of lines that no longer hold, or write the file anew.

    Articles that could not be read keep their lines. A file that can't be
    written is reported as this machine's fault: the report is not lost for it.
    """
    broken = {problem.article for problem in report.article_errors()}
    examined = [article for article in articles if article not in broken]
    try:
        for note in await asyncio.to_thread(lambda: list(baseline.reconcile(examined, unseen))):
            listener.warned(note)
    except LocalError as exc:
        listener.failed(str(exc))
        report.local_fault = True


def _check_folder(path: Path) -> None:
    """Before the run: raises ConfigError where a new file can't take the place of `path`."""
    reason = atomic_file.hindrance(Path(os.path.realpath(path)).parent)
    if reason is not None:
        raise ConfigError(f"--baseline {path}: {reason}")


def _load(use: BaselineOptions) -> tuple[BaselineLine, ...]:
    if use.renew:
        _check_folder(use.path)
    from imgcache.edge import baseline_file  # noqa: PLC0415  most runs have none, and it costs start-up

    lines = baseline_file.read(use.path)
    if lines is None and not use.renew:
        raise ConfigError(
            f"--baseline {use.path}: there is no such file; "
            f"imgcache verify --baseline {use.path} --update-baseline makes it"
        )
    return lines or ()


def _summary(lines: list[BaselineLine], one: str, many: str) -> str:
    """`2 entries no longer occur: articles/a.md gone https://...`, a few of them by name."""
    named = ", ".join(f"{line.article} {line.found} {line.url}" for line in lines[:_MOST_NAMED])
    rest = f", and {len(lines) - _MOST_NAMED} more" if len(lines) > _MOST_NAMED else ""
    text = f"1 entry {one}" if len(lines) == 1 else f"{len(lines)} entries {many}"
    return f"{text}: {named}{rest}"
