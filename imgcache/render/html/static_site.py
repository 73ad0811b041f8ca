"""Static site: one folder that opens from disk; no server, no request, nothing from elsewhere.

    index.html page-2.html ...     every image, what is broken first
    gone.html gone-2.html ...      the same of one verdict
    search.js                      what the search of index.html finds
    hosts.html hosts-2.html ...    all hosts, those with most failing images first
    articles.html articles-2.html  all articles, the worst first
    articles/<hash>.html           the entries of one article, by the hash of its path
    articles/<hash>-2.html ...     the rest of them, where there are many
    thumbs/<sha256>.<suffix>       thumbnails, copied from the cache

Beside them lie the stylesheet, the script and the icon. No part of a URL becomes part of a name.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlencode

from imgcache.core.catalog import ArticleState, Facets, HostState, ImageQuery
from imgcache.model import Verdict
from imgcache.render.html import jinja
from imgcache.render.html.articles import article, articles, has_page, pages_of
from imgcache.render.html.cards import CARDS_PER_PAGE, image_card, sharpest
from imgcache.render.html.gallery import gallery
from imgcache.render.html.hosts import PER_PAGE as HOSTS_PER_PAGE
from imgcache.render.html.hosts import hosts
from imgcache.render.html.links import Form, Selection, edit_link
from imgcache.render.html.moments import Moments
from imgcache.render.html.page_views import PER_PAGE, ArticleView, Page
from imgcache.render.html.search_index import SearchIndex
from imgcache.render.html.views import DrawnCard
from imgcache.render.html.words import plain
from imgcache.results import CachedThumbnail, EntryResult, KnownEntry, KnownImage, Overview

_NAME_DIGITS = 16

_INDEX = "index.html"
SEARCH = "search.js"
# Nobody knows when a file is read.
_MOMENTS = Moments()
# Images that are asked for at once.
_AHEAD = 1000


class Site(Protocol):
    """What is published: read from the first entry to the last, so that it need not be in memory.

    The counts of its overview are those of its entries.
    """

    @property
    def overview(self) -> Overview:
        """What every page tells of the whole."""

    def articles(self) -> Iterable[tuple[ArticleState, Sequence[KnownEntry]]]:
        """All articles with their entries as written."""

    def images(self, query: ImageQuery, offset: int, most: int) -> Sequence[KnownImage]:
        """So many images from that number on, the worst first."""

    def facets(self, query: ImageQuery) -> Facets:
        """How many there are."""

    def hosts(self, offset: int, most: int) -> Sequence[HostState]:
        """So many hosts from that number on, those with most failing images first."""

    @property
    def total_hosts(self) -> int:
        """How many hosts there are."""

    def worst_articles(self, offset: int, most: int) -> Sequence[ArticleState]:
        """So many articles from that number on, those with most errors first."""


class FolderLinks:
    """Where the files of the folder are.

    `pictures` are the files in thumbs/ that are there: what could not be copied is not shown.
    `edit_url` is the setting.
    """

    above_articles = "../"
    narrows = False
    has_hosts = True

    def __init__(self, pictures: Collection[str], edit_url: str | None = None) -> None:
        self._pictures = pictures
        self._edit_url = edit_url

    def asset(self, name: str) -> str:
        """The stylesheet, the script or the icon, beside index.html."""
        return name

    def gallery(self, selection: Selection) -> str:
        """A page of everything, or of one verdict; of a host what the script finds in the index."""
        name = _gallery_name(selection)
        if selection.host is None:
            return name
        # In the words of the index (search_index.py).
        found = {} if selection.verdict is None else {"found": plain(selection.verdict)}
        return f"{name}#{urlencode({'host': selection.host, **found}, errors='replace')}"

    def articles(self, page: int) -> str:
        """A page of the list of articles."""
        return _numbered("articles", page)

    def hosts(self, page: int) -> str:
        """A page of the list of hosts."""
        return _numbered("hosts", page)

    def article(self, article: str, page: int = 1) -> str:
        """A page of an article."""
        return article_name(article, page)

    def edit(self, article: str, line: int) -> str | None:
        """Where an article is edited, at this line."""
        return edit_link(self._edit_url, article, line)

    def images_as(self, selection: Selection, form: Form) -> None:
        """Nothing: `verify --offline` says it to programs."""

    def list_as(self, name: str, page: int, form: Form) -> None:
        """Nothing."""

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
@lru_cache(maxsize=16_384)
def _digest(article: str) -> str:
    return hashlib.sha256(article.encode("utf-8", "surrogatepass")).hexdigest()[:_NAME_DIGITS]


def picture_name(thumbnail: CachedThumbnail) -> str:
    """The file of a copied thumbnail, named by the hash of its original."""
    return f"thumbs/{thumbnail.path.rpartition('/')[2]}"


def wanted_pictures(entries: Iterable[EntryResult]) -> dict[str, str]:
    """The thumbnails that the pages show: path in the cache folder by file in this one."""
    shown = (sharpest(entry) for entry in entries)
    return {picture_name(one): one.path for one in shown if one is not None}


def render(
    site: Site, pictures: Collection[str], edit_url: str | None = None
) -> Iterator[tuple[str, str]]:
    """All pages: file and text; index.html comes last, when all that it links to exists."""
    links = FolderLinks(pictures, edit_url)
    yield from _article_pages(site, links)
    yield from _contents(site, links)
    yield from _host_pages(site, links)
    yield from _gallery_pages(site, links)


def _contents(site: Site, links: FolderLinks) -> Iterator[tuple[str, str]]:
    page, pages_there = 0, 1
    while page < pages_there:
        page += 1
        view = articles(site.overview, site.worst_articles, page, links)
        pages_there = view.pager.pages
        yield links.articles(page), jinja.articles(view)


def _host_pages(site: Site, links: FolderLinks) -> Iterator[tuple[str, str]]:
    page, pages_there = 0, 1
    while page < pages_there:
        page += 1
        some = site.hosts((page - 1) * HOSTS_PER_PAGE, HOSTS_PER_PAGE)
        view = hosts(site.overview, some, site.total_hosts, page, links, _MOMENTS)
        pages_there = view.pager.pages
        yield links.hosts(page), jinja.hosts(view)


def _article_pages(site: Site, links: FolderLinks) -> Iterator[tuple[str, str]]:
    for facts, entries in site.articles():
        if has_page(facts):
            for view in _pages(site.overview, facts, entries, links):
                yield article_name(facts.article, view.pager.page), jinja.article(view)


def _pages(
    overview: Overview, facts: ArticleState, entries: Sequence[KnownEntry], links: FolderLinks
) -> Iterator[ArticleView]:
    """All pages of one article."""
    for page in range(1, pages_of(facts) + 1):
        some = entries[(page - 1) * CARDS_PER_PAGE : page * CARDS_PER_PAGE]
        yield article(overview, facts, some, links, _MOMENTS, page)


def _gallery_pages(site: Site, links: FolderLinks) -> Iterator[tuple[str, str]]:
    """All pages of everything and of each verdict, filled while images come, each drawn once."""
    pages, index, first = _Pages(site, links), SearchIndex(), ""
    for image in _images(site):
        card = image_card(image, links, _MOMENTS)
        index.add(card, image.verdicts)
        drawn = jinja.drawn(card)
        for verdict in (*image.verdicts, None):
            for name, text in pages.put(verdict, drawn):
                if name == _INDEX:
                    first = text
                else:
                    yield name, text
    yield SEARCH, index.script
    yield _INDEX, first or pages.drawn(None, [], 1)


def _images(site: Site) -> Iterator[KnownImage]:
    offset = 0
    while some := site.images(ImageQuery(), offset, _AHEAD):
        yield from some
        offset += len(some)


class _Pages:
    """The pages of everything (None) and of each verdict; all are in the order of everything."""

    def __init__(self, site: Site, links: FolderLinks) -> None:
        self._site = site
        self._links = links
        self._facets: dict[Verdict | None, Facets] = {}
        self._begun: dict[Verdict | None, list[DrawnCard]] = {}
        self._ended: Counter[Verdict | None] = Counter()

    def put(self, verdict: Verdict | None, card: DrawnCard) -> Iterator[tuple[str, str]]:
        """Put the next image of a verdict on its page: file and text of that, if it is full."""
        cards = self._begun.setdefault(verdict, [])
        cards.append(card)
        before = self._ended[verdict] * PER_PAGE
        if len(cards) == PER_PAGE or before + len(cards) == self._found(verdict).total:
            self._ended[verdict] += 1
            number = self._ended[verdict]
            del self._begun[verdict]
            name = _gallery_name(Selection(verdict=verdict, page=number))
            yield name, self.drawn(verdict, cards, number)

    def drawn(self, verdict: Verdict | None, cards: Sequence[DrawnCard], number: int) -> str:
        """The text of a page."""
        page = Page(Selection(verdict=verdict, page=number), cards, self._found(verdict))
        return jinja.gallery(gallery(self._site.overview, page, self._links))

    def _found(self, verdict: Verdict | None) -> Facets:
        if verdict not in self._facets:
            self._facets[verdict] = self._site.facets(Selection(verdict=verdict).query)
        return self._facets[verdict]


def _numbered(name: str, page: int) -> str:
    return f"{name}.html" if page == 1 else f"{name}-{page}.html"


def _gallery_name(selection: Selection) -> str:
    if selection.verdict is not None:
        return _numbered(selection.verdict, selection.page)
    return _INDEX if selection.page == 1 else f"page-{selection.page}.html"
