"""Patience: a failure is a warning until it has lasted too long, as far as that is known."""

from __future__ import annotations

import pytest

from imgcache.core.verdicts.patience import Patience, patience
from imgcache.model import REACH_VERDICTS, Failure, Verdict
from tests.support.facts import NOON

DAY = 86_400.0
SINCE = Failure(Verdict.GONE, "the server answered 404", since=NOON)


@pytest.mark.parametrize(("later", "lasts"), [(0.0, True), (3 * DAY - 1, True), (3 * DAY, False)])
def test_it_lasts_until_the_moment_and_no_longer(later: float, *, lasts: bool) -> None:
    found = patience(Verdict.GONE, SINCE, 3 * DAY, NOON + later)
    assert found == Patience(NOON, NOON + 3 * DAY, lasts)


@pytest.mark.parametrize("verdict", Verdict)
def test_it_is_with_reach_verdicts_that_may_change(verdict: Verdict) -> None:
    hopeless = {Verdict.FORBIDDEN_ADDRESS, Verdict.UNSUPPORTED_URL}
    bears = patience(verdict, SINCE, DAY, NOON) is not None
    assert bears is (verdict in REACH_VERDICTS - hopeless)


@pytest.mark.parametrize("fail_after", [None, 0.0])
def test_there_is_none_unless_it_is_configured(fail_after: float | None) -> None:
    assert patience(Verdict.GONE, SINCE, fail_after, NOON) is None


def test_a_failure_that_the_index_does_not_know_is_a_new_one() -> None:
    found = patience(Verdict.GONE, Failure(Verdict.GONE, "404"), DAY, NOON)
    assert found == Patience(None, None, lasts=True)
    assert found.told == "nothing is known of an earlier failure, so it is no error yet"


def test_it_tells_since_when() -> None:
    began = "failing since 2025-11-23 12:00 UTC"
    assert Patience(NOON, NOON + DAY, lasts=False).told == began
    lasting = Patience(NOON, NOON + DAY, lasts=True)
    assert lasting.told == f"{began}, an error from 2025-11-24 12:00 UTC on"
