"""Gallery routes: pages for editors, drawn from the catalog; no request goes out for them.

Links are relative, so that the pages also work below a path of a reverse proxy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from functools import cache
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from msgspec.structs import replace

from imgcache.core import catalog as core
from imgcache.core.catalog import Catalog, Order
from imgcache.engine.catalog.watcher import CatalogWatcher
from imgcache.model import Verdict
from imgcache.render.html import jinja
from imgcache.render.html.articles import article, articles, pages_of
from imgcache.render.html.cards import CARDS_PER_PAGE, PLACES, card
from imgcache.render.html.gallery import TROUBLES, gallery
from imgcache.render.html.links import Selection
from imgcache.render.html.paging import Form, Page
from imgcache.render.html.static_site import PER_PAGE
from imgcache.results import CachedThumbnail, EntryResult
from imgcache.service.answers import answered
from imgcache.service.problems import ProblemError
from imgcache.service.routes.entries import PageNumber, Text
from imgcache.service.routing import get
from imgcache.service.state import CatalogNow, ServiceNow

_HEADERS = {
    "Content-Security-Policy": f"{jinja.POLICY}; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_PROPOSED_HOSTS = 50
# Pages for people, not part of the API that /openapi.json describes.
router = APIRouter(include_in_schema=False)


class ServiceLinks:
    """Links between the routes; `names` are the thumbnails that the service hands out."""

    above_articles = ""

    def __init__(self, names: Collection[str]) -> None:
        self._names = names

    def asset(self, name: str) -> str:
        """The stylesheet, the script or the icon; the URL has a hash of its bytes."""
        return f"assets/{_version(name)}/{name}"

    def gallery(self, selection: Selection) -> str:
        """A page of the gallery, whatever it is narrowed to."""
        page = selection.page if selection.page > 1 else None
        asked = {"verdict": selection.verdict, "host": selection.host, "text": selection.text}
        query = urlencode({key: value for key, value in {**asked, "page": page}.items() if value})
        return f"./?{query}" if query else "./"

    def articles(self, page: int) -> str:
        """A page of the list of articles."""
        return f"articles?page={page}" if page > 1 else "articles"

    def article(self, article: str, page: int = 1) -> str:
        """A page of an article."""
        path = f"article?path={quote(article, errors='surrogatepass')}"
        return f"{path}&page={page}" if page > 1 else path

    def thumbnail(self, thumbnail: CachedThumbnail) -> str | None:
        """A thumbnail that is still configured."""
        name, sha256 = thumbnail.name, PurePosixPath(thumbnail.path).stem
        return f"thumbs/{name}/{sha256}" if name in self._names else None

    def original(self, entry: EntryResult) -> str | None:
        """The copy itself."""
        return f"images/{entry.sha256}" if entry.sha256 else None


@get(router, "/")
async def home(
    request: Request,
    known: CatalogNow,
    service: ServiceNow,
    verdict: Annotated[Verdict | None, Query(description="Exactly this one")] = None,
    host: Annotated[str | None, Query(max_length=300, description="Exactly this host")] = None,
    text: Text = None,
    page: PageNumber = 1,
) -> Response:
    """The gallery, for people: what is broken first."""
    links = ServiceLinks(service.settings.thumbnails)
    selection = Selection(verdict, host or None, text or "", page)
    return await _drawn(request, known, lambda catalog: _gallery(catalog, selection, links))


@get(router, "/articles")
async def list_of_articles(
    request: Request, known: CatalogNow, service: ServiceNow, page: PageNumber = 1
) -> Response:
    """All articles, for people: the worst first."""
    links = ServiceLinks(service.settings.thumbnails)

    def draw(catalog: Catalog) -> str:
        return jinja.articles(articles(catalog.overview(0), catalog.worst_articles, page, links))

    return await _drawn(request, known, draw)


@get(router, "/article")
async def article_page(
    request: Request,
    known: CatalogNow,
    service: ServiceNow,
    path: Annotated[str, Query(max_length=4096, description="The article's path in reports")],
    page: PageNumber = 1,
) -> Response:
    """One article, for people: its entries as they stand in it."""
    links = ServiceLinks(service.settings.thumbnails)
    return await _drawn(request, known, lambda catalog: _article(catalog, path, page, links))


@get(router, "/assets/{version}/{name}")
async def asset(version: str, name: str) -> Response:
    """The stylesheet, the script, the icon; of the version that the pages name."""
    if name not in jinja.ASSETS or version != _version(name):
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such file")
    return Response(jinja.asset(name), headers=_FOREVER, media_type=jinja.ASSETS[name])


def _gallery(catalog: Catalog, selection: Selection, links: ServiceLinks) -> str:
    wanted = core.Query(
        frozenset({selection.verdict} if selection.verdict else ()),
        host=selection.host,
        text=selection.text or None,
    )
    total = catalog.total(wanted)
    count = max(1, -(-total // PER_PAGE))
    # Where there is less to show by now, a page beyond the last one is the last one.
    selection = replace(selection, page=min(selection.page, count))
    shown = catalog.known(wanted, (selection.page - 1) * PER_PAGE, PER_PAGE, PLACES)
    cards = [jinja.finding(card(one, links)) for one in shown]
    page, form = Page(selection, cards, total, count), Form("./", _hosts(catalog))
    return jinja.gallery(gallery(catalog.overview(TROUBLES), page, links, form))


def _article(catalog: Catalog, path: str, page: int, links: ServiceLinks) -> str:
    facts = catalog.article(path)
    if facts is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such article")
    page = min(page, pages_of(facts))
    query = core.Query(article=path, order=Order.AS_WRITTEN)
    entries = catalog.known(query, (page - 1) * CARDS_PER_PAGE, CARDS_PER_PAGE, PLACES)
    return jinja.article(article(catalog.overview(0), facts, entries, links, page))


def _hosts(catalog: Catalog) -> list[str]:
    """What the form proposes: the hosts with the most trouble, then the most used ones."""
    named = [*catalog.broken_hosts(_PROPOSED_HOSTS), *catalog.hosts(_PROPOSED_HOSTS)]
    return list(dict.fromkeys(named))


async def _drawn(
    request: Request, known: CatalogWatcher, draw: Callable[[Catalog], str]
) -> Response:
    return await answered(request, known, _HEADERS, lambda catalog: HTMLResponse(draw(catalog)))


@cache
def _version(name: str) -> str:
    return hashlib.sha256(jinja.asset(name)).hexdigest()[:12] if name in jinja.ASSETS else ""
