from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imgcache.config import FreshnessSettings
from imgcache.core.http.freshness import fresh_until, is_fresh
from imgcache.facts import ResponseFacts, Validators
from tests.support.facts import NOON, response, responses

HOUR = 3600.0
DAY = 24 * HOUR
POLICY = FreshnessSettings(default=7 * DAY, least=HOUR, greatest=30 * DAY)


def date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


def lifetime(**facts: str | float | None) -> float:
    """Seconds of freshness from the arrival."""
    answer = response(**facts)
    return fresh_until(answer, POLICY) - answer.answered_at


def test_an_answer_without_a_lifetime_gets_the_default() -> None:
    assert lifetime() == 7 * DAY
    assert lifetime(cache_control="public, must-revalidate") == 7 * DAY


@pytest.mark.parametrize("cache_control", [None, "max-age=31536000"])
@pytest.mark.parametrize(("redirected", "most"), [(DAY, DAY), (0.0, HOUR), (90 * DAY, 90 * DAY)])
def test_no_answer_is_fresh_for_longer_than_the_way_to_it(
    redirected: float, most: float, cache_control: str | None
) -> None:
    alone = lifetime(cache_control=cache_control)
    assert lifetime(cache_control=cache_control, redirected=redirected) == min(alone, most)


def test_last_modified_is_no_reason_to_guess() -> None:
    answer = ResponseFacts(NOON, NOON, 200, Validators(None, date(NOON - 1000 * DAY)))
    assert fresh_until(answer, POLICY) == NOON + 7 * DAY


@pytest.mark.parametrize(
    "cache_control",
    [
        "max-age=7200",
        "public, max-age=7200",
        "MAX-AGE=7200",
        'max-age="7200"',
        "max-age = 7200",
        "max-age=007200",
        'extension="a, no-store, b", max-age=7200',
        '"a, no-store", max-age=7200',
        "s-maxage=86400, max-age=7200",
        "max-age=7200, max-age=86400",
        ",, ,max-age=7200",
        "max-age=7200, immutable",
    ],
)
def test_max_age_is_read_in_all_its_spellings(cache_control: str) -> None:
    assert lifetime(cache_control=cache_control) == 7200


@pytest.mark.parametrize(
    "cache_control",
    [
        "max-age=0",
        "no-store",
        "no-cache",
        "private",
        "No-Store, max-age=86400",
        "max-age=86400, no-cache",
        'private="set-cookie", max-age=86400',
        "max-age",
        "max-age=",
        "max-age=-1",
        "max-age=1.5e9",
        "max-age=soon",
        "max-age=\u0667\u0667\u0667\u0667\u0667\u0667",
        'max-age="',
        "max-age=soon, max-age=86400",
    ],
)
def test_what_forbids_reuse_or_is_malformed_means_the_least(cache_control: str) -> None:
    assert lifetime(cache_control=cache_control, expires=date(NOON + DAY)) == HOUR


@pytest.mark.parametrize("digits", ["31536000", str(2**31), str(2**63), "9" * 5000])
def test_a_huge_max_age_means_the_greatest(digits: str) -> None:
    assert lifetime(cache_control=f"max-age={digits}") == 30 * DAY


def test_s_maxage_alone_is_no_lifetime() -> None:
    assert lifetime(cache_control="s-maxage=7200") == 7 * DAY


def test_max_age_overrides_expires() -> None:
    assert lifetime(cache_control="max-age=7200", expires=date(NOON + DAY)) == 7200


@pytest.mark.parametrize(
    "expires",
    [
        "Mon, 24 Nov 2025 12:00:00 GMT",
        "Monday, 24-Nov-25 12:00:00 GMT",
        "Mon Nov 24 12:00:00 2025",
        "Mon, 24 Nov 2025 12:00:00 UTC",
    ],
)
def test_expires_is_read_in_all_spellings_of_a_date(expires: str) -> None:
    assert lifetime(expires=expires, date=date(NOON)) == DAY


def test_a_date_without_a_zone_is_utc_wherever_we_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert lifetime(expires="Mon Nov 24 12:00:00 2025", date=date(NOON)) == DAY
    time.tzset()


def test_expires_counts_from_the_origins_date_not_from_our_clock() -> None:
    ahead = NOON + 10 * DAY
    assert lifetime(expires=date(ahead + DAY), date=date(ahead)) == DAY


def test_expires_without_a_date_counts_from_the_arrival() -> None:
    assert lifetime(expires=date(NOON + DAY)) == DAY
    assert lifetime(expires=date(NOON + DAY), date="yesterday") == DAY


@pytest.mark.parametrize(
    "expires",
    ["0", "-1", "", "never", "Mon, 24 Nov 2025 25:00:00 GMT", "Mon, 31 Feb 2031 12:00:00 GMT"],
)
def test_an_invalid_expires_has_already_passed(expires: str) -> None:
    assert lifetime(expires=expires) == HOUR


def test_the_age_at_arrival_counts() -> None:
    assert lifetime(cache_control="max-age=86400", age="7200") == DAY - 7200


@pytest.mark.parametrize(("age", "seconds"), [("7200, 9000", 7200), ("soon", 0), ("-5", 0)])
def test_of_a_list_of_ages_the_first_counts_and_an_invalid_one_is_ignored(
    age: str, seconds: float
) -> None:
    assert lifetime(cache_control="max-age=86400", age=age) == DAY - seconds


def test_a_date_in_the_past_is_an_age() -> None:
    assert lifetime(cache_control="max-age=86400", date=date(NOON - 7200)) == DAY - 7200


def test_a_date_in_the_future_is_no_age() -> None:
    assert lifetime(cache_control="max-age=86400", date=date(NOON + 7200)) == DAY


def test_the_larger_of_announced_and_apparent_age_counts() -> None:
    facts = {"cache_control": "max-age=86400", "age": "60", "date": date(NOON - 7200)}
    assert lifetime(**facts) == DAY - 7200
    assert lifetime(**facts | {"age": "9000"}) == DAY - 9000


def test_the_time_it_took_to_answer_adds_to_the_announced_age() -> None:
    answer = response(requested_at=NOON - 30, cache_control="max-age=86400", age="60")
    assert fresh_until(answer, POLICY) == NOON + DAY - 90


def test_fresh_ends_at_its_last_moment() -> None:
    answer = response(cache_control="max-age=7200")
    assert is_fresh(answer, POLICY, NOON)
    assert is_fresh(answer, POLICY, NOON + 7199)
    assert not is_fresh(answer, POLICY, NOON + 7200)


def test_an_answer_from_the_future_is_not_fresh() -> None:
    assert not is_fresh(response(cache_control="max-age=7200"), POLICY, NOON - 1)


directives = st.sampled_from(
    ["max-age", "no-store", "s-maxage", "=", "=5", '"', "\\", ",", " ", "99999999999", "private"]
)


@given(st.lists(directives, max_size=9).map("".join), st.text(), st.text(), st.text())
@example("max-age=9", "soon", "9" * 5000, "Mon, 24 Nov 99999 12:00:00 GMT")
def test_the_bounds_always_hold(cache_control: str, expires: str, age: str, sent: str) -> None:
    found = lifetime(cache_control=cache_control, expires=expires, age=age, date=sent)
    assert POLICY.least <= found <= POLICY.greatest


@given(responses)
def test_no_answer_is_too_odd_to_be_judged(answer: ResponseFacts) -> None:
    left = fresh_until(answer, POLICY) - answer.answered_at
    assert POLICY.least - 1 <= left <= POLICY.greatest + 1  # floats near 1e11
