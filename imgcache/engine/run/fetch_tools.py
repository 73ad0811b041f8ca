"""Tools of one who fetches: what a job works with, and where what it finds out goes.

In the process that holds the index it goes there; a worker elsewhere tells that process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct

from imgcache.core.http.contact import Contact
from imgcache.edge.cache.storage import Storage
from imgcache.edge.decoder.pool import DecodePool
from imgcache.edge.http.exchange import Fetches
from imgcache.engine.run.targets import Target
from imgcache.facts import HostPause, ImageFacts, UrlFacts
from imgcache.model import Failure

NO_SPELLINGS: Mapping[str, str] = MappingProxyType({})


class Records(Protocol):
    """Takes facts for the index."""

    def record(
        self,
        *,
        urls: Sequence[UrlFacts] = (),
        images: Sequence[ImageFacts] = (),
        spellings: Mapping[str, str] = NO_SPELLINGS,
        pauses: Sequence[HostPause] = (),
    ) -> None:
        """Facts to be committed soon; returns at once."""

    async def keep_up(self) -> None:
        """Returns when not too many facts wait, so that memory stays flat."""

    async def forget(self, hashes: Sequence[str]) -> None:
        """These images are gone. Raises LocalError."""


class Room(Protocol):
    """What of `cache.max_bytes` is left."""

    async def reserve(self, image: ImageFacts) -> None:
        """Count an image in; raises LocalError where there is no room for it."""

    async def adjust(self, before: ImageFacts, after: ImageFacts) -> None:
        """Count an image's new thumbnails in for those it had. Raises LocalError as `reserve`."""

    def release(self, image: ImageFacts) -> None:
        """An image that was counted in was not published after all."""


class Doubts(Protocol):
    """Failures that may be the fault of this machine's own network, until a host has answered."""

    def note(self, target: Target, facts: UrlFacts) -> None:
        """This failure is recorded when it is sure that the network is there."""

    def settle(self, contact: Contact) -> None:
        """The run has asked all that it will ask."""


class Outcomes(Protocol):
    """Takes how jobs ended."""

    def ended(self, target: Target, told: Failure | None) -> None:
        """So much is known of its URL by now; `told`: why the job failed.

        A job whose thumbnails can't be made again ends once more.
        """


class FetchTools(Struct, frozen=True):
    """Open and ready, as those of a run (wiring.py).

    `gather`: seconds that a new image waits for others, to be published and told with them.
    """

    fetcher: Fetches
    pool: DecodePool
    store: Storage
    records: Records
    room: Room
    doubts: Doubts
    outcomes: Outcomes
    gather: float = 0.0


def record_url(records: Records, target: Target, facts: UrlFacts, *images: ImageFacts) -> None:
    """Facts of a target's URL, under all of its spellings."""
    spellings = dict.fromkeys(target.spellings, target.url.href)
    records.record(urls=[facts], images=images, spellings=spellings)
