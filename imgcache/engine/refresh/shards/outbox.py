"""Outbox of a worker: what its jobs find out, gathered and sent as news.

News leave in the same turn of the event loop in which something was found out: what a worker has
stored is known elsewhere, should it be killed in the next moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from imgcache.core.http.contact import Contact
from imgcache.edge.workers.protocol import Channel
from imgcache.engine.refresh.shards.records import (
    Ended,
    Granted,
    More,
    News,
    RoomWanted,
    packed,
)
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.fetch_tools import NO_SPELLINGS
from imgcache.engine.run.listener import Lane, Listener
from imgcache.engine.run.report import Traffic
from imgcache.engine.run.targets import Target
from imgcache.errors import LocalError
from imgcache.facts import HostPause, ImageFacts, UrlFacts
from imgcache.model import Failure


class Outbox(Listener):
    """Takes facts, doubts, outcomes and progress of one shard."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._news = News()
        self._due = False
        self._requests = self._bytes = 0

    def record(
        self,
        *,
        urls: Sequence[UrlFacts] = (),
        images: Sequence[ImageFacts] = (),
        spellings: Mapping[str, str] = NO_SPELLINGS,
        pauses: Sequence[HostPause] = (),
    ) -> None:
        """Facts for the index."""
        news = self._changed()
        news.urls += urls
        news.images += images
        news.spellings |= spellings
        news.pauses += pauses

    async def keep_up(self) -> None:
        """What is told does not wait here."""

    async def forget(self, hashes: Sequence[str]) -> None:
        """Images that are gone."""
        self._changed().forgotten += hashes

    def note(self, target: Target, facts: UrlFacts) -> None:
        """A failure of which only all shards together can say whether it counts."""
        self._changed().unsure.append((target, facts))

    def settle(self, contact: Contact) -> None:
        """The driver settles them."""

    def attempted(self, url: str, wire_bytes: int) -> None:
        """One attempt ended; it is told with what is found out next, or with the next beat."""
        self._news.attempts.append((url, wire_bytes))

    def ended(self, target: Target, told: Failure | None) -> None:
        """One job ended."""
        self._changed().ended.append(Ended(target, told))

    def prepared(self) -> None:
        """One job without a request ended."""
        self._news.prepared += 1

    def want(self, wanted: RoomWanted) -> None:
        """Ask for room."""
        self._changed().wanted.append(wanted)

    def want_more(self, jobs: Mapping[str, int]) -> None:
        """Ask for jobs."""
        self._changed().more = jobs

    def release(self, image: ImageFacts) -> None:
        """Room that is not needed after all."""
        self._changed().released.append(image)

    def send(self, fill: Callable[[News], None] | None = None) -> None:
        """What there is, now; `fill` adds to it."""
        self._due = False
        news, self._news = self._news, News()
        if fill is not None:
            fill(news)
        self._channel.tell(packed(news))

    def count(self, news: News, traffic: Traffic, contact: Contact) -> None:
        """Add what was sent and received since the last news, and who was heard."""
        news.requests, self._requests = traffic.requests - self._requests, traffic.requests
        news.bytes, self._bytes = traffic.bytes - self._bytes, traffic.bytes
        news.answered, news.silent = contact.answered, set(contact.silent)

    def _changed(self) -> News:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._send_if_due)
        return self._news

    def _send_if_due(self) -> None:
        if self._due:
            self.send()


class AskedRoom:
    """Room that the driver grants, which counts what all shards store. Raises LocalError."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._asked: list[asyncio.Future[None]] = []

    async def reserve(self, image: ImageFacts) -> None:
        """Count an image in."""
        await self._ask(image, None)

    async def adjust(self, before: ImageFacts, after: ImageFacts) -> None:
        """Count an image's new thumbnails in for those it had."""
        await self._ask(after, before)

    def release(self, image: ImageFacts) -> None:
        """It was not published after all."""
        self._outbox.release(image)

    def granted(self, word: Granted) -> None:
        """The answer came."""
        asked = self._asked[word.request]
        if asked.done():
            return
        if word.refused is None:
            asked.set_result(None)
        else:
            asked.set_exception(LocalError(word.refused))

    async def _ask(self, image: ImageFacts, before: ImageFacts | None) -> None:
        answer = asyncio.get_running_loop().create_future()
        self._outbox.want(RoomWanted(len(self._asked), image, before))
        self._asked.append(answer)
        await answer


class AskedJobs:
    """Supply of jobs that the driver has; some are taken after the others."""

    def __init__(self, outbox: Outbox, left: Mapping[str, int]) -> None:
        self._outbox = outbox
        self._left = left
        self._asked: asyncio.Future[list[Job]] | None = None

    def left(self) -> Mapping[str, int]:
        """How many jobs each host had when the shard began."""
        return self._left

    async def take(self, wanted: Mapping[str, int]) -> list[Job]:
        """The next jobs of some hosts."""
        self._asked = asyncio.get_running_loop().create_future()
        self._outbox.want_more(wanted)
        return await self._asked

    def came(self, word: More) -> None:
        """The answer came."""
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(word.jobs)


class EndlessRoom:
    """Room without a limit."""

    async def reserve(self, image: ImageFacts) -> None:
        """There is always room."""

    async def adjust(self, before: ImageFacts, after: ImageFacts) -> None:
        """There is always room."""

    def release(self, image: ImageFacts) -> None:
        """Nothing is counted."""


def demand(lanes: Iterable[Lane], per_host: int, active: int) -> int:
    """How many requests at once these hosts can still use; one each for those given up.

    Those under way are in use until they end, whatever became of their hosts.
    """
    return max(active, sum(min(one.left, per_host) if one.is_asked else 1 for one in lanes))
