"""The progress line of a run, drawn on stderr where that is a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from imgcache.render.phrases import amount


class ProgressLine:
    """Done, failed, bytes, rate and time left. Imported where it is drawn: rich costs start-up."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
            refresh_per_second=8,
        )
        self._fetching: TaskID | None = None
        self._judging: TaskID | None = None
        self._failed = 0
        self._bytes = 0

    def start(self) -> None:
        """Draw from now on."""
        self._progress.start()

    def stop(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def note(self, line: str) -> None:
        """A line above the progress."""
        self._console.print(line)

    def planned(self, articles: int, jobs: int) -> None:
        """The bars' lengths are known."""
        if jobs:
            self._fetching = self._progress.add_task("images", total=jobs, told="")
        self._judging = self._progress.add_task("articles", total=articles, told="")

    def attempted(self, wire_bytes: int) -> None:
        """Bytes came in."""
        self._bytes += wire_bytes
        self._draw(0)

    def concluded(self, *, failed: bool) -> None:
        """One job is done."""
        self._failed += failed
        self._draw(1)

    def judged(self, articles: int) -> None:
        """Some articles are done."""
        if self._judging is not None:
            self._progress.advance(self._judging, articles)

    def _draw(self, done: int) -> None:
        if self._fetching is None:
            return
        elapsed = self._progress.tasks[0].elapsed or 0.0
        rate = amount(int(self._bytes / elapsed)) if elapsed else "-"
        told = f"{self._failed} failed, {amount(self._bytes)}, {rate}/s"
        self._progress.update(self._fetching, advance=done, told=told)
