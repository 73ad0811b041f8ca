"""Drift of what a URL shows: whether it answers with another picture than before, and since when.

What is kept of a URL is a history of its copies; that one of them was another picture follows from
their hashes (core/images/dhash.py) and from the settings of the moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from imgcache.config import DriftSettings
from imgcache.core.images.dhash import distance
from imgcache.core.verdicts.patience import moment
from imgcache.facts import Earlier, ImageFacts, UrlFacts

# Hosts that recompress their pictures every day must not hide for how long one was another.
_MOST_EARLIER = 8


class Replaced(Struct, frozen=True):
    """A picture that took the place of another one; times in POSIX seconds.

    `since`: when it was first seen. `until`: when that is forgotten. `before`: the other one, None
    where the cache has it no more.
    """

    since: float
    until: float
    before: ImageFacts | None = None

    @property
    def told(self) -> str:
        """When, as a clause for the message."""
        return f"since {moment(self.since)}"


def history(
    known: UrlFacts | None, copy: ImageFacts | None, sha256: str, now: float
) -> tuple[Earlier, ...]:
    """The earlier copies of a URL that answers with these bytes now, the last one first.

    `copy` is the last good one, if its facts are still known.
    """
    earlier = () if known is None else known.earlier
    if copy is None or copy.sha256 == sha256 or not copy.dhash:
        return earlier
    found = (Earlier(copy.sha256, copy.dhash, now), *earlier)
    return found if len(found) <= _MOST_EARLIER else _without_least_change(found)


def _without_least_change(found: tuple[Earlier, ...]) -> tuple[Earlier, ...]:
    """Without the copy that was most like the one after it: another picture must stay."""
    least = min(
        reversed(range(1, len(found))),
        key=lambda at: distance(found[at].dhash, found[at - 1].dhash),
    )
    return (*found[:least], *found[least + 1 :])


def replaced(
    earlier: Sequence[Earlier],
    dhash: str,
    settings: DriftSettings,
    now: float,
    images: Mapping[str, ImageFacts],
) -> Replaced | None:
    """The last time that the picture became another one, if that is still to be told.

    `dhash` is that of the copy that the URL has now, `images` are facts of some earlier ones.
    """
    for one in earlier:
        until = one.replaced_at + settings.remember
        if not dhash or until <= now:
            return None
        if distance(one.dhash, dhash) > settings.distance:
            return Replaced(one.replaced_at, until, images.get(one.sha256))
        dhash = one.dhash
    return None
