"""Health routes (alive, ready), and metrics of the service itself and of the cache."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from imgcache.core.catalog import Catalog
from imgcache.render import metrics
from imgcache.render.metrics import State
from imgcache.service.answers import in_moment
from imgcache.service.problems import documented
from imgcache.service.routing import get
from imgcache.service.state import CatalogNow, ServiceNow

router = APIRouter(tags=["operation"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Ready(BaseModel):
    """The catalogue is there."""

    status: Literal["ready"] = "ready"


@get(router, "/healthz")
async def healthz() -> Alive:
    """Alive: the process answers."""
    return Alive()


@get(router, "/readyz", responses=documented(503))
async def readyz(known: CatalogNow) -> Ready:  # noqa: ARG001  its absence is the answer
    """Ready: the cache was looked through, so every other route answers."""
    return Ready()


@get(
    router,
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Metrics", "content": {"text/plain": {}}}},
)
async def exposition(service: ServiceNow) -> Response:
    """The metrics, in the text format of Prometheus."""
    text = metrics.render(service.meter.registry)
    if service.watcher.edition is not None:
        text += await in_moment(service.watcher, _state_of)
    return Response(text, media_type=metrics.MEDIA_TYPE)


def _state_of(catalog: Catalog) -> str:
    registry = CollectorRegistry()
    overview, failed = catalog.overview(0), len(catalog.failed_articles())
    metrics.add_state(
        registry, State(overview.verdicts, overview.articles, failed, catalog.cache_bytes)
    )
    meaning = "When a URL last answered with a sound image"
    metrics.add_gauge(
        registry, "imgcache_last_answer_timestamp_seconds", meaning, catalog.last_answer
    )
    meaning = "When the catalogue was made that answers are read from"
    metrics.add_gauge(registry, "imgcache_catalogue_timestamp_seconds", meaning, catalog.made_at)
    return metrics.render(registry)
