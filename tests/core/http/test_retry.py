"""Retry-After in its spellings, and the pauses between tries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import FetchSettings
from imgcache.core.http.retry import next_delay, parse_retry_after
from imgcache.model import Failure, Verdict

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 section 5.6.7
SOFT = Failure(Verdict.SERVER_ERROR, "", 503, transient=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 5 ", 5),
        ("9999999999", 9999999999),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60),
        ("Sunday, 06-Nov-94 08:50:37 GMT", 60),
        ("Sun Nov  6 08:50:37 1994", 60),
        ("Sun, 06 Nov 1994 08:48:37 GMT", 0),
        ("99999999999", None),
        ("-5", None),
        ("1.5", None),
        ("+5", None),
        ("\u0665", None),
        ("", None),
        ("soon", None),
        ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 99999999 08:49:37 GMT", None),
    ],
)
def test_retry_after_is_read_in_all_its_spellings(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, None, NOW) == seconds


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 60),
        ("Sunday, 06-Nov-94 08:50:07 GMT", 30),
        ("Sun, 06 Nov 1994 09:49:37 GMT", 0),
        ("yesterday", 31_536_060),
        (None, 31_536_060),
    ],
)
def test_a_date_is_read_against_the_date_of_its_answer(date: str | None, seconds: float) -> None:
    a_year_behind = NOW - 365 * 86400
    assert parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", date, a_year_behind) == seconds
    assert parse_retry_after("120", date, a_year_behind) == 120


@given(st.text(max_size=40))
def test_any_header_is_seconds_or_nothing(value: str) -> None:
    seconds = parse_retry_after(value, value, NOW)
    assert seconds is None or seconds >= 0


def test_the_delay_doubles_up_to_ten_seconds() -> None:
    fetch = FetchSettings(attempts=10_000, backoff=0.5)
    delays = [next_delay(SOFT, tries, fetch, 1.0) for tries in (1, 2, 3, 4, 5, 6, 9999)]
    assert delays == [0.5, 1, 2, 4, 8, 10, 10]


def test_jitter_takes_the_delay_down_to_nothing() -> None:
    fetch = FetchSettings()
    assert next_delay(SOFT, 1, fetch, 0.0) == 0
    assert next_delay(SOFT, 1, fetch, 0.5) == 0.25


def test_after_the_last_attempt_there_is_no_other() -> None:
    fetch = FetchSettings(attempts=3)
    assert [next_delay(SOFT, tries, fetch, 1.0) is None for tries in (1, 2, 3)] == [
        False,
        False,
        True,
    ]


def test_what_does_not_pass_by_itself_is_not_tried_again() -> None:
    assert next_delay(Failure(Verdict.GONE, "", 404), 1, FetchSettings(), 1.0) is None


def test_retry_after_overrides_the_delay_up_to_the_cap() -> None:
    fetch = FetchSettings(retry_after_cap=60)
    soon = Failure(Verdict.RATE_LIMITED, "", 429, transient=True, retry_after=60)
    late = Failure(Verdict.RATE_LIMITED, "", 429, transient=True, retry_after=61)
    now = Failure(Verdict.RATE_LIMITED, "", 429, transient=True, retry_after=0)
    assert next_delay(soon, 1, fetch, 0.1) == 60
    assert next_delay(late, 1, fetch, 0.1) is None
    assert next_delay(now, 1, fetch, 1.0) == 0
