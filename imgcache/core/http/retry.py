"""Retry policy: the pauses between tries, and what a host asks for with Retry-After."""

from __future__ import annotations

import re

from imgcache.config import FetchSettings
from imgcache.core.http import http_date
from imgcache.model import Failure, Verdict

LONGEST_DELAY = 10.0
_MOST_DOUBLINGS = 30
# What servers answer to a client over its rate, or over its number of connections.
_TOO_FAST = frozenset({429, 503})
_SECONDS = re.compile(r"[0-9]{1,10}")


def parse_retry_after(value: str, date: str | None, now: float) -> float | None:
    """The seconds that a Retry-After header asks to wait (RFC 9110 section 10.2.3).

    Args:
        value: delay-seconds, or an HTTP-date in any of its three spellings (section 5.6.7).
        date: the Date header of the same answer. The host counts from there, whatever our clock
            says; None where it sent none.
        now: POSIX seconds, from which a date is counted where the answer has no Date.

    Returns:
        Zero or more; None for a value that is neither.
    """
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    moment, answered = http_date.parse(text), http_date.parse(date)
    return None if moment is None else max(0.0, moment - (now if answered is None else answered))


def wants_pause(failure: Failure) -> bool:
    """Whether the server asks to be left alone for a while, with a Retry-After or a 429."""
    return failure.retry_after is not None or failure.verdict is Verdict.RATE_LIMITED


def next_delay(failure: Failure, tries: int, fetch: FetchSettings, jitter: float) -> float | None:
    """Seconds until the next try, or None: this failure stands.

    Full jitter: `jitter * min(10 s, backoff * 2^n)`. A Retry-After up to the cap is the host's own
    pause and overrides it; one beyond the cap ends the tries.

    Args:
        failure: how the last try failed.
        tries: how many were made, that one included.
        fetch: attempts, backoff and cap.
        jitter: a random number from 0 to 1.
    """
    if not failure.transient or tries >= fetch.attempts:
        return None
    if failure.retry_after is not None:
        return failure.retry_after if failure.retry_after <= fetch.retry_after_cap else None
    doublings = min(tries - 1, _MOST_DOUBLINGS)
    return jitter * min(LONGEST_DELAY, fetch.backoff * float(2**doublings))


def is_asked_too_fast(failure: Failure) -> bool:
    """Whether the host refused for its load, and named no time (or none at all) to wait."""
    return failure.status in _TOO_FAST and failure.transient and not failure.retry_after
