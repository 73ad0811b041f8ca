"""HTTP dates: the one reader of Date, Expires and Retry-After."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime


def parse(text: str | None) -> float | None:
    """POSIX seconds of an HTTP-date in any of its three spellings; None when it is none."""
    if text is None:
        return None
    try:
        parsed = parsedate_to_datetime(text)
        # asctime names no zone; RFC 9110 section 5.6.7 says that all of them are UTC.
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
