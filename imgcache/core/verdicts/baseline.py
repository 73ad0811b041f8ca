"""The baseline: findings that are known and shall not fail a run.

A finding is known by its article, its URL and what is wrong with it; neither line nor pointer is
part of that, so that moved lines still match. What a host in trouble answers changes from one day
to the next, so its verdicts count as one.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from msgspec import Struct

from imgcache.model import (
    CONTENT_VERDICTS,
    HOST_VERDICTS,
    OFFLINE_VERDICTS,
    REACH_VERDICTS,
    SIZE_VERDICTS,
    Verdict,
)

# About the run, not about the article: never listed.
UNLISTED = frozenset({Verdict.OK, Verdict.NOT_CHECKED, Verdict.LOCAL_ERROR})


class Key(NamedTuple):
    """What makes two findings the same. `article` is relative to the baseline's folder."""

    article: str
    url: str
    trouble: str

    @classmethod
    def of(cls, article: str, url: str, verdict: Verdict) -> Key:
        """The key of a finding; all verdicts of a host in trouble count as one."""
        return cls(article, url, "host" if verdict in HOST_VERDICTS else verdict.value)


def is_settled_by(listed: Verdict, today: Verdict) -> bool:
    """Whether today's verdict on an entry could have shown what is listed of it.

    The size of an unreachable image is unknown: a verdict hides those of later stages.
    """
    return _STAGES[listed] <= (0 if today in _HIDING else _STAGES[today])


# Nothing was learned of the image itself.
_HIDING = HOST_VERDICTS | OFFLINE_VERDICTS | {Verdict.NOT_CHECKED, Verdict.LOCAL_ERROR}
_STAGES = (
    dict.fromkeys(Verdict, 0)
    | dict.fromkeys(REACH_VERDICTS, 1)
    | dict.fromkeys(CONTENT_VERDICTS, 2)
    | dict.fromkeys((Verdict.OK, *SIZE_VERDICTS), 3)
)


class BaselineLine(Struct, frozen=True):
    """One line of the baseline: `count` findings are known, until the day `expires` is over."""

    article: str
    verdict: Verdict
    url: str
    count: int = 1
    expires: date | None = None
    reason: str | None = None

    @property
    def key(self) -> Key:
        """What it matches."""
        return Key.of(self.article, self.url, self.verdict)

    def holds(self, today: date) -> bool:
        """Whether it has not expired."""
        return self.expires is None or today <= self.expires
