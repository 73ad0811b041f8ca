"""Routes for what the gallery's pages show, as JSON and CSV; no request goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from imgcache.core.catalog import Catalog
from imgcache.render.html.cards import PLACES
from imgcache.service import tables
from imgcache.service.answers import answered
from imgcache.service.documents import (
    HostsPage,
    ImagesPage,
    host_document,
    image_document,
)
from imgcache.service.routes.entries import (
    ANSWERS,
    HEADERS,
    PageNumber,
    PerPage,
    Text,
    answer,
    head,
)
from imgcache.service.routes.selections import Filters
from imgcache.service.routing import get
from imgcache.service.state import CatalogNow

router = APIRouter(tags=["catalogue"])
_CSV: dict[int | str, dict[str, Any]] = {
    **ANSWERS,
    200: {"content": {"text/csv": {}}, "description": "A table"},
}


@get(router, "/api/images", response_model=ImagesPage, responses=ANSWERS)
async def images(
    request: Request,
    known: CatalogNow,
    filters: Filters,
    page: PageNumber = 1,
    per_page: PerPage = 100,
) -> Response:
    """The images that articles name, each once, with the worst of its entries."""

    def draw(catalog: Catalog) -> Response:
        shown = catalog.images(filters.query, (page - 1) * per_page, per_page, PLACES)
        body = head(catalog, catalog.facets(filters.query).total, page, per_page)
        return answer(request, body | {"images": list(map(image_document, shown))})

    return await answered(request, known, HEADERS, draw)


@get(router, "/api/images.csv", response_class=Response, responses=_CSV)
async def images_as_csv(
    request: Request,
    known: CatalogNow,
    filters: Filters,
    page: PageNumber = 1,
    per_page: PerPage = 500,
) -> Response:
    """The same as a table."""

    def table(catalog: Catalog) -> str:
        start = (page - 1) * per_page
        return tables.images(catalog.images(filters.query, start, per_page, PLACES))

    return await _as_csv(request, known, "images", table)


@get(router, "/api/articles.csv", response_class=Response, responses=_CSV)
async def articles_as_csv(
    request: Request,
    known: CatalogNow,
    text: Text = None,
    page: PageNumber = 1,
    per_page: PerPage = 100,
) -> Response:
    """Articles as a table, those with most errors first."""

    def table(catalog: Catalog) -> str:
        start = (page - 1) * per_page
        return tables.articles(catalog.worst_articles(start, per_page, text or ""))

    return await _as_csv(request, known, "articles", table)


@get(router, "/api/hosts", response_model=HostsPage, responses=ANSWERS)
async def hosts(
    request: Request, known: CatalogNow, page: PageNumber = 1, per_page: PerPage = 100
) -> Response:
    """Hosts, those with most failing images first."""

    def draw(catalog: Catalog) -> Response:
        shown = catalog.host_states((page - 1) * per_page, per_page)
        body = head(catalog, catalog.total_hosts(), page, per_page)
        return answer(request, body | {"hosts": list(map(host_document, shown))})

    return await answered(request, known, HEADERS, draw)


@get(router, "/api/hosts.csv", response_class=Response, responses=_CSV)
async def hosts_as_csv(
    request: Request, known: CatalogNow, page: PageNumber = 1, per_page: PerPage = 100
) -> Response:
    """The same as a table."""

    def table(catalog: Catalog) -> str:
        return tables.hosts(catalog.host_states((page - 1) * per_page, per_page))

    return await _as_csv(request, known, "hosts", table)


async def _as_csv(
    request: Request, known: CatalogNow, name: str, table: Callable[[Catalog], str]
) -> Response:
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}.csv"'}

    def draw(catalog: Catalog) -> Response:
        return Response(table(catalog), media_type="text/csv; charset=utf-8; header=present")

    return await answered(request, known, headers, draw)
