"""Records that go between the driver of a run and its workers: shards out, news back.

They are pickled: whoever starts a worker runs its code anyway, and nobody else is heard.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from imgcache.engine.run.attempts import Job
from imgcache.engine.run.listener import Lane
from imgcache.engine.run.targets import Target
from imgcache.facts import HostPause, ImageFacts, UrlFacts
from imgcache.model import Failure


class Shard(Struct, frozen=True):
    """Jobs of some hosts: all that the run has for each of these hosts.

    `remake`: only thumbnails, no request. `more`: so many jobs each host has beside these; the
    driver gives them when they are wanted. `concurrency`: its share of the requests at once, as
    long as no other is told.
    `limited`: the cache may not grow as it likes, so each image asks for its room.
    """

    ask: list[Job]
    remake: list[Job]
    more: Mapping[str, int]
    concurrency: int
    limited: bool = False


class Ended(Struct, frozen=True, gc=False):
    """How a job ended: what is known of its URL by now, and the failure that is `told` of it."""

    target: Target
    told: Failure | None


class RoomWanted(Struct, frozen=True):
    """An image wants room in the cache, in place of what it had `before`; an answer is awaited."""

    request: int
    image: ImageFacts
    before: ImageFacts | None = None


class News(Struct):
    """What a worker did since its last news. Whoever heard it needs none of it done again.

    `unsure`: failures that may be the network's. `more`: jobs that are wanted, by host. `demand`:
    how many requests at once its shard can still use. `unclean`: files were left that must not be
    recorded.
    """

    urls: list[UrlFacts] = field(default_factory=list)
    images: list[ImageFacts] = field(default_factory=list)
    spellings: dict[str, str] = field(default_factory=dict)
    pauses: list[HostPause] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    unsure: list[tuple[Target, UrlFacts]] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    prepared: int = 0
    attempts: list[tuple[str, int]] = field(default_factory=list)
    wanted: list[RoomWanted] = field(default_factory=list)
    released: list[ImageFacts] = field(default_factory=list)
    more: Mapping[str, int] | None = None
    requests: int = 0
    bytes: int = 0
    answered: bool = False
    silent: set[str] = field(default_factory=set)
    lanes: list[Lane] | None = None
    demand: int | None = None
    unclean: bool = False
    unsynced: bool = False


class Stop(Struct, frozen=True):
    """Start nothing more; with `at_once` end what is under way, too."""

    at_once: bool = False


class Share(Struct, frozen=True):
    """So many requests the shard may send at once from now on."""

    concurrency: int


class Granted(Struct, frozen=True):
    """The answer to a RoomWanted; `refused` says why there is no room."""

    request: int
    refused: str | None = None


class More(Struct, frozen=True):
    """The jobs that were wanted."""

    jobs: list[Job]


Word = Stop | Share | Granted | More


def packed(record: Shard | News | Word) -> bytes:
    """As bytes."""
    return pickle.dumps(record, pickle.HIGHEST_PROTOCOL)


def unpacked(data: bytes) -> Any:
    """The record that was packed."""
    return pickle.loads(data)  # noqa: S301  see the module's docstring
