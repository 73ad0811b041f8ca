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
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Protocol

from imgcache.core.catalog import ArticleState
from imgcache.render.html import jinja
from imgcache.render.html.articles import article, articles, pages_of
from imgcache.render.html.cards import CARDS_PER_PAGE, sharpest
from imgcache.render.html.gallery import gallery
from imgcache.render.html.links import Selection
from imgcache.render.html.paging import Page
from imgcache.render.html.shelves import Shelves
from imgcache.render.html.views import ArticleView
from imgcache.results import CachedThumbnail, EntryResult, KnownEntry, Overview

PER_PAGE = 48
_NAME_DIGITS = 16

_INDEX = "index.html"


class Site(Protocol):
    """What is published: read from the first entry to the last, so that it need not be in memory.

    The counts of its overview are those of its entries.
    """

    @property
    def overview(self) -> Overview:
        """What every page tells of the whole."""

    def articles(self) -> Iterable[tuple[ArticleState, Sequence[KnownEntry]]]:
        """All articles with their entries as written."""

    def worst_articles(self, offset: int, most: int) -> Sequence[ArticleState]:
        """So many articles from that number on, those with most errors first."""


class FolderLinks:
    """Where the files of the folder are.

    `pictures` are the files in thumbs/ that are there: what could not be copied is not shown.
    """

    above_articles = "../"

    def __init__(self, pictures: Collection[str]) -> None:
        self._pictures = pictures

    def asset(self, name: str) -> str:
        """The stylesheet, the script or the icon, beside index.html."""
        return name

    def gallery(self, selection: Selection) -> str:
        """A page of everything, or of one verdict; a folder has no other filter."""
        return _gallery_name(selection)

    def articles(self, page: int) -> str:
        """A page of the list of articles."""
        return _articles_name(page)

    def article(self, article: str, page: int = 1) -> str:
        """A page of an article."""
        return article_name(article, page)

    def thumbnail(self, thumbnail: CachedThumbnail) -> str | None:
        """The copied thumbnail."""
        name = picture_name(thumbnail)
        return name if name in self._pictures else None

    def original(self, entry: EntryResult) -> None:
        """Never: the folder holds thumbnails, not the whole cache."""


def article_name(article: str, page: int = 1) -> str:
    """The file of an article's page: the same in every report, whatever the path has in it."""
    digest = _digest(article)
    return f"articles/{digest}.html" if page == 1 else f"articles/{digest}-{page}.html"


# Each of its cards leads to an article.
@lru_cache(maxsize=1024)
def _digest(article: str) -> str:
    return hashlib.sha256(article.encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_DIGITS]


def picture_name(thumbnail: CachedThumbnail) -> str:
    """The file of a copied thumbnail, named by the hash of its original."""
    return f"thumbs/{thumbnail.path.rpartition('/')[2]}"


def wanted_pictures(entries: Iterable[EntryResult]) -> dict[str, str]:
    """The thumbnails that the pages show: path in the cache folder by file in this one."""
    shown = (sharpest(entry) for entry in entries)
    return {picture_name(one): one.path for one in shown if one is not None}


def render(site: Site, pictures: Collection[str]) -> Iterator[tuple[str, str]]:
    """All pages: file and text; index.html comes last, when all that it links to exists.

    Entries are read once, article by article. Each goes to its article's page, and its card to
    the pages of everything and of its verdict.
    """
    links = FolderLinks(pictures)
    index = ""
    for name, text in _entries(site, links):
        if name == _INDEX:
            index = text
        else:
            yield name, text
    yield from _contents(site, links)
    yield _INDEX, index


def _contents(site: Site, links: FolderLinks) -> Iterator[tuple[str, str]]:
    page, pages_there = 0, 1
    while page < pages_there:
        page += 1
        view = articles(site.overview, site.worst_articles, page, links)
        pages_there = view.pager.pages
        yield _articles_name(page), jinja.articles(view)


def _entries(site: Site, links: FolderLinks) -> Iterator[tuple[str, str]]:
    overview = site.overview
    shelves = Shelves(overview.counts, PER_PAGE)
    for facts, entries in site.articles():
        for view in _pages(overview, facts, entries, links):
            yield article_name(facts.article, view.pager.page), jinja.article(view)
            for card in view.cards:
                for page in shelves.put(card.entry.verdict, jinja.finding(card)):
                    yield _drawn(overview, page, links)
    if not overview.entries:
        yield _drawn(overview, Page(Selection(), (), 0, 1), links)


def _pages(
    overview: Overview, facts: ArticleState, entries: Sequence[KnownEntry], links: FolderLinks
) -> Iterator[ArticleView]:
    """All pages of one article."""
    for page in range(1, pages_of(facts) + 1):
        some = entries[(page - 1) * CARDS_PER_PAGE : page * CARDS_PER_PAGE]
        yield article(overview, facts, some, links, page)


def _drawn(overview: Overview, page: Page, links: FolderLinks) -> tuple[str, str]:
    return _gallery_name(page.selection), jinja.gallery(gallery(overview, page, links))


def _articles_name(page: int) -> str:
    return "articles.html" if page == 1 else f"articles-{page}.html"


def _gallery_name(selection: Selection) -> str:
    page = selection.page
    if selection.verdict is not None:
        return f"{selection.verdict}.html" if page == 1 else f"{selection.verdict}-{page}.html"
    return _INDEX if page == 1 else f"page-{page}.html"
