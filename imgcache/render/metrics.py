"""Metrics in Prometheus' text format: of a refresh for node_exporter, of the cache for a service.

prometheus_client is imported where it is used, so that no other command waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from imgcache.model import Breach, ShardCounts, Verdict
from imgcache.results import Findings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

# The format that `render` writes; scrapers read it whatever their version.
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LAST_SUCCESS = "imgcache_refresh_last_success_timestamp_seconds"


class State(Struct, frozen=True):
    """Current state: entries by verdict, articles, and the cache's size; None: not known."""

    verdicts: Mapping[Verdict, int]
    articles: int
    articles_failed: int
    cache_bytes: int | None = None


def of_refresh(
    findings: Findings,
    cache_bytes: int | None,
    shards: ShardCounts | None = None,
    *,
    success: bool,
    before: str,
) -> str:
    """The metrics of a refresh that has just ended; `before` are those of the one before it.

    A refresh that was no `success` leaves the time of the last one that was. `shards`: of one on
    several workers.
    """
    from prometheus_client import CollectorRegistry  # noqa: PLC0415  see the module's docstring

    registry, summary = CollectorRegistry(), findings.summary
    failed = summary.articles_failed
    add_state(registry, State(summary.verdicts, summary.articles, failed, cache_bytes))
    outcomes = {
        "downloaded": summary.downloaded,
        "revalidated": summary.revalidated,
        "fresh": summary.fresh,
        "failed": summary.failed,
    }
    breaches = {str(breach): summary.rules.get(breach, 0) for breach in Breach}
    rules = "Breaches of the site's rules in the last refresh"
    _labelled(registry, "refresh_broken_rules", rules, breaches, label="breach")
    _labelled(registry, "refresh_urls", "URLs of the last refresh, by how they fared", outcomes)
    ended = findings.started + findings.seconds
    gauges = {
        "refresh_requests": ("Requests of the last refresh", summary.requests),
        "refresh_body_bytes": ("Bytes of bodies that the last refresh received", summary.bytes),
        "refresh_articles_changed": (
            "Articles that the last refresh changed",
            0 if findings.dry_run else summary.articles_changed,
        ),
        "refresh_duration_seconds": ("How long the last refresh took", findings.seconds),
        "refresh_end_timestamp_seconds": ("When the last refresh ended", ended),
    }
    for name, (meaning, value) in gauges.items():
        add_gauge(registry, f"imgcache_{name}", meaning, value)
    if shards is not None:
        _add_shards(registry, shards)
    last = ended if success else _last_success(before)
    if last is not None:
        meaning = (
            "When a refresh last ended that was not cut short and had no fault of this machine"
        )
        add_gauge(registry, _LAST_SUCCESS, meaning, last)
    return render(registry)


def _add_shards(registry: CollectorRegistry, shards: ShardCounts) -> None:
    counts = {"done": shards.done, "lost": shards.lost}
    _labelled(registry, "refresh_shards", "Shards of the last refresh, by how they ended", counts)
    seconds = {"sum": shards.seconds, "longest": shards.longest}
    meaning = "How long the shards of the last refresh took"
    _labelled(registry, "refresh_shard_seconds", meaning, seconds, label="of")


def add_state(registry: CollectorRegistry, state: State) -> None:
    """Add the current state to a registry."""
    verdicts = {str(verdict): state.verdicts.get(verdict, 0) for verdict in Verdict}
    _labelled(registry, "entries", "Image entries, by verdict", verdicts, label="verdict")
    add_gauge(registry, "imgcache_articles", "Articles read", state.articles)
    broken = "Articles that could not be read or edited"
    add_gauge(registry, "imgcache_articles_failed", broken, state.articles_failed)
    if state.cache_bytes is not None:
        size = "Bytes of all images and thumbnails in the cache"
        add_gauge(registry, "imgcache_cache_bytes", size, state.cache_bytes)


def add_gauge(registry: CollectorRegistry, name: str, meaning: str, value: float) -> None:
    """Add one value; `meaning` is a clause without its full stop."""
    from prometheus_client import Gauge  # noqa: PLC0415

    Gauge(name, f"{meaning}.", registry=registry).set(value)


def render(registry: CollectorRegistry) -> str:
    """The metrics of a registry, as text."""
    from prometheus_client import generate_latest  # noqa: PLC0415

    return generate_latest(registry).decode()


def _labelled(
    registry: CollectorRegistry,
    name: str,
    meaning: str,
    values: Mapping[str, float],
    *,
    label: str = "outcome",
) -> None:
    from prometheus_client import Gauge  # noqa: PLC0415

    gauge = Gauge(f"imgcache_{name}", f"{meaning}.", (label,), registry=registry)
    for key, value in values.items():
        gauge.labels(key).set(value)


def _last_success(before: str) -> float | None:
    """The time of the last success in an earlier file; None where it is no such file."""
    from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415

    try:
        families = list(text_string_to_metric_families(before))
    except ValueError:
        return None
    samples = (sample for family in families for sample in family.samples)
    return next((sample.value for sample in samples if sample.name == _LAST_SUCCESS), None)
