"""Metrics of the service itself: it listens to the engine and to the access middleware."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from imgcache.engine.run.listener import Listener
from imgcache.model import Failure, Source


class ServiceMetrics(Listener):
    """Counts what it is told, and passes it on to `teller`."""

    def __init__(self, listener: Listener) -> None:
        self.registry = CollectorRegistry()
        self._listener = listener
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
        self._listener.served(method, path, status, seconds)

    def warned(self, message: str) -> None:
        """Something the operator should know."""
        self._listener.warned(message)

    def failed(self, message: str) -> None:
        """This machine could not do its part."""
        self._listener.failed(message)

    def attempted(self, url: str, wire_bytes: int) -> None:
        """Bytes came in."""
        self._bytes.inc(wire_bytes)
        self._listener.attempted(url, wire_bytes)

    def concluded(self, url: str, source: Source | None, failure: Failure | None) -> None:
        """One URL was asked for."""
        outcome = str(failure.verdict) if failure is not None else str(source)
        self._fetches.labels(outcome).inc()
        self._listener.concluded(url, source, failure)
