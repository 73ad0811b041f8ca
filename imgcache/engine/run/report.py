"""Report of a run: summary in memory, entries in temporary files, so that memory stays flat."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace

from imgcache.core.verdicts.selection import EVERYTHING, Selection
from imgcache.edge.catalog import documents, judged
from imgcache.edge.catalog.judged import Standing
from imgcache.engine.run.baseline import Baseline
from imgcache.engine.run.disk_list import DiskList
from imgcache.engine.run.listener import Listener
from imgcache.errors import LocalError
from imgcache.model import Severity, ShardCounts, Verdict
from imgcache.render import json
from imgcache.results import (
    ArticleDiff,
    ArticleOutcome,
    ArticleProblem,
    Correction,
    EntryResult,
    Summary,
)

LEFT_OUT = (
    "interrupted before all articles were reached: the others stay as they are, and are not in "
    "this report"
)


class Traffic(Struct):
    """What a run sent, and the bytes of bodies that it received."""

    requests: int = 0
    bytes: int = 0


class Form(Enum):
    """How a judged entry is read: as it was judged, or as a refresh that finds its image fresh."""

    AS_IS = auto()
    FRESH = auto()


_READERS: dict[Form, Callable[[str, str], EntryResult]] = {
    Form.AS_IS: documents.entry_result,
    Form.FRESH: documents.fresh_result,
}
# Its name, how its entries are read, and their texts.
_Article = tuple[str, int, list[str]]


_UNLISTED = 2


class Report:
    """What a run found. `summary` has the counts, `entries()` iterates, `to_json()` is the report.

    `is_blind`: there are articles, but no image entry in any of them.

    Implements results.Findings, so each renderer takes it.
    """

    def __init__(
        self,
        command: str,
        baseline: Baseline | None = None,
        *,
        dry_run: bool = False,
        strict: bool = False,
        selection: Selection = EVERYTHING,
    ) -> None:
        self.command = command
        self.strict = strict
        self.dry_run = dry_run
        self.started = time.time()
        self.seconds = 0.0
        self.interrupted = False
        self.local_fault = False
        self.is_blind = False
        self.cache_bytes: int | None = None
        self.shards: ShardCounts | None = None
        self.summary = Summary()
        self.known = 0
        # Of a run that ends before it is counted.
        self.traffic = Traffic()
        self.unselected = 0
        self._selection = selection
        self._baseline = baseline or Baseline()
        self._clock = time.monotonic()
        self._entries: DiskList[_Article] = DiskList()
        self._findings: DiskList[_Article] = DiskList()
        self._diffs: DiskList[tuple[str, str]] = DiskList()
        self._corrections: DiskList[Correction] = DiskList()
        self._problems: list[ArticleProblem] = []
        # How many entries of which verdict, severity and broken rules were judged before.
        self._standing: Counter[tuple[str, int, str | None]] = Counter()

    def entries(self) -> Iterator[EntryResult]:
        """All judged entries, in article order, then in document order."""
        return self._read(self._entries)

    def findings(self) -> Iterator[EntryResult]:
        """Those of the entries whose severity is error or warning, in the same order."""
        return self._read(self._findings)

    def article_errors(self) -> Iterator[ArticleProblem]:
        """The articles that could not be read or edited."""
        return iter(self._problems)

    def diffs(self) -> Iterator[ArticleDiff]:
        """One diff per changed article, where diffs were asked for."""
        return (ArticleDiff(*one) for one in self._diffs)

    def corrections(self) -> Iterator[Correction]:
        """The sizes that were corrected, or would be in a dry run; in the order of entries."""
        return iter(self._corrections)

    def to_json(self, *, with_diffs: bool = False) -> str:
        """The JSON report (schema 1), as `--format json` prints it."""
        return "".join(json.render(self, with_diffs=with_diffs))

    def add_article(self, outcome: ArticleOutcome | None) -> None:
        """One judged article; None, for a file that is no article, adds nothing."""
        if outcome is None:
            return
        self.summary.articles += 1
        self.summary.articles_changed += outcome.changed
        self.summary.placeholders += outcome.placeholders
        self.local_fault |= outcome.local_fault
        self.add(outcome.results, outcome.diff)
        for problem in outcome.problems:
            self.add_problem(problem)
        for correction in outcome.corrections:
            self._corrections.append(correction)

    def add(self, results: list[EntryResult], diff: ArticleDiff | None = None) -> None:
        """One judged article's entries, known ones marked, and its diff if it was wanted."""
        if not self._selection.is_all:
            results = [self._selected(one) for one in results]
        results = self._baseline.apply(results)
        if results:
            texts = [(documents.entry_text(one), bool(one.listed)) for one in results]
            self._append(results[0].article, Form.AS_IS, texts)
        if diff is not None:
            self._diffs.append((diff.article, diff.diff))
        for result in results:
            self._count(result)

    def add_standing(
        self,
        article: str,
        form: Form,
        standing: Sequence[Standing],
        problems: Sequence[ArticleProblem] = (),
    ) -> None:
        """One article whose entries were judged before; `form` says how they are to be read."""
        if self.strict or self._baseline.is_used or not self._selection.is_all:
            read = _READERS[form]
            results = [self._stricter(read(article, text)) for text, *_ in standing]
            self.add_article(ArticleOutcome(results, list(problems)))
            return
        self.summary.articles += 1
        for problem in problems:
            self.add_problem(problem)
        if standing:
            texts = [(text, rank < _UNLISTED) for text, _, rank, _ in standing]
            self._append(article, form, texts)
        for _, verdict, rank, broken in standing:
            self._standing[verdict, rank, broken] += 1

    def _selected(self, result: EntryResult) -> EntryResult:
        selected = self._selection.of(result)
        self.unselected += len(result.listed) - len(selected.listed)
        return selected

    def _stricter(self, result: EntryResult) -> EntryResult:
        if not self.strict or not result.listed:
            return result
        broken = tuple(replace(one, severity=_stricter(one.severity)) for one in result.broken)
        severity = result.severity and _stricter(result.severity)
        return replace(result, severity=severity, broken=broken)

    def _count(self, result: EntryResult) -> None:
        summary = self.summary
        summary.entries += 1
        summary.verdicts[result.verdict] += 1
        for one in result.findings:
            summary.errors += one.severity is Severity.ERROR
            summary.warnings += one.severity is Severity.WARNING
            self.known += one.known
        for broken in result.broken:
            summary.rules[broken.breach] += 1

    def _append(self, article: str, form: Form, texts: Sequence[tuple[str, bool]]) -> None:
        self._entries.append((article, form.value, [text for text, _ in texts]))
        listed = [text for text, is_listed in texts if is_listed]
        if listed:
            self._findings.append((article, form.value, listed))

    @staticmethod
    def _read(articles: DiskList[_Article]) -> Iterator[EntryResult]:
        for article, form, texts in articles:
            read = _READERS[Form(form)]
            for text in texts:
                yield read(article, text)

    def add_problem(self, problem: ArticleProblem) -> None:
        """An article that could not be read or edited."""
        self._problems.append(problem)

    def finish(self, urls: int, fared: Mapping[str, int], traffic: Traffic) -> None:
        """Stop the clock; count the URLs by how they fared, and the failed articles once each."""
        summary = self.summary
        for (verdict, rank, broken), count in self._standing.items():
            found = judged.ranks(rank, broken)
            summary.entries += count
            summary.verdicts[Verdict(verdict)] += count
            summary.errors += count * found.all.count(0)
            summary.warnings += count * found.all.count(1)
            for breach in found.breaches:
                summary.rules[breach] += count
        self._standing.clear()
        summary.urls = urls
        summary.downloaded = fared.get("downloaded", 0)
        summary.revalidated = fared.get("revalidated", 0)
        summary.fresh = fared.get("fresh", 0)
        summary.failed = fared.get("failed", 0)
        summary.bytes, summary.requests = traffic.bytes, traffic.requests
        summary.articles_failed = len({problem.article for problem in self._problems})
        self.seconds = time.monotonic() - self._clock

    def cut_short(self, listener: Listener) -> Report:
        """End it where the run was told to stop before its first request; returns itself."""
        self.interrupted = True
        self.finish(0, {}, Traffic())
        listener.warned(LEFT_OUT)
        return self

    @contextmanager
    def ends_with_it(self, listener: Listener) -> Iterator[None]:
        """A fault of this machine ends what is done in it, and not the report.

        What is reported by then stands, and what is kept is kept; the rest is left to the next run.
        """
        try:
            yield
        except LocalError as exc:
            listener.failed(f"{exc}; the run ended before all was judged")
            self.interrupted = self.local_fault = True
            if not self.seconds:
                self.finish(0, {}, self.traffic)

    def close(self) -> None:
        """Delete the temporary files; the summary stays."""
        for spool in (self._entries, self._findings, self._diffs, self._corrections):
            spool.close()


def _stricter(severity: Severity) -> Severity:
    return Severity.ERROR if severity is Severity.WARNING else severity
