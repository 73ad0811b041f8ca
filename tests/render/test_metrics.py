"""Metrics: what a refresh leaves for node_exporter, read back by Prometheus' own parser."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from imgcache.model import ShardCounts, Verdict
from imgcache.render import metrics
from tests.render.sample import troubled

LAST = "imgcache_refresh_last_success_timestamp_seconds"


def samples(text: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(text)
    return {(one.name, *one.labels.values()): one.value for f in families for one in f.samples}


def test_a_refresh_is_told_in_numbers() -> None:
    run = troubled()
    found = samples(metrics.of_refresh(run, 12345, success=True, before=""))
    for verdict in Verdict:
        assert found["imgcache_entries", verdict] == run.summary.verdicts[verdict]
    for outcome in ("downloaded", "revalidated", "fresh", "failed"):
        assert found["imgcache_refresh_urls", outcome] == getattr(run.summary, outcome)
    assert found[("imgcache_cache_bytes",)] == 12345
    assert found[("imgcache_refresh_body_bytes",)] == run.summary.bytes
    assert found[("imgcache_refresh_requests",)] == run.summary.requests
    assert found[("imgcache_refresh_duration_seconds",)] == run.seconds
    ended = found[("imgcache_refresh_end_timestamp_seconds",)]
    assert ended == pytest.approx(run.started + run.seconds)
    assert found[(LAST,)] == ended


@pytest.mark.parametrize("dry_run", [True, False])
def test_articles_that_were_not_written_are_not_counted(*, dry_run: bool) -> None:
    run = troubled()
    run.dry_run, run.summary.articles_changed = dry_run, 1
    found = samples(metrics.of_refresh(run, None, success=True, before=""))
    assert found[("imgcache_refresh_articles_changed",)] == (not dry_run)


def test_shards_are_told_of_a_refresh_on_several_workers() -> None:
    shards = ShardCounts()
    for seconds, lost in ((2.0, False), (5.0, True), (1.5, False)):
        shards.count(seconds, lost=lost)
    found = samples(metrics.of_refresh(troubled(), None, shards, success=True, before=""))
    assert found["imgcache_refresh_shards", "done"] == 2
    assert found["imgcache_refresh_shards", "lost"] == 1
    assert found["imgcache_refresh_shard_seconds", "sum"] == 8.5
    assert found["imgcache_refresh_shard_seconds", "longest"] == 5


def test_a_refresh_without_success_leaves_the_time_of_the_last_one_that_had_it() -> None:
    run = troubled()
    first = metrics.of_refresh(run, None, success=True, before="")
    second = metrics.of_refresh(run, None, success=False, before=first)
    assert samples(second)[(LAST,)] == samples(first)[(LAST,)]
    assert ("imgcache_cache_bytes",) not in samples(second)


@pytest.mark.parametrize("before", ["", "no metrics {", "\0", 'a{b="c', "imgcache_x 1\n"])
def test_what_is_no_earlier_file_is_none(before: str) -> None:
    found = samples(metrics.of_refresh(troubled(), None, success=False, before=before))
    assert (LAST,) not in found
