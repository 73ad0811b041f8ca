"""Report of a run: summary in memory, entries in temporary files, so that memory stays flat."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from imgcache.engine.run.baseline import Baseline
from imgcache.engine.run.disk_list import DiskList
from imgcache.model import Declared, Format, Severity, Size, Source, Verdict
from imgcache.render import json
from imgcache.results import (
    LISTED,
    ArticleDiff,
    ArticleOutcome,
    ArticleProblem,
    CachedThumbnail,
    EntryResult,
    Summary,
)


@dataclass(slots=True)
class Traffic:
    """What a run sent, and the bytes of bodies that it received."""

    requests: int = 0
    bytes: int = 0


class Report:
    """What a run found. `summary` has the counts, `entries()` iterates, `to_json()` is the report.

    Implements results.Findings, so each renderer takes it.
    """

    def __init__(
        self, command: str, baseline: Baseline | None = None, *, dry_run: bool = False
    ) -> None:
        self.command = command
        self.dry_run = dry_run
        self.started = time.time()
        self.seconds = 0.0
        self.interrupted = False
        self.local_fault = False
        self.cache_bytes: int | None = None
        self.summary = Summary()
        self.known = 0
        self._baseline = baseline or Baseline()
        self._clock = time.monotonic()
        self._entries: DiskList[list[_Packed]] = DiskList()
        self._findings: DiskList[list[_Packed]] = DiskList()
        self._diffs: DiskList[tuple[str, str]] = DiskList()
        self._problems: list[ArticleProblem] = []

    def entries(self) -> Iterator[EntryResult]:
        """All judged entries, in article order, then in document order."""
        return (_unpack(packed) for batch in self._entries for packed in batch)

    def findings(self) -> Iterator[EntryResult]:
        """Those of the entries whose severity is error or warning, in the same order."""
        return (_unpack(packed) for batch in self._findings for packed in batch)

    def article_errors(self) -> Iterator[ArticleProblem]:
        """The articles that could not be read or edited."""
        return iter(self._problems)

    def diffs(self) -> Iterator[ArticleDiff]:
        """One diff per changed article, where diffs were asked for."""
        return (ArticleDiff(*one) for one in self._diffs)

    def to_json(self, *, with_diffs: bool = False) -> str:
        """The JSON report (schema 1), as `--format json` prints it."""
        return "".join(json.render(self, with_diffs=with_diffs))

    def add_article(self, outcome: ArticleOutcome | None) -> None:
        """One judged article; None, for a file that is no article, adds nothing."""
        if outcome is None:
            return
        self.summary.articles += 1
        self.summary.articles_changed += outcome.changed
        self.local_fault |= outcome.local_fault
        self.add(outcome.results, outcome.diff)
        for problem in outcome.problems:
            self.add_problem(problem)

    def add(self, results: list[EntryResult], diff: ArticleDiff | None = None) -> None:
        """One judged article's entries, known ones marked, and its diff if it was wanted."""
        results = self._baseline.apply(results)
        if results:
            self._entries.append([_pack(one) for one in results])
        listed = [_pack(one) for one in results if one.severity in LISTED]
        if listed:
            self._findings.append(listed)
        if diff is not None:
            self._diffs.append((diff.article, diff.diff))
        for result in results:
            self.summary.entries += 1
            self.summary.verdicts[result.verdict] += 1
            self.summary.errors += result.severity is Severity.ERROR
            self.summary.warnings += result.severity is Severity.WARNING
            self.known += result.known

    def add_problem(self, problem: ArticleProblem) -> None:
        """An article that could not be read or edited."""
        self._problems.append(problem)

    def finish(self, urls: int, fared: Mapping[str, int], traffic: Traffic) -> None:
        """Stop the clock; count the URLs by how they fared, and the failed articles once each."""
        summary = self.summary
        summary.urls = urls
        summary.downloaded = fared.get("downloaded", 0)
        summary.revalidated = fared.get("revalidated", 0)
        summary.fresh = fared.get("fresh", 0)
        summary.failed = fared.get("failed", 0)
        summary.bytes, summary.requests = traffic.bytes, traffic.requests
        summary.articles_failed = len({problem.article for problem in self._problems})
        self.seconds = time.monotonic() - self._clock

    def close(self) -> None:
        """Delete the temporary files; the summary stays."""
        for spool in (self._entries, self._findings, self._diffs):
            spool.close()


_Packed = tuple[Any, ...]


def _pack(entry: EntryResult) -> _Packed:
    """An entry as plain values, which pickle ten times faster than dataclasses and enums."""
    declared, thumbnails = entry.declared, entry.thumbnails
    return (
        (entry.article, entry.line, entry.column, entry.pointer, entry.url),
        (entry.verdict.value, entry.severity and entry.severity.value, entry.message),
        (declared.width, declared.height, declared.cached),
        entry.actual and tuple(entry.actual),
        entry.cached,
        entry.format and entry.format.label,
        (entry.bytes, entry.sha256, entry.status),
        entry.source and entry.source.value,
        entry.path,
        [(one.name, one.path, one.width, one.height) for one in thumbnails],
        (entry.excerpt, entry.known),
    )


def _unpack(packed: _Packed) -> EntryResult:
    where, (verdict, severity, message), declared, actual, cached, label, *rest = packed
    (size, sha256, status), source, path, thumbnails, (excerpt, known) = rest
    article, line, column, pointer, url = where
    return EntryResult(
        article,
        line,
        column,
        pointer,
        url,
        verdict=Verdict(verdict),
        severity=severity and Severity(severity),
        message=message,
        declared=Declared(*declared),
        actual=actual and Size(*actual),
        cached=cached,
        format=label and Format.of(label),
        bytes=size,
        sha256=sha256,
        status=status,
        source=source and Source(source),
        path=path,
        thumbnails=tuple(CachedThumbnail(*one) for one in thumbnails),
        excerpt=excerpt,
        known=known,
    )
