"""Links between the pages: the same pages are routes of the service, or files of one folder."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol
from urllib.parse import quote

from msgspec import Struct

from imgcache.core.catalog import ImageQuery, Sorting
from imgcache.findings import Health
from imgcache.model import Verdict
from imgcache.results import CachedThumbnail, EntryResult


class Look(StrEnum):
    """How a gallery page shows images."""

    LIST = "list"
    CARDS = "cards"


class Form(StrEnum):
    """How programs get what a page shows."""

    JSON = "json"
    CSV = "csv"


class Selection(Struct, frozen=True):
    """Which images a gallery page shows; the empty one is the first page of all of them."""

    health: Health | None = None
    verdict: Verdict | None = None
    rule: str | None = None
    host: str | None = None
    copy: bool | None = None
    shared: bool | None = None
    text: str = ""
    sorting: Sorting = Sorting.BROKEN_FIRST
    look: Look = Look.LIST
    page: int = 1

    @property
    def query(self) -> ImageQuery:
        """What the catalog is asked for."""
        filters = (self.health, self.verdict, self.rule, self.host, self.copy, self.shared)
        return ImageQuery(*filters, self.text, self.sorting)

    @property
    def is_narrowed(self) -> bool:
        """Whether it leaves anything out."""
        return self.query != ImageQuery(sorting=self.sorting)


def edit_link(template: str | None, article: str, line: int) -> str | None:
    """Where an article is edited, by the setting `serve.edit_url`.

    None without it, and for a path that would climb out of what the template says.
    """
    if template is None or ".." in article.split("/"):
        return None
    try:
        path = quote(article.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # no file has such a name
        return None
    return template.replace("{path}", path).replace("{line}", str(line))


class Links(Protocol):
    """Where the pages and pictures are, from their root; None where nothing can be shown.

    `above_articles` leads from the page of an article to the root. `narrows`: whether there is a
    page for each combination of filters; else there is one for each verdict only. `has_hosts`:
    whether the images of one host can be shown, where nothing narrows by a script.
    """

    above_articles: str
    narrows: bool
    has_hosts: bool

    def asset(self, name: str) -> str:
        """The stylesheet, or the script."""

    def gallery(self, selection: Selection) -> str:
        """A page of the gallery."""

    def articles(self, page: int) -> str:
        """A page of the list of articles."""

    def hosts(self, page: int) -> str:
        """A page of the list of hosts."""

    def article(self, article: str, page: int = 1) -> str:
        """A page of an article, by its path as reports have it; empty where there is none."""

    def edit(self, article: str, line: int) -> str | None:
        """Where an article is edited, at this line."""

    def images_as(self, selection: Selection, form: Form) -> str | None:
        """What a page of the gallery shows, for programs."""

    def list_as(self, name: str, page: int, form: Form) -> str | None:
        """The same of a page of the list of `articles` or `hosts`."""

    def thumbnail(self, thumbnail: CachedThumbnail) -> str | None:
        """A thumbnail."""

    def original(self, entry: EntryResult) -> str | None:
        """The copy of an entry that has one."""
