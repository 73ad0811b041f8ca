"""Listener of a run: what it tells while it goes on, to a progress display, a log or a service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from imgcache.model import Failure, Source


class Lane(Struct, frozen=True):
    """One host's part of the fetching: how many URLs are left, and how long it pauses (seconds).

    `is_asked` is false where the host is given up: what is left of it will be skipped.
    """

    host: str
    left: int
    wait: float = 0.0
    is_asked: bool = True


class ShardEnd(Struct, frozen=True):
    """One shard of a run on several workers: what it did, or why its worker was lost over it.

    `worker`: its number in this run. `urls`: those that ended.
    """

    number: int
    worker: int
    urls: int
    hosts: int
    seconds: float
    requests: int
    bytes: int
    lost: str | None = None


class Listener:
    """Hears nothing; a listener overrides what it wants to know.

    It is told in the run's own task, so each method returns at once.
    """

    def warned(self, message: str) -> None:
        """Something the operator should know that belongs to no entry."""

    def informed(self, message: str) -> None:
        """Something that is well."""

    def failed(self, message: str) -> None:
        """This machine could not do its part; told even to those who want quiet."""

    def passed_over(self, why: str, files: Sequence[str]) -> None:
        """Files that look like articles and are none: `why` goes on after "2 files"."""

    def unwritten(self, entries: Sequence[str]) -> None:
        """Entries that should say otherwise, in front matter that is never written."""

    def reading(self, files: int, of: int) -> None:
        """So many of the files are read."""

    def planned(self, articles: int, urls: int, jobs: int) -> None:
        """All articles are read: so many URLs are named, so many jobs will be run."""

    def fetching(self, lanes: Callable[[], Iterable[Lane]]) -> None:
        """URLs are asked for from now on; `lanes` tells at any time how far each host is."""

    def attempted(self, url: str, wire_bytes: int) -> None:
        """One attempt at a URL ended, well or not."""

    def concluded(self, url: str, source: Source | None, failure: Failure | None) -> None:
        """One job ended; `source` tells how, where there is no failure."""

    def prepared(self) -> None:
        """One job ended that needs no request: an image in place, thumbnails made again."""

    def shard_ended(self, shard: ShardEnd) -> None:
        """A worker is done with a shard, or is lost."""

    def judged(self, articles: int, changed: int = 0) -> None:
        """So many more articles are judged, and so many of them were changed."""

    def served(self, method: str, path: str, status: int, seconds: float) -> None:
        """The service answered a request; `path` is without the query."""
