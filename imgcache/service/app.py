"""The HTTP service as an ASGI application (contract: the README's table of routes)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from imgcache.config import Settings
from imgcache.engine.run.listener import Listener
from imgcache.service import problems
from imgcache.service.access import AccessMiddleware
from imgcache.service.metrics import ServiceMetrics
from imgcache.service.routes import entries, health, images, pages, tables, verify
from imgcache.service.routing import NothingGiven
from imgcache.service.state import opened
from imgcache.version import VERSION

_ABOUT = (
    "What imgcache knows of the images that articles declare, the cached bytes, and verdicts on "
    "request. Errors are problem details (RFC 9457)."
)


def create_app(settings: Settings, listener: Listener | None = None) -> FastAPI:
    """The service; what it needs is opened when it starts. `teller` is told of each request."""
    meter = ServiceMetrics(listener or Listener())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, meter) as state:
            app.state.service = state
            yield

    # No documentation pages: they would load scripts from a third party.
    app = FastAPI(
        title="imgcache",
        version=VERSION,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for part in (images, entries, tables, verify, health, pages):
        app.include_router(part.router)
    problems.install(app)
    app.add_middleware(NothingGiven)
    app.add_middleware(AccessMiddleware, settings=settings.serve, meter=meter)
    guarded = settings.serve.token is not None
    app.openapi = lambda: _openapi(app, guarded=guarded)  # type: ignore[method-assign]  # as FastAPI documents it
    return app


def _openapi(app: FastAPI, *, guarded: bool) -> dict[str, Any]:
    """FastAPI's document, corrected.

    Errors have a media type of their own, the access middleware may answer before any route, and
    without a configured token no request needs one.
    """
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        for operation in (one for path in schema["paths"].values() for one in path.values()):
            for status, response in operation["responses"].items():
                if status >= "400":
                    response["content"] = {problems.MEDIA_TYPE: _PROBLEM}
            operation["responses"] |= _BEFORE_ROUTES
            if not guarded:
                operation.pop("security", None)
        if not guarded:
            schema["components"].pop("securitySchemes", None)
        app.openapi_schema = schema
    return app.openapi_schema


_PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
_BEFORE_ROUTES = {
    str(int(status)): {"description": status.phrase, "content": {problems.MEDIA_TYPE: _PROBLEM}}
    for status in (HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
}
