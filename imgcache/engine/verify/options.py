"""Options of one `verify`, beyond the settings."""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from imgcache.core.verdicts.selection import EVERYTHING, Selection
from imgcache.core.verdicts.traits import Sight, unseen
from imgcache.engine.run.baseline import BaselineOptions
from imgcache.model import Breach, Verdict


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
        return unseen(_READ[self])


_READ = {
    Depth.PROBE: Sight.FIRST_BYTES,
    Depth.FULL: Sight.WHOLE,
    Depth.OFFLINE: Sight.CACHE,
    Depth.REHASH: Sight.CACHE,
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
