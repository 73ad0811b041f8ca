"""HTTP dates: the one reader of Date, Expires and Retry-After."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

_LONGEST = 64  # of what is kept in mind; the three spellings are shorter
_MANY = 256


def parse(text: str | None) -> float | None:
    """POSIX seconds of an HTTP-date in any of its three spellings; None when it is none."""
    if text is None:
        return None
    # All answers of a second have the same Date, and each is asked about it twice.
    return _remembered(text) if len(text) <= _LONGEST else _seconds(text)


def _seconds(text: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(text)
        # asctime names no zone; RFC 9110 section 5.6.7 says that all of them are UTC.
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


_remembered = lru_cache(maxsize=_MANY)(_seconds)
