"""The simulation of a large run agrees with what can be reckoned by hand."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.simulation import PER_HOST, simulate, sizes


def test_the_largest_host_has_its_share() -> None:
    hosts = sizes(100_000, 500)
    assert hosts.sum() == pytest.approx(100_000, rel=0.01)
    assert hosts[0] / hosts.sum() == pytest.approx(0.08, rel=0.01)


def test_one_host_takes_what_its_own_rate_demands_however_many_workers() -> None:
    run = simulate(np.array([12_000.0]), workers=8, rate=150, latency=0.3)
    assert run.seconds == pytest.approx(12_000 / PER_HOST * 0.3, rel=0.01)
    assert run.largest == pytest.approx(run.seconds, rel=0.01)


@pytest.mark.parametrize("workers", [1, 4])
def test_small_hosts_keep_all_workers_busy(workers: int) -> None:
    run = simulate(np.full(20_000, 10.0), workers, rate=100, latency=0.1)
    assert run.seconds == pytest.approx(200_000 / workers / 100, rel=0.15)
    assert run.busy > 0.85


def test_a_large_host_holds_up_no_other_where_workers_have_time_for_it() -> None:
    hosts = np.array([2_000.0, *[10.0] * 1_000])
    run = simulate(hosts, workers=4, rate=200, latency=0.3)
    assert run.seconds == pytest.approx(2_000 / PER_HOST * 0.3, rel=0.1)
