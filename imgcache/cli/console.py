"""Console on stderr: notes for the operator, and the progress; stdout is for the report.

Only modules that draw import rich, and they are imported late.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from imgcache.cli.progress.gauge import Gauge
from imgcache.cli.terminal import can_redraw, unsteered
from imgcache.engine.run.listener import Lane, Listener, ShardEnd
from imgcache.model import Failure, Source
from imgcache.render.json import timestamp
from imgcache.render.phrases import count, printable, some
from imgcache.userinfo import masked_within

if TYPE_CHECKING:
    from imgcache.cli.progress.lines import ProgressLines

# How often the hosts are looked at, and how often a log hears of a run; in seconds.
_TICK, _MINUTE = 1.0, 60.0
_NO_FACTS: Mapping[str, object] = MappingProxyType({})


class Console(Listener):
    """Listens to a run. Notes go out as text or as one JSON object a line.

    `verbose` tells of each URL, `quiet` of errors only. `progress` is drawn on a terminal; else it
    is a line a minute. `clock` gives seconds.
    """

    def __init__(
        self,
        *,
        verbose: bool = False,
        quiet: bool = False,
        log_json: bool = False,
        progress: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verbose = verbose
        self._quiet = quiet
        self._log_json = log_json
        self._clock = clock
        self._gauge = Gauge(clock)
        wanted = progress and not quiet
        self._progress = _drawn(self._gauge) if wanted and not log_json and can_redraw() else None
        self._told_at = clock() if wanted and self._progress is None else None
        self._ticking: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """A run begins, in the running event loop."""
        if self._progress is not None:
            self._progress.start()
        if self._progress is not None or self._told_at is not None:
            self._tick()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        if self._progress is not None:
            self._progress.stop()

    def _tick(self) -> None:
        self._gauge.look()
        now, told = self._clock(), self._gauge.sentence()
        if self._told_at is not None and told is not None and now - self._told_at >= _MINUTE:
            self._note("info", told)
            self._told_at = now
        self._ticking = asyncio.get_running_loop().call_later(_TICK, self._tick)

    def warned(self, message: str) -> None:
        """A note for the operator."""
        if not self._quiet:
            self._note("warning", message)

    def informed(self, message: str) -> None:
        """Something that is well."""
        if not self._quiet:
            self._note("info", message)

    def served(self, method: str, path: str, status: int, seconds: float) -> None:
        """The service has answered a request."""
        if self._verbose:
            facts = {"method": method, "path": path, "status": status, "seconds": round(seconds, 4)}
            self._note("debug", f"{method} {path} {status}", facts)

    def passed_over(self, why: str, files: Sequence[str]) -> None:
        """Files that are no articles; all are named with `verbose`."""
        self.warned(f"{count(len(files), 'file')} {why}: passed over ({self._named(files)})")

    def unwritten(self, entries: Sequence[str]) -> None:
        """What is left to the user; all is named with `verbose`."""
        number = count(len(entries), "image entry", "image entries")
        self.warned(
            f"TOML and JSON front matter is read, never written; {number} should say otherwise: "
            f"{self._named(entries)}"
        )

    def _named(self, names: Sequence[str]) -> str:
        return ", ".join(names) if self._verbose else some(names)

    def failed(self, message: str) -> None:
        """What went wrong on this machine; shown with `quiet`, too."""
        self._note("error", message)

    def reading(self, files: int, of: int) -> None:
        """Some files are read."""
        self._gauge.reading(files, of)

    def fetching(self, lanes: Callable[[], Iterable[Lane]]) -> None:
        """The hosts can be looked at."""
        self._gauge.fetching(lanes)

    def planned(self, articles: int, urls: int, jobs: int) -> None:
        """How much there is to do is known."""
        if self._verbose:
            named = f"{count(articles, 'article')}: {count(urls, 'URL')}"
            self._note("info", f"{named}, of which work is needed on {jobs:,}")
        self._gauge.planned(articles, jobs)

    def attempted(self, url: str, wire_bytes: int) -> None:  # noqa: ARG002  the protocol's
        """Bytes came in."""
        self._gauge.attempted(wire_bytes)

    def concluded(self, url: str, source: Source | None, failure: Failure | None) -> None:
        """One job is done."""
        if self._verbose:
            told = f"{failure.verdict}: {failure.detail}" if failure else str(source)
            facts = {
                "url": url,
                "source": source,
                "verdict": failure.verdict if failure else None,
                "status": failure.status if failure else None,
            }
            self._note("debug", f"{url} {told}", facts)
        self._gauge.concluded(failed=failure is not None)

    def prepared(self) -> None:
        """One job without a request is done."""
        self._gauge.concluded(failed=False)

    def shard_ended(self, shard: ShardEnd) -> None:
        """A worker is done with a shard; one that is lost is told in any case."""
        told = f"shard {shard.number} on worker {shard.worker}"
        if shard.lost is not None:
            self.warned(f"{told} is lost, and what it left goes elsewhere: {shard.lost}")
        elif self._verbose:
            done = f"{count(shard.urls, 'URL')} on {count(shard.hosts, 'host')}"
            facts = {
                "shard": shard.number,
                "worker": shard.worker,
                "urls": shard.urls,
                "hosts": shard.hosts,
                "seconds": round(shard.seconds, 3),
                "requests": shard.requests,
                "bytes": shard.bytes,
            }
            self._note("debug", f"{told}: {done} in {shard.seconds:.1f} s", facts)

    def judged(self, articles: int, changed: int = 0) -> None:
        """Some articles are done."""
        self._gauge.judged(articles, changed)

    def _note(self, level: str, message: str, facts: Mapping[str, object] = _NO_FACTS) -> None:
        message = masked_within(message)
        if self._log_json:
            moment = timestamp(time.time())
            line = json.dumps({"time": moment, "level": level, "message": message, **facts})
        else:
            (line,) = unsteered([f"imgcache: {printable(message)}"])
        if self._progress is not None:
            self._progress.note(line)
        elif sys.stderr is not None:
            # A closed or full stderr must not end a run.
            with suppress(OSError, ValueError):
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()


def _drawn(gauge: Gauge) -> ProgressLines:
    from imgcache.cli.progress.lines import ProgressLines  # noqa: PLC0415  see the module's docstring

    return ProgressLines(gauge)
