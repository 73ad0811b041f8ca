"""The pace of a host that refuses requests and names no time to wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import FetchSettings
from imgcache.core.http.pacing import FREE_REFUSALS, MOST_WITHOUT_ANSWER, Pace


def answering(**fetch: float) -> Pace:
    """A pace that knows that its host answers."""
    pace = Pace(FetchSettings.model_validate(fetch))
    pace.let_through(0.0)
    return pace


def test_a_host_that_refuses_nothing_is_never_held_up() -> None:
    pace = Pace(FetchSettings(per_host=6))
    for moment in range(100):
        pace.sent(moment)
        pace.let_through(moment)
        assert (pace.places, pace.gap, pace.wait(moment)) == (6, 0.0, 0.0)


def test_first_fewer_at_once_and_only_then_a_gap() -> None:
    pace, seen, now = answering(per_host=6), [], 1.0
    for _ in range(4):
        pace.refused(now, now, 0)
        seen.append((pace.places, pace.gap > 0))
        now += 1
        pace.let_through(now)
    assert seen == [(3, False), (1, False), (1, True), (1, True)]


def test_silences_double_until_something_is_let_through() -> None:
    pace, now, silences = answering(backoff=0.4), 1.0, []
    for _ in range(5):
        pace.refused(now, now, 0)
        silences.append(round(pace.wait(now), 6))
        now += pace.wait(now)
    assert silences == [0.1, 0.2, 0.4, 0.8, 1.6]
    pace.let_through(now)
    pace.refused(now, now, 0)
    assert pace.wait(now) < 0.4


def test_requests_that_were_under_way_together_slow_down_once() -> None:
    pace = answering(per_host=6)
    for _ in range(5):
        pace.refused(1.1, 1.0, 0)
    assert pace.places == 3


def test_what_is_let_through_takes_it_all_back() -> None:
    pace, now = answering(per_host=6), 1.0
    for _ in range(9):
        pace.refused(now, now, 0)
        now += 5
        pace.let_through(now)
    assert (pace.places, pace.gap > 0.1) == (1, True)
    for _ in range(300):
        pace.let_through(now)
    assert (pace.places, pace.gap) == (6, 0.0)


def test_a_url_is_refused_a_few_times_without_losing_a_try() -> None:
    pace = answering()
    free = [pace.refused(1.0, 1.0, before) for before in range(FREE_REFUSALS + 2)]
    assert free == [True] * FREE_REFUSALS + [False] * 2


def test_a_refusal_amid_answers_is_the_urls_own_and_slows_nobody_down() -> None:
    pace = answering()
    for _ in range(20):
        pace.let_through(1.0)
    assert pace.refused(1.0, 1.0, 0) is False
    assert (pace.places, pace.wait(1.0)) == (6, 0.0)


def test_a_second_refusal_after_a_long_silence_is_the_urls_own() -> None:
    pace = answering(backoff=0.5)
    assert pace.refused(1.0, 1.0, 0) is True
    assert pace.refused(9.0, 9.0, 1) is False
    assert pace.wait(9.0) == 0.0


def test_a_host_that_lets_nothing_through_costs_its_urls_their_tries_and_is_given_up() -> None:
    pace, hopeless = Pace(FetchSettings()), []
    for moment in range(MOST_WITHOUT_ANSWER):
        assert pace.refused(moment, moment, 0) is False
        hopeless.append(pace.hopeless)
    assert hopeless == [False] * (MOST_WITHOUT_ANSWER - 1) + [True]


def test_a_host_that_did_let_something_through_is_waited_for_as_long_as_a_retry_after() -> None:
    pace, now = answering(retry_after_cap=60), 0.0
    while not pace.hopeless:
        pace.refused(now, now, 0)
        now += pace.wait(now)
    assert 60 <= now <= 150
    pace.let_through(now)
    assert not pace.hopeless


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 100), st.floats(0, 3), st.integers(0, 9))),
    st.floats(0, 5),
    st.floats(0, 100),
)
def test_whatever_a_host_does_no_wait_is_longer_than_the_cap(
    answers: list[tuple[bool, float, float, int]], backoff: float, cap: float
) -> None:
    pace, now = Pace(FetchSettings(backoff=backoff, retry_after_cap=cap)), 0.0
    for served, passed, latency, before in answers:
        pace.sent(now)
        now += passed
        if served:
            pace.let_through(now - latency)
        else:
            pace.refused(now, now - latency, before)
        assert 1 <= pace.places <= 6
        assert 0 <= pace.gap <= cap
        assert pace.wait(now) <= cap + 1e-9  # rounding
