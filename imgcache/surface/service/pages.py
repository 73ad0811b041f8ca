"""The pages for people."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from imgcache.engine.catalogue import Query
from imgcache.surface.service.backstage import CatalogueNow
from imgcache.surface.service.routing import get

_SHOWN = 500
router = APIRouter(include_in_schema=False)


@get(router, "/")
async def gallery(known: CatalogueNow) -> PlainTextResponse:
    """What is broken first."""
    found = known.select(Query())[:_SHOWN]
    lines = (f"{one.article}:{one.line} {one.verdict} {one.url}\n" for one in found)
    return PlainTextResponse("".join(lines))
