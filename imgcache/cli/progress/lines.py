"""The progress of a run, drawn on stderr where that is a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.live import Live
from rich.text import Text

from imgcache.cli.progress.gauge import Gauge

_TIMES_A_SECOND = 4


class ProgressLines:
    """Lines at the bottom that are drawn anew. Imported where it is drawn: rich costs start-up."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._live = Live(
            console=self._console,
            get_renderable=self._drawn,
            transient=True,
            refresh_per_second=_TIMES_A_SECOND,
        )

    def start(self) -> None:
        """Draw from now on."""
        self._live.start()

    def stop(self) -> None:
        """Leave the terminal as it was."""
        self._live.stop()

    def note(self, line: str) -> None:
        """A line above the progress."""
        self._console.print(line)

    def _drawn(self) -> Text:
        """As the terminal is now: it may have become narrower."""
        lines = self._gauge.lines(self._console.width)
        return Text("\n".join(lines), no_wrap=True, overflow="crop")
