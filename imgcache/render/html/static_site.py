"""Static site: one folder that opens from disk; no server, no request, nothing from elsewhere.

    index.html page-2.html ...     everything, what is broken first
    gone.html gone-2.html ...      the same of one verdict
    articles.html articles-2.html  all articles, the worst first
    articles/<hash>.html           the entries of one article, by the hash of its path
    articles/<hash>-2.html ...     the rest of them, where there are many
    thumbs/<sha256>.<suffix>       thumbnails, copied from the cache

Beside them lie the stylesheet, the script and the icon. No part of a URL becomes part of a name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from pathlib import PurePosixPath

from imgcache.core.catalog import Catalog
from imgcache.model import Verdict
from imgcache.render.html import jinja
from imgcache.render.html.articles import article, articles
from imgcache.render.html.cards import sharpest
from imgcache.render.html.gallery import gallery
from imgcache.render.html.links import Selection
from imgcache.render.html.paging import Page
from imgcache.results import CachedThumbnail, EntryResult

PER_PAGE = 48
_NAME_DIGITS = 16

Select = Callable[[Verdict | None], Sequence[EntryResult]]


class FolderLinks:
    """Links between the files of the folder; `above` leads from a page to its root.

    `pictures` are the files in thumbs/ that are there: what could not be copied is not shown.
    """

    def __init__(self, pictures: Collection[str], above: str = "") -> None:
        self._pictures = pictures
        self._above = above

    def asset(self, name: str) -> str:
        """The stylesheet, the script or the icon, beside index.html."""
        return f"{self._above}{name}"

    def gallery(self, selection: Selection) -> str:
        """A page of everything, or of one verdict; a folder has no other filter."""
        return f"{self._above}{_gallery_name(selection)}"

    def articles(self, page: int) -> str:
        """A page of the list of articles."""
        return f"{self._above}{_articles_name(page)}"

    def article(self, article: str, page: int = 1) -> str:
        """A page of an article."""
        return f"{self._above}{article_name(article, page)}"

    def thumbnail(self, thumbnail: CachedThumbnail) -> str | None:
        """The copied thumbnail."""
        name = picture_name(thumbnail)
        return f"{self._above}{name}" if name in self._pictures else None

    def original(self, entry: EntryResult) -> None:
        """Never: the folder holds thumbnails, not the whole cache."""


def article_name(article: str, page: int = 1) -> str:
    """The file of an article's page: the same in every report, whatever the path has in it."""
    digest = hashlib.sha256(article.encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_DIGITS]
    return f"articles/{digest}.html" if page == 1 else f"articles/{digest}-{page}.html"


def picture_name(thumbnail: CachedThumbnail) -> str:
    """The file of a copied thumbnail, named by the hash of its original."""
    return f"thumbs/{PurePosixPath(thumbnail.path).name}"


def wanted_pictures(entries: Sequence[EntryResult]) -> dict[str, str]:
    """The thumbnails that the pages show: path in the cache folder by file in this one."""
    shown = (sharpest(entry) for entry in entries)
    return {picture_name(one): one.path for one in shown if one is not None}


def render(
    catalog: Catalog, select: Select, pictures: Collection[str]
) -> Iterator[tuple[str, str]]:
    """All pages: file and text; index.html comes last, when all that it links to exists.

    `select` has the entries of one verdict, or all of them, the worst first.
    """
    yield from _articles(catalog, FolderLinks(pictures, "../"))
    links = FolderLinks(pictures)
    yield from _contents(catalog, links)
    for verdict in [*catalog.verdicts, None]:
        pages = list(_pages(verdict, select(verdict)))
        for page in reversed(pages):
            yield _gallery_name(page.selection), jinja.gallery(gallery(catalog, page, links))


def _articles(catalog: Catalog, links: FolderLinks) -> Iterator[tuple[str, str]]:
    entries = {name: list(some) for name, some in groupby(catalog.entries, lambda one: one.article)}
    for one in catalog.broken_articles:
        page, pages_there = 0, 1
        while page < pages_there:
            page += 1
            view = article(catalog, one, entries.get(one.article, []), links, page)
            pages_there = view.pager.pages
            yield article_name(one.article, page), jinja.article(view)


def _contents(catalog: Catalog, links: FolderLinks) -> Iterator[tuple[str, str]]:
    page, pages_there = 0, 1
    while page < pages_there:
        page += 1
        view = articles(catalog, page, links)
        pages_there = view.pager.pages
        yield _articles_name(page), jinja.articles(view)


def _pages(verdict: Verdict | None, entries: Sequence[EntryResult]) -> Iterator[Page]:
    count = max(1, -(-len(entries) // PER_PAGE))
    for page in range(1, count + 1):
        some = entries[(page - 1) * PER_PAGE : page * PER_PAGE]
        yield Page(Selection(verdict=verdict, page=page), some, len(entries), count)


def _articles_name(page: int) -> str:
    return "articles.html" if page == 1 else f"articles-{page}.html"


def _gallery_name(selection: Selection) -> str:
    page = selection.page
    if selection.verdict is not None:
        return f"{selection.verdict}.html" if page == 1 else f"{selection.verdict}-{page}.html"
    return "index.html" if page == 1 else f"page-{page}.html"
