"""The HTTP service as an ASGI application (contract: the README's table of routes)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from imgcache.config import Settings
from imgcache.engine.events import Silence
from imgcache.surface.service import entries, health, images, pages, problems, verify
from imgcache.surface.service.backstage import opened
from imgcache.surface.service.doors import Doors
from imgcache.surface.service.meter import Meter, Teller
from imgcache.version import VERSION

_ABOUT = (
    "What imgcache knows of the images that articles declare, the cached bytes, and verdicts on "
    "request. Errors are problem details (RFC 9457)."
)


class Unheard(Silence):
    """Tells nobody."""

    def told(self, message: str) -> None:
        """Nothing is told."""

    def served(self, method: str, path: str, status: int, seconds: float) -> None:
        """Nothing is told."""


def create_app(settings: Settings, teller: Teller | None = None) -> FastAPI:
    """The service; what it needs is opened when it starts. `teller` hears of each request."""
    meter = Meter(teller or Unheard())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, meter) as backstage:
            app.state.backstage = backstage
            yield

    # No documentation pages: they would load scripts from a stranger.
    app = FastAPI(
        title="imgcache",
        version=VERSION,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    for part in (images, entries, verify, health, pages):
        app.include_router(part.router)
    problems.install(app)
    app.add_middleware(Doors, settings=settings.serve, meter=meter)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # as FastAPI documents it
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, with the media type that errors really have."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if status >= "400":
                        content = response["content"].pop("application/json")
                        response["content"] = {problems.MEDIA_TYPE: content}
        app.openapi_schema = schema
    return app.openapi_schema
