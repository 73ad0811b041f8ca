"""The baseline: findings that are known and shall not fail a run.

A finding is known by its article, its URL and what is wrong with it; neither line nor pointer is
part of that, so that moved lines still match. What a host in trouble answers changes from one day
to the next, so its verdicts count as one. A broken rule is known by its name, too.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from msgspec import Struct

from imgcache.core.verdicts.traits import HOST_VERDICTS, TRAITS, Mark, Stage, marked
from imgcache.model import Breach, Verdict

UNLISTED = marked(Mark.UNLISTED)


class Key(NamedTuple):
    """What makes two findings the same. `article` is relative to the baseline's folder."""

    article: str
    url: str
    trouble: str
    rule: str | None = None

    @classmethod
    def of(cls, article: str, url: str, found: Verdict | Breach, rule: str | None = None) -> Key:
        """The key of a finding; all verdicts of a host in trouble count as one."""
        return cls(article, url, "host" if found in HOST_VERDICTS else found.value, rule)


def is_settled_by(listed: Verdict | Breach, today: Verdict) -> bool:
    """Whether today's verdict on an entry could have shown what is listed of it.

    The size of an unreachable image is unknown: a verdict hides those of later stages.
    """
    # Of a host in trouble nothing is learned of the image itself.
    seen = Stage.NOWHERE if today in HOST_VERDICTS else TRAITS[today].stage
    return TRAITS[listed].stage <= seen


class BaselineLine(Struct, frozen=True):
    """One line of the baseline: `count` findings are known, until the day `expires` is over.

    `found` is a verdict, or how the `rule` of that name is broken.
    """

    article: str
    found: Verdict | Breach
    url: str
    count: int = 1
    expires: date | None = None
    reason: str | None = None
    rule: str | None = None

    @property
    def key(self) -> Key:
        """What it matches."""
        return Key.of(self.article, self.url, self.found, self.rule)

    def holds(self, today: date) -> bool:
        """Whether it has not expired."""
        return self.expires is None or today <= self.expires
