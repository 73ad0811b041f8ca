"""Console on stderr: notes for the operator, and a progress line; stdout is for the report.

Only modules that draw import rich, and they are imported late.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Self

from imgcache.cli.terminal import unsteered
from imgcache.engine.run.listener import Listener
from imgcache.model import Failure, Source
from imgcache.render.json import timestamp
from imgcache.render.phrases import count, printable, some
from imgcache.userinfo import masked_within

if TYPE_CHECKING:
    from imgcache.cli.progress import ProgressLine

_NO_FACTS: Mapping[str, object] = MappingProxyType({})


class Console(Listener):
    """Listens to a run. Notes go out as text or as one JSON object a line.

    `verbose` tells of each URL, `quiet` of errors only; `progress` is drawn on a terminal only.
    """

    def __init__(
        self, *, verbose: bool = False, quiet: bool = False, log_json: bool = False, progress: bool
    ) -> None:
        self._verbose = verbose
        self._quiet = quiet
        self._log_json = log_json
        # Not rich's own guess: FORCE_COLOR makes it take a pipe for a terminal.
        is_terminal = sys.stderr is not None and sys.stderr.isatty()
        drawn = progress and not quiet and not log_json and is_terminal
        self._progress = _progress_line() if drawn else None

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

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

    def planned(self, articles: int, urls: int, jobs: int) -> None:
        """The bar's length is known."""
        if self._verbose:
            named = f"{count(articles, 'article')}: {count(urls, 'URL')}"
            self._note("info", f"{named}, of which work is needed on {jobs:,}")
        if self._progress is not None:
            self._progress.planned(articles, jobs)

    def attempted(self, url: str, wire_bytes: int) -> None:  # noqa: ARG002  the protocol's
        """Bytes came in."""
        if self._progress is not None:
            self._progress.attempted(wire_bytes)

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
        if self._progress is not None:
            self._progress.concluded(failed=failure is not None)

    def judged(self, articles: int) -> None:
        """Some articles are done."""
        if self._progress is not None:
            self._progress.judged(articles)

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


def _progress_line() -> ProgressLine:
    from imgcache.cli.progress import ProgressLine  # noqa: PLC0415  see the module's docstring

    return ProgressLine()
