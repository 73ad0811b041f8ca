"""What a run tells while it goes on: to a progress display, a log, or nobody."""

from __future__ import annotations

from typing import Protocol

from imgcache.model import Failure, Source


class Listener(Protocol):
    """Told in the run's own task, so each method returns at once."""

    def warned(self, message: str) -> None:
        """Something the operator should know that belongs to no entry."""

    def failed(self, message: str) -> None:
        """This machine could not do its part; told even to those who want quiet."""

    def planned(self, articles: int, urls: int, jobs: int) -> None:
        """All articles are read: so many URLs are named, so many jobs will be run."""

    def attempted(self, url: str, wire_bytes: int) -> None:
        """One attempt at a URL ended, well or not."""

    def concluded(self, url: str, source: Source | None, failure: Failure | None) -> None:
        """One job ended; `source` tells how, where there is no failure."""

    def judged(self, articles: int) -> None:
        """So many more articles are judged and written."""


class NullListener:
    """The listener of those who only want the report."""

    def warned(self, message: str) -> None:
        """Nothing is told."""

    def failed(self, message: str) -> None:
        """Nothing is told."""

    def planned(self, articles: int, urls: int, jobs: int) -> None:
        """Nothing is told."""

    def attempted(self, url: str, wire_bytes: int) -> None:
        """Nothing is told."""

    def concluded(self, url: str, source: Source | None, failure: Failure | None) -> None:
        """Nothing is told."""

    def judged(self, articles: int) -> None:
        """Nothing is told."""
