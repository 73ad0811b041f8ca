"""imgcache's own runs: each a whole process, and checked against what the entries say."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.beside import meter, sites
from benchmarks.beside.meter import Cost
from benchmarks.beside.origin import Way
from benchmarks.beside.outcome import Outcome
from benchmarks.beside.place import Place, own_environment
from benchmarks.beside.sites import Entry

IMGCACHE = (sys.executable, "-m", "imgcache")
STARTS = 5
JSON = ("--output", "json=report.json")
TEXT = ("--quiet", "--output", "text=report.txt")


class Ours:
    """imgcache's runs over the same entries."""

    def __init__(self, place: Place, entries: Sequence[Entry]) -> None:
        self._place, self._entries = place, entries

    @cached_property
    def start_up(self) -> float:
        """Seconds of `--help`."""
        folder, env = self._place.folder("help"), own_environment()
        every = [meter.run([*IMGCACHE, "--help"], folder, env).seconds for _ in range(STARTS)]
        return median(every)

    def refresh(self, config: str) -> Outcome:
        """A cold run."""
        site = self._written("site", config, Way.FRESH)
        return self._run(site, Way.FRESH, "200", "refresh", *JSON)

    def revalidate(self) -> Outcome:
        """A refresh in which each answer is a 304; what is asked about is fetched once."""
        site = self._place.scratch / "stale"
        if not site.exists():
            self._written(site.name, sites.STALE_AT_ONCE + sites.JPEG_THUMBNAILS, Way.STALE)
            self._run(site, Way.STALE, "200", "refresh", *JSON)
        return self._run(site, Way.STALE, "304", "refresh", *JSON)

    def probe(self, way: Way) -> Outcome:
        """A verify without a cache."""
        site = self._written("probed", "", way)
        return self._run(site, way, "206", "verify", "--probe", *JSON)

    def first_run(self) -> Outcome:
        """A cold run of very many entries, whose report is no matter."""
        site = self._written("crowd", sites.JPEG_THUMBNAILS, Way.FRESH)
        return self._run(site, Way.FRESH, "200", "refresh", *TEXT)

    def _written(self, name: str, config: str, way: Way) -> Path:
        """A fresh site."""
        site, port = self._place.scratch / name, self._place.origin.ports[way]
        sites.write(site, self._place.corpus, self._entries, port, config)
        return site

    def _run(self, site: Path, way: Way, status: str, command: str, *flags: str) -> Outcome:
        """A run to which the origin must answer with this status."""
        port = self._place.origin.ports[way]
        words = ("articles", "--no-progress", "--resolve", f"*:{port}:127.0.0.1", *flags)
        env = own_environment()
        cost, traffic = self._place.measure([*IMGCACHE, command, *words], site, env)
        report = site / "report.json"
        summary = json.loads(report.read_text())["summary"] if report.exists() else {}
        fault = self._fault(cost, traffic.statuses[status], summary)
        return Outcome(cost, traffic.bytes, summary.get("bytes"), fault=fault)

    def _fault(self, cost: Cost, answers: int, summary: Mapping[str, Any]) -> str | None:
        """What is not as it must be. The sizes that are wrong make exit status 1."""
        entries, right = len(self._entries), sum(one.right for one in self._entries)
        if cost.status not in {0, 1}:
            return f"exit status {cost.status}: {cost.errors}"
        if answers < entries:
            return f"the origin gave the answer that was wanted to {answers} of {entries} requests"
        if summary and summary["verdicts"].get("ok") != right:
            return f"{summary['verdicts']}, but {right} are ok"
        return None
