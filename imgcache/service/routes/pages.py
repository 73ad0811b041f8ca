"""Gallery routes: pages for editors, drawn from the catalog; no request goes out for them.

Links are relative, so that the pages also work below a path of a reverse proxy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core import catalog as core
from imgcache.core.catalog import Catalog, Order
from imgcache.engine.catalog.watcher import CatalogWatcher
from imgcache.render.html import jinja
from imgcache.render.html.articles import article, articles, pages_of
from imgcache.render.html.cards import CARDS_PER_PAGE, PLACES, image_card
from imgcache.render.html.gallery import HINTED, TROUBLES, gallery, kept
from imgcache.render.html.hosts import PER_PAGE as HOSTS_PER_PAGE
from imgcache.render.html.hosts import hosts
from imgcache.render.html.hosts import pages_of as pages_of_hosts
from imgcache.render.html.links import Form, Look, Selection, edit_link
from imgcache.render.html.moments import Moments
from imgcache.render.html.page_views import PER_PAGE, Page
from imgcache.render.html.page_views import pages_of as pages_of_images
from imgcache.results import CachedThumbnail, EntryResult
from imgcache.service import error_pages
from imgcache.service.answers import answered
from imgcache.service.problems import ProblemError
from imgcache.service.routes.entries import PageNumber
from imgcache.service.routes.selections import Filters
from imgcache.service.routing import get
from imgcache.service.state import CatalogNow, ServiceNow

_HEADERS = {"Cache-Control": "no-cache"}
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
# Pages tell how long ago something was: they are drawn anew so often, in seconds.
_OLD = 600
_SUFFIXES = {Form.JSON: "", Form.CSV: ".csv"}
# Pages for people, not part of the API that /openapi.json describes.
router = APIRouter(include_in_schema=False)


class ServiceLinks:
    """Links between the routes, as `settings` have them."""

    above_articles = ""
    narrows = True
    has_hosts = True

    def __init__(self, settings: Settings) -> None:
        self._names = settings.thumbnails
        self._edit_url = settings.serve.edit_url

    def asset(self, name: str) -> str:
        """The stylesheet, the script or the icon; the URL has a hash of its bytes."""
        return jinja.versioned(name)

    def gallery(self, selection: Selection) -> str:
        """A page of the gallery, whatever it is narrowed to."""
        query = urlencode(list(kept(selection)), errors="replace")
        return f"./?{query}" if query else "./"

    def images_as(self, selection: Selection, form: Form) -> str:
        """What a page of the gallery shows, for programs."""
        query = urlencode(list(kept(replace(selection, look=Look.LIST))), errors="replace")
        return f"api/images{_SUFFIXES[form]}?per_page={PER_PAGE}{query and '&'}{query}"

    def list_as(self, name: str, page: int, form: Form) -> str:
        """The same of a page of a list."""
        return f"api/{name}{_SUFFIXES[form]}" + (f"?page={page}" if page > 1 else "")

    def hosts(self, page: int) -> str:
        """A page of the list of hosts."""
        return f"hosts?page={page}" if page > 1 else "hosts"

    def edit(self, article: str, line: int) -> str | None:
        """Where an article is edited, at this line."""
        return edit_link(self._edit_url, article, line)

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
    filters: Filters,
    view: Annotated[Look, Query(description="A list, or cards")] = Look.LIST,
    page: PageNumber = 1,
) -> Response:
    """The gallery, for people: what is broken first."""
    links = ServiceLinks(service.settings)
    selection = replace(filters, look=view, page=page)
    return await _drawn(request, known, lambda catalog: _gallery(catalog, selection, links))


@get(router, "/articles")
async def list_of_articles(
    request: Request, known: CatalogNow, service: ServiceNow, page: PageNumber = 1
) -> Response:
    """All articles, for people: the worst first."""
    links = ServiceLinks(service.settings)

    def draw(catalog: Catalog) -> str:
        return jinja.articles(articles(catalog.overview(0), catalog.worst_articles, page, links))

    return await _drawn(request, known, draw)


@get(router, "/hosts")
async def list_of_hosts(
    request: Request, known: CatalogNow, service: ServiceNow, page: PageNumber = 1
) -> Response:
    """All hosts, for people: those with most failing images first."""
    links = ServiceLinks(service.settings)
    return await _drawn(request, known, lambda catalog: _hosts(catalog, page, links))


@get(router, "/article")
async def article_page(
    request: Request,
    known: CatalogNow,
    service: ServiceNow,
    path: Annotated[str, Query(max_length=4096, description="The article's path in reports")],
    page: PageNumber = 1,
) -> Response:
    """One article, for people: its entries as they stand in it."""
    links = ServiceLinks(service.settings)
    return await _drawn(request, known, lambda catalog: _article(catalog, path, page, links))


@get(router, "/assets/{version}/{name}")
async def asset(version: str, name: str) -> Response:
    """The stylesheet, the script, the icon; of the version that the pages name."""
    if name not in jinja.ASSETS or version != jinja.version(name):
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such file")
    return Response(jinja.asset(name), headers=_FOREVER, media_type=jinja.ASSETS[name])


def _gallery(catalog: Catalog, selection: Selection, links: ServiceLinks) -> str:
    found, moments = catalog.facets(selection.query), Moments(time.time())
    # Where there is less to show by now, a page beyond the last one is the last one.
    selection = replace(selection, page=min(selection.page, pages_of_images(found.total)))
    start = (selection.page - 1) * PER_PAGE
    shown = catalog.images(selection.query, start, PER_PAGE, PLACES)
    cards = [jinja.drawn(image_card(one, links, moments), selection.look) for one in shown]
    page, overview = Page(selection, cards, found), catalog.overview(TROUBLES)
    failing = () if selection.is_narrowed else catalog.host_states(0, HINTED)
    return jinja.gallery(gallery(overview, page, links, failing, "./"))


def _hosts(catalog: Catalog, page: int, links: ServiceLinks) -> str:
    total = catalog.total_hosts()
    page = min(page, pages_of_hosts(total))
    found = catalog.host_states((page - 1) * HOSTS_PER_PAGE, HOSTS_PER_PAGE)
    overview = catalog.overview(0)
    return jinja.hosts(hosts(overview, found, total, page, links, Moments(time.time())))


def _article(catalog: Catalog, path: str, page: int, links: ServiceLinks) -> str:
    facts = catalog.article(path)
    if facts is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "there is no such article")
    page = min(page, pages_of(facts))
    query = core.Query(article=path, order=Order.AS_WRITTEN)
    entries = catalog.known(query, (page - 1) * CARDS_PER_PAGE, CARDS_PER_PAGE, PLACES)
    moments = Moments(time.time())
    return jinja.article(article(catalog.overview(0), facts, entries, links, moments, page))


async def _drawn(
    request: Request, known: CatalogWatcher, draw: Callable[[Catalog], str]
) -> Response:
    def response(catalog: Catalog) -> Response:
        return HTMLResponse(draw(catalog))

    age = f".{int(time.time()) // _OLD}"
    headers = _HEADERS | error_pages.headers(request.app.state.service.pictures)
    return await answered(request, known, headers, response, age)
