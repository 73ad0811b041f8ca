"""Times of the pages: how long ago for people, the exact moment for machines and for doubt."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct

from imgcache.render.phrases import count

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_WEEK, _MONTH, _YEAR = 7 * _DAY, 30 * _DAY, 365 * _DAY
# From so many seconds on, in this unit.
_UNITS = (
    (2 * _YEAR, _YEAR, "year"),
    (9 * _WEEK, _MONTH, "month"),
    (2 * _WEEK, _WEEK, "week"),
    (_DAY, _DAY, "day"),
    (_HOUR, _HOUR, "hour"),
    (_MINUTE, _MINUTE, "minute"),
)


class Moment(Struct, frozen=True):
    """A time for machines, for people, and exactly where somebody doubts."""

    iso: str
    told: str
    title: str


class Moments:
    """Tells times to a page that is read at `now`, in POSIX seconds.

    None: nobody knows when it is read, because it is a file. Then days are told instead.
    """

    def __init__(self, now: float | None = None) -> None:
        self._now = now

    def at(self, seconds: float | None) -> Moment | None:
        """A moment, if there is one."""
        if seconds is None:
            return None
        exact = moment(seconds)
        if self._now is None:
            return Moment(exact.iso, exact.title.partition(",")[0], exact.title)
        return Moment(exact.iso, ago(self._now - seconds), exact.title)


def ago(seconds: float) -> str:
    """How long ago that is, in the largest unit of which there are enough."""
    for least, unit, name in _UNITS:
        if seconds >= least:
            return f"{count(int(seconds // unit), name)} ago"
    return "just now"


def moment(seconds: float) -> Moment:
    """A time in UTC, because the readers of a published page may be anywhere."""
    return _moment(int(seconds))


@lru_cache(maxsize=1024)
def _moment(seconds: int) -> Moment:
    when = datetime.fromtimestamp(seconds, UTC)
    told = f"{when.day} {when:%b %Y, %H:%M} UTC"
    return Moment(when.isoformat(), told, told)
