"""JSON routes for what the cache knows: entries, articles, one URL; no request goes out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from imgcache.core import catalog
from imgcache.core.catalog import Catalog, Order
from imgcache.model import Severity, Verdict
from imgcache.render.json import EntryDocument, entry_document, timestamp
from imgcache.results import EntryResult
from imgcache.service.answers import answered
from imgcache.service.documents import (
    ArticlesPage,
    EntriesPage,
    UrlDocument,
    article_document,
    url_document,
)
from imgcache.service.problems import ProblemError, documented
from imgcache.service.routing import get
from imgcache.service.state import CatalogNow

_SHOWN_USERS = 500
HEADERS = {"Cache-Control": "no-cache"}
router = APIRouter(tags=["catalogue"])
ANSWERS: dict[int | str, dict[str, Any]] = {
    304: {"description": "If-None-Match names the catalogue as it still is"},
    **documented(422, 503),
}

PageNumber = Annotated[int, Query(ge=1, le=1_000_000, description="From 1")]
PerPage = Annotated[int, Query(ge=1, le=500)]
Text = Annotated[
    str | None,
    Query(
        max_length=500, description="Each word: part of URL, message, the article's path or title"
    ),
]


@get(router, "/api/entries", response_model=EntriesPage, responses=ANSWERS)
async def entries(  # noqa: PLR0913, PLR0917  each parameter of the query is one here
    request: Request,
    known: CatalogNow,
    verdict: Annotated[list[Verdict] | None, Query(description="One of these")] = None,
    severity: Annotated[list[Severity] | None, Query(description="One of these")] = None,
    host: Annotated[str | None, Query(max_length=300, description="Exactly this host")] = None,
    text: Text = None,
    article: Annotated[str | None, Query(max_length=4096, description="Its path")] = None,
    order: Order = Order.BROKEN_FIRST,
    page: PageNumber = 1,
    per_page: PerPage = 100,
) -> Response:
    """The image entries of all articles, judged by what the cache knows."""
    query = catalog.Query(
        frozenset(verdict or ()), frozenset(severity or ()), host, text, article, order
    )

    def draw(catalog: Catalog) -> Response:
        shown = catalog.select(query, (page - 1) * per_page, per_page)
        page_head = head(catalog, catalog.total(query), page, per_page)
        return answer(request, page_head | {"entries": entry_documents(shown)})

    return await answered(request, known, HEADERS, draw)


@get(router, "/api/articles", response_model=ArticlesPage, responses=ANSWERS)
async def articles(
    request: Request,
    known: CatalogNow,
    text: Text = None,
    page: PageNumber = 1,
    per_page: PerPage = 100,
) -> Response:
    """All articles, those with most errors first."""

    def draw(catalog: Catalog) -> Response:
        shown = catalog.worst_articles((page - 1) * per_page, per_page, text or "")
        page_head = head(catalog, catalog.total_articles(text or ""), page, per_page)
        return answer(request, page_head | {"articles": list(map(article_document, shown))})

    return await answered(request, known, HEADERS, draw)


@get(router, "/api/url", response_model=UrlDocument, responses={**ANSWERS, **documented(404)})
async def url(
    request: Request,
    known: CatalogNow,
    url: Annotated[
        str, Query(min_length=1, max_length=4096, description="As an article spells it")
    ],
) -> Response:
    """What the cache knows of one URL, and which entries name it."""

    def draw(catalog: Catalog) -> Response:
        state = catalog.state(url)
        if state is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "no article names this URL")
        total = catalog.total_users(url)
        shown = entry_documents(catalog.users(url, _SHOWN_USERS))
        return answer(request, url_document(state, catalog.made_at, total, shown))

    return await answered(request, known, HEADERS, draw)


def entry_documents(found: Iterable[EntryResult]) -> list[EntryDocument]:
    """Entries as in the JSON report."""
    return [entry_document(one) for one in found]


def head(catalog: Catalog, total: int, page: int, per_page: int) -> dict[str, Any]:
    """What every page of a list says of the whole."""
    pages = -(-total // per_page)
    return {"as_of": timestamp(catalog.made_at), "total": total, "page": page, "pages": pages}


def answer(request: Request, body: dict[str, Any]) -> Response:
    """A document, with links to its neighbours if it is a page."""
    links = _links(request, body)
    headers = {"Link": links} if links else {}
    return Response(json.dumps(body), headers=headers, media_type="application/json")


def _links(request: Request, body: dict[str, Any]) -> str:
    """The neighbouring pages (RFC 8288), relative to this one."""
    page, pages = body.get("page", 1), body.get("pages", 1)
    neighbours = {"prev": page - 1, "next": page + 1}
    return ", ".join(
        f'<?{request.url.include_query_params(page=number).query}>; rel="{name}"'
        for name, number in neighbours.items()
        if 1 <= number <= pages
    )
