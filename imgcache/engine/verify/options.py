"""Options of one `verify`, beyond the settings."""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from imgcache.core.verdicts.selection import EVERYTHING, Selection
from imgcache.engine.run.baseline import BaselineOptions
from imgcache.model import (
    CONTENT_VERDICTS,
    OFFLINE_VERDICTS,
    REACH_VERDICTS,
    Breach,
    Verdict,
)


class Depth(Enum):
    """How much of each image is read: its first bytes, all of it, or what the cache has.

    REHASH is an OFFLINE that reads all bytes in the cache, even of files that were hashed before.
    """

    PROBE = auto()
    FULL = auto()
    OFFLINE = auto()
    REHASH = auto()

    @property
    def is_offline(self) -> bool:
        """Whether no request is made."""
        return self in {Depth.OFFLINE, Depth.REHASH}

    @property
    def unseen(self) -> frozenset[Verdict | Breach]:
        """What can't be found for certain at this depth: its absence says nothing."""
        return _UNSEEN[self]


# The length of a file, and where its EXIF stands, may be told by its end only.
_AT_THE_END: frozenset[Verdict | Breach] = frozenset({Breach.TOO_HEAVY, Breach.HAS_POSITION})
_UNSEEN: dict[Depth, frozenset[Verdict | Breach]] = {
    Depth.PROBE: CONTENT_VERDICTS - {Verdict.EMPTY, Verdict.NOT_AN_IMAGE}
    | OFFLINE_VERDICTS
    | _AT_THE_END,
    Depth.FULL: OFFLINE_VERDICTS,
    Depth.OFFLINE: REACH_VERDICTS | CONTENT_VERDICTS,
    Depth.REHASH: REACH_VERDICTS | CONTENT_VERDICTS,
}


class VerifyOptions(Struct, frozen=True):
    """What is asked of one `verify` beyond the settings.

    `changed_since` skips articles that have not changed since that git revision;
    `baseline` lists findings that are known, `selection` those that are reported.
    """

    depth: Depth = Depth.PROBE
    strict: bool = False
    changed_since: str | None = None
    baseline: BaselineOptions | None = None
    selection: Selection = EVERYTHING
