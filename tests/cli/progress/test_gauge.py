from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.cli.progress.gauge import Gauge, duration, forecast
from imgcache.engine.run.listener import Lane


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Hosts:
    """Hosts that answer so many URLs a second, each at its own pace."""

    def __init__(self, clock: Clock, **hosts: tuple[int, float]) -> None:
        self._clock, self._began, self._hosts = clock, clock(), hosts
        self.given_up: set[str] = set()

    def __call__(self) -> list[Lane]:
        elapsed = self._clock() - self._began
        left = {host: max(0, round(n - pace * elapsed)) for host, (n, pace) in self._hosts.items()}
        return [
            Lane(f"{host}.test", number, is_asked=host not in self.given_up)
            for host, number in left.items()
            if number
        ]


@pytest.fixture
def clock() -> Clock:
    return Clock()


def running(clock: Clock, hosts: Hosts, jobs: int, seconds: int) -> Gauge:
    """A gauge after so many seconds of looking each second."""
    gauge = Gauge(clock)
    gauge.reading(256, 300)
    gauge.planned(50, jobs)
    gauge.fetching(hosts)
    gauge.look()
    done = 0
    for _ in range(seconds):
        clock.now += 1
        ready = jobs - sum(one.left for one in hosts())
        for _ in range(ready - done):
            gauge.attempted(1000)
            gauge.concluded(failed=False)
        done = ready
        gauge.look()
    return gauge


def test_the_slowest_host_decides_how_long_it_takes(clock: Clock) -> None:
    gauge = running(clock, Hosts(clock, fast=(900, 30.0), slow=(100, 1.0)), 1000, 10)
    images, *hosts, articles = gauge.lines(100)
    assert (
        images
        == "images   ######.............. 310/1000, 31.0/s, 1:30 left, 0 failed, 310 kB (31 kB/s)"
    )
    assert hosts == [
        "         slow.test: 90 at 1.0/s, 1:30",
        "         fast.test: 600 at 30.0/s, 0:20",
    ]
    assert articles == "articles .................... 0/50"
    assert gauge.sentence() == (
        "310 of 1,000 images, 31.0/s, 0 failed, 310 kB (31 kB/s), 1:30 left "
        "(slow.test: 90 at 1.0/s)"
    )


def test_time_goes_on_where_nothing_is_heard(clock: Clock) -> None:
    gauge = running(clock, Hosts(clock, slow=(100, 1.0)), 100, 10)
    assert "1:30 left" in gauge.lines(100)[0]
    clock.now += 40
    assert "0:50 left" in gauge.lines(100)[0]
    clock.now += 400
    assert "0:00 left" in gauge.lines(100)[0]


def test_the_pace_is_that_of_the_last_half_minute(clock: Clock) -> None:
    began = clock.now

    def lanes() -> list[Lane]:
        elapsed = clock.now - began
        done = 10 * elapsed if elapsed < 60 else 600 + (elapsed - 60)
        return [Lane("a.test", round(1000 - done))]

    gauge = Gauge(clock)
    gauge.planned(1, 1000)
    gauge.fetching(lanes)
    for _ in range(120):
        gauge.look()
        clock.now += 1
    gauge.look()
    assert "5:40 left (a.test: 340 at 1.0/s)" in (gauge.sentence() or "")


def test_a_host_that_is_given_up_takes_no_time(clock: Clock) -> None:
    hosts = Hosts(clock, dead=(300, 0.1), alive=(100, 2.0))
    hosts.given_up.add("dead")
    gauge = running(clock, hosts, 400, 10)
    assert "0:40 left (alive.test" in (gauge.sentence() or "")


def test_hosts_that_wait_for_their_turn_are_in_the_pace_of_all() -> None:
    lanes = [Lane(f"{number}.test", 10) for number in range(20)]
    before = {one.host: 10 for one in lanes} | {"0.test": 20, "ended.test": 10}
    found = forecast(110.0, lanes, 100.0, before)
    assert found.ends_at is not None
    assert found.ends_at == 110.0 + 200 / (10 / 10)


def test_a_pause_is_a_part_of_the_time() -> None:
    lanes = [Lane("a.test", 10, wait=30.0)]
    found = forecast(110.0, lanes, 100.0, {"a.test": 20})
    assert found.ends_at == 110.0 + 30 + 10


def test_before_anything_is_done_nothing_is_foretold(clock: Clock) -> None:
    gauge = running(clock, Hosts(clock, slow=(100, 0.0)), 100, 10)
    assert "left" not in gauge.lines(100)[0]
    assert gauge.sentence() == "0 of 100 images, 0 failed, 0 B"


def test_both_passes_over_the_articles_move(clock: Clock) -> None:
    gauge = Gauge(clock)
    assert gauge.lines(100) == []
    assert gauge.sentence() is None
    gauge.reading(512, 1024)
    assert gauge.lines(100) == ["reading  ##########.......... 512/1024"]
    assert gauge.sentence() == "512 of 1,024 files read"
    gauge.planned(1000, 0)
    gauge.judged(200, 3)
    assert gauge.lines(100) == ["articles ####................ 200/1000, 3 changed"]
    assert gauge.sentence() == "200 of 1,000 articles judged, 3 changed"
    gauge.judged(824, 0)
    assert "1000/1000" in gauge.lines(100)[0]


def test_what_does_not_fit_is_left_out_and_the_count_stays(clock: Clock) -> None:
    gauge = running(clock, Hosts(clock, fast=(900, 30.0), slow=(100, 1.0)), 1000, 10)
    assert gauge.lines(40)[0] == "images   310/1000, 31.0/s, 1:30 left"
    assert gauge.lines(24)[0] == "images   310/1000"


@given(width=st.integers(min_value=1, max_value=200), host=st.text("ab-", min_size=1, max_size=90))
def test_no_line_is_as_wide_as_the_terminal(width: int, host: str) -> None:
    clock = Clock()
    hosts = Hosts(clock, **{host: (900, 2.0), "b": (100, 1.0)})
    gauge = running(clock, hosts, 1000, 3)
    assert all(len(line) < max(2, width) for line in gauge.lines(width))


def test_times_are_read_as_on_a_clock() -> None:
    assert [duration(one) for one in (0, 59.6, 61, 3605)] == ["0:00", "1:00", "1:01", "1:00:05"]
