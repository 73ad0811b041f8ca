"""Links between the pages: the same pages are routes of the service, or files of one folder."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from imgcache.model import Verdict
from imgcache.results import CachedThumbnail, EntryResult


class Selection(Struct, frozen=True):
    """Which entries a gallery page shows; the empty one is the first page of all of them."""

    verdict: Verdict | None = None
    host: str | None = None
    text: str = ""
    page: int = 1

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.verdict or self.host or self.text)


class Links(Protocol):
    """Where the pages and pictures are, from their root; None where nothing can be shown.

    `above_articles` leads from the page of an article to the root.
    """

    above_articles: str

    def asset(self, name: str) -> str:
        """The stylesheet, or the script."""

    def gallery(self, selection: Selection) -> str:
        """A page of the gallery."""

    def articles(self, page: int) -> str:
        """A page of the list of articles."""

    def article(self, article: str, page: int = 1) -> str:
        """A page of an article, by its path as reports have it."""

    def thumbnail(self, thumbnail: CachedThumbnail) -> str | None:
        """A thumbnail."""

    def original(self, entry: EntryResult) -> str | None:
        """The copy of an entry that has one."""
