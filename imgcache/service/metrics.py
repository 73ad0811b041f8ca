"""What the service counts of itself: it listens to the engine and to the door."""

from __future__ import annotations

from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram

from imgcache.engine.run.listener import Listener
from imgcache.model import Failure, Source


class ServiceListener(Listener, Protocol):
    """A listener that is also told of what a service does."""

    def told(self, message: str) -> None:
        """Something that is well."""

    def served(self, method: str, path: str, status: int, seconds: float) -> None:
        """One request was answered; `path` is without the query."""


class ServiceMetrics:
    """Counts, and passes on what it hears to `teller`."""

    def __init__(self, teller: ServiceListener) -> None:
        self.registry = CollectorRegistry()
        self._teller = teller
        self._requests = Counter(
            "imgcache_http_requests",
            "Requests answered, by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "imgcache_http_request_duration_seconds",
            "Time from a request's head to the end of its answer.",
            ("route",),
            registry=self.registry,
        )
        self._fetches = Counter(
            "imgcache_fetches",
            "URLs asked for by POST /api/verify, by how that ended.",
            ("outcome",),
            registry=self.registry,
        )
        self._bytes = Counter(
            "imgcache_fetched_bytes",
            "Bytes of bodies that came for POST /api/verify.",
            registry=self.registry,
        )

    def answered(self, method: str, route: str, path: str, status: int, seconds: float) -> None:
        """One request was answered; `route` is the template that its path fits."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        self._teller.served(method, path, status, seconds)

    def warned(self, message: str) -> None:
        """Something the operator should know."""
        self._teller.warned(message)

    def failed(self, message: str) -> None:
        """This machine could not do its part."""
        self._teller.failed(message)

    def planned(self, articles: int, urls: int, jobs: int) -> None:
        """A question was read."""

    def attempted(self, url: str, wire_bytes: int) -> None:
        """Bytes came in."""
        self._bytes.inc(wire_bytes)
        self._teller.attempted(url, wire_bytes)

    def concluded(self, url: str, source: Source | None, failure: Failure | None) -> None:
        """One URL was asked for."""
        outcome = str(failure.verdict) if failure is not None else str(source)
        self._fetches.labels(outcome).inc()
        self._teller.concluded(url, source, failure)

    def judged(self, articles: int) -> None:
        """Nothing is counted."""
