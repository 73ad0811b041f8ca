"""A finished run's report: summary in memory, entries in a temporary file, so that size is flat."""

from __future__ import annotations

import pickle
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from imgcache.model import Severity
from imgcache.report import json
from imgcache.report.findings import ArticleDiff, ArticleProblem, EntryResult, Summary

_IN_MEMORY = 4 << 20


@dataclass(slots=True)
class Traffic:
    """What a run sent, and the bytes of bodies that it received."""

    requests: int = 0
    bytes: int = 0


class _Spool:
    """Items written once, read back as often as needed; nobody else can reach the file."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  the report owns it
        self._count = 0
        # Whoever drops a report without closing it has done nothing wrong.
        self.close = weakref.finalize(self, self._file.close)

    def add(self, items: list[Any]) -> None:
        if items:
            pickle.dump(items, self._file, pickle.HIGHEST_PROTOCOL)
            self._count += 1

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        position = 0
        for _ in range(self._count):
            self._file.seek(position)
            items = pickle.load(self._file)  # noqa: S301  written by us, in an unlinked file
            position = self._file.tell()
            yield from items


class Report:
    """What a run found. `summary` has the counts, `entries()` iterates, `to_json()` is the report.

    Implements report.findings.Findings, so each renderer takes it.
    """

    def __init__(self, command: str, *, dry_run: bool = False) -> None:
        self.command = command
        self.dry_run = dry_run
        self.started = time.time()
        self.seconds = 0.0
        self.interrupted = False
        self.local_fault = False
        self.summary = Summary()
        self._clock = time.monotonic()
        self._entries = _Spool()
        self._diffs = _Spool()
        self._problems: list[ArticleProblem] = []

    def entries(self) -> Iterator[EntryResult]:
        """All judged entries, in article order, then in document order."""
        return iter(self._entries)

    def article_errors(self) -> Iterator[ArticleProblem]:
        """The articles that could not be read or edited."""
        return iter(self._problems)

    def diffs(self) -> Iterator[ArticleDiff]:
        """One diff per changed article, where diffs were asked for."""
        return iter(self._diffs)

    def to_json(self, *, with_diffs: bool = False) -> str:
        """The JSON report (schema 1), as `--format json` prints it."""
        return "".join(json.render(self, with_diffs=with_diffs))

    def add(self, results: list[EntryResult], diff: ArticleDiff | None = None) -> None:
        """One judged article's entries, and its diff if it was wanted."""
        self._entries.add(results)
        self._diffs.add([diff] if diff else [])
        for result in results:
            self.summary.entries += 1
            self.summary.verdicts[result.verdict] += 1
            self.summary.errors += result.severity is Severity.ERROR
            self.summary.warnings += result.severity is Severity.WARNING

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
        """Give the temporary files back; the summary stays."""
        self._entries.close()
        self._diffs.close()
