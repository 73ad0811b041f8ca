"""States of URLs are as what a run found out of each of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.http.url import WebUrl
from imgcache.engine.refresh.states import States, UrlEnding
from imgcache.engine.run.targets import Target
from imgcache.model import Failure, Source, Verdict

FAILURES = st.sampled_from(
    [None, Failure(Verdict.LOCAL_ERROR, "disk"), Failure(Verdict.TIMEOUT, "late")]
)
SOURCES = st.sampled_from([None, *Source])
NEWEST = 40


@st.composite
def targets(draw: st.DrawFn) -> Target:
    number = draw(st.integers(1, NEWEST))
    url = WebUrl(f"http://a.test/{number}", "http", "a.test", 80)
    return Target(
        url,
        id=number,
        source=draw(SOURCES),
        failure=draw(FAILURES),
        held=draw(st.booleans()),
        failed=draw(st.booleans()),
    )


@given(st.lists(targets()))
def test_the_last_state_of_each_url_is_kept(noted: list[Target]) -> None:
    states = States(NEWEST)
    for one in noted:
        states.put(one)
    last = {one.id: one for one in noted}
    assert list(states.ids()) == sorted(last)
    for number in range(NEWEST + 1):
        assert (number in states) == (number in last)
        assert (states.get(number) is None) == (number not in last)
    for number, one in last.items():
        state = UrlEnding(one.source, one.failure, one.held, one.failed)
        assert states.get(number) == state


@given(st.lists(targets()))
def test_urls_are_counted_by_how_they_ended(noted: list[Target]) -> None:
    states = States(NEWEST)
    for one in noted:
        states.put(one)
    last = {one.id: one for one in noted}
    counts = states.counts()
    assert counts["due"] == len(last)
    assert counts["failed"] == sum(one.failed for one in last.values())
    for source in Source:
        assert counts[str(source)] == sum(one.source is source for one in last.values())
    asked = {one.id for one in last.values() if one.failed or one.source is not None}
    assert set(states.asked()) == asked


def test_a_new_copy_without_a_row_is_none_and_an_older_one_stays() -> None:
    states, failure = States(2), Failure(Verdict.LOCAL_ERROR, "not recorded")
    url = WebUrl("http://a.test/", "http", "a.test", 80)
    states.put(Target(url, id=1, source=Source.DOWNLOADED, held=True))
    states.put(Target(url, id=2, source=Source.REVALIDATED, held=True))
    for number in (1, 2):
        states.lose(number, failure)
    new, old = states.get(1), states.get(2)
    assert new is not None
    assert old is not None
    assert (new.held, old.held) == (False, True)
    assert (new.source, new.failure, new.failed) == (None, failure, True)


def test_a_url_that_has_no_state_loses_none() -> None:
    states = States(1)
    states.lose(1, Failure(Verdict.LOCAL_ERROR, "not recorded"))
    assert states.get(1) is None


def test_a_run_covers_its_own_urls_as_far_as_they_were_known() -> None:
    assert [States(2).covers(number) for number in (1, 2, 3)] == [True, True, False]
    assert [States(2, [2]).covers(number) for number in (1, 2, 3)] == [False, True, False]
