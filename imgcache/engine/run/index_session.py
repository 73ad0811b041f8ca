"""Index session: look-ups, and facts committed in batches, all in one thread of its own.

A batch is committed when it is full or half a second old, whichever comes first, so that a
killed run loses little and a fast one pays for few fsyncs: what comes during a commit is the next
batch. Bytes are on disk before their facts come here (see Store.publish), and articles are written
only after `flush`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from imgcache.edge.index.index import Index
from imgcache.engine.run.fetch_tools import NO_SPELLINGS
from imgcache.engine.run.tasks import ended_in, to_its_end
from imgcache.errors import LocalError
from imgcache.facts import HostPause, ImageFacts, UrlFacts
from imgcache.units import batches

_BATCH = 64
_PATIENCE = 0.5
# Facts that wait for a commit while more is taken.
_MOST_WAITING = 512
# Images that are looked up at once.
_SOME = 500
T = TypeVar("T")


class _Batch(Struct):
    """What waits for a commit, by key: of two facts under one key the later one counts."""

    urls: dict[str, UrlFacts] = field(default_factory=dict)
    images: dict[str, ImageFacts] = field(default_factory=dict)
    spellings: dict[str, str] = field(default_factory=dict)
    pauses: dict[str, HostPause] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.urls) + len(self.images) + len(self.spellings) + len(self.pauses)


class IndexSession:
    """The engine's only access to the index; entered with `async with`.

    `lost`: the URLs whose facts could not be committed; none of them may be flagged.
    """

    def __init__(self, open_index: Callable[[], Index]) -> None:
        self._open = open_index
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="imgcache-index")
        self._index: Index | None = None
        self._batch = _Batch()
        self._timer: asyncio.TimerHandle | None = None
        self._committing: asyncio.Task[None] | None = None
        self._is_due = False
        self._fault: LocalError | None = None
        self.lost: set[str] = set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._index = await loop.run_in_executor(self._thread, self._open)
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.flush()
        finally:
            await self.query(Index.close)
            self._thread.shutdown()

    async def query(self, question: Callable[[Index], T]) -> T:
        """Run something on the index, in its thread. Raises LocalError."""
        index = self._index
        assert index is not None  # noqa: S101  entered before use
        return await ended_in(self._thread, lambda: question(index))

    def record(
        self,
        *,
        urls: Sequence[UrlFacts] = (),
        images: Sequence[ImageFacts] = (),
        spellings: Mapping[str, str] = NO_SPELLINGS,
        pauses: Sequence[HostPause] = (),
    ) -> None:
        """Facts to be committed soon; returns at once."""
        batch = self._batch
        for url in urls:
            batch.urls[url.url] = url
        for image in images:
            batch.images[image.sha256] = image
        for pause in pauses:
            batch.pauses[pause.host] = pause
        batch.spellings.update(spellings)
        if len(batch) >= _BATCH:
            self._commit_soon()
        elif self._timer is None and len(batch):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_PATIENCE, self._commit_soon)

    async def keep_up(self) -> None:
        """Returns when few facts wait for their commit: who brings them faster has to wait."""
        while self._committing is not None and len(self._batch) >= _MOST_WAITING:
            await asyncio.shield(self._committing)

    async def forget(self, hashes: Sequence[str]) -> None:
        """These images are gone, for every URL that had one. Raises LocalError."""
        await self.query(lambda index: index.forget(hashes))

    async def flush(self) -> None:
        """Returns when all that was noted is committed. Raises LocalError if any of it was not.

        What was not is dropped, and told once: a later flush is about what was noted since.
        """
        self._commit_soon()
        while self._committing is not None:
            await asyncio.shield(self._committing)
        fault, self._fault = self._fault, None
        if fault is not None:
            raise fault

    def _commit_soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._is_due = len(self._batch) > 0
        if self._is_due and self._committing is None:
            self._committing = asyncio.get_running_loop().create_task(self._commit_all())

    async def _commit_all(self) -> None:
        """What is due, and then what is due by then: the index takes one after the other anyway."""
        while self._is_due:
            batch, self._batch, self._is_due = self._batch, _Batch(), False
            await self._commit(batch)
        # One that failed in another way than by LocalError stays, so that a flush raises that.
        self._committing = None

    async def _commit(self, batch: _Batch) -> None:
        urls, images, pauses = batch.urls.values(), batch.images.values(), batch.pauses.values()
        try:
            await self.query(lambda index: index.record(urls, images, batch.spellings, pauses))
        except LocalError as exc:
            self._fault = exc
            self.lost.update(batch.urls)


class ReopeningIndexSession(IndexSession):
    """For long-lived readers: each question opens the index anew, and sees what is there now.

    An index that stays open would not see what others commit (see connection.open_reader).
    """

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    async def query(self, question: Callable[[Index], T]) -> T:
        """Run something on the index as it is now; several side by side. Raises LocalError."""

        def open_and_ask() -> T:
            with self._open() as index:
                return question(index)

        return await to_its_end(open_and_ask)


class KnownFacts(Struct, frozen=True):
    """What the index says of some URLs, and of the copies they have."""

    urls: Mapping[str, UrlFacts]
    images: Mapping[str, ImageFacts]


def copies_of(facts: Iterable[UrlFacts]) -> set[str]:
    """The copies that URLs have, and those that they had."""
    copies: set[str] = set()
    for one in facts:
        copies.update(earlier.sha256 for earlier in one.earlier)
        if one.copy is not None:
            copies.add(one.copy)
    return copies


async def look_up(session: IndexSession, urls: Sequence[str]) -> KnownFacts:
    """The facts of some URLs (normalised) in one trip to the index."""

    def ask(index: Index) -> KnownFacts:
        facts = index.urls(urls)
        return KnownFacts(facts, index.images(copies_of(facts.values())))

    return await session.query(ask)


async def note_hashed(session: IndexSession, hashed: Iterable[ImageFacts]) -> None:
    """Record under which identities sound files were hashed, of images that are still known.

    Raises LocalError.
    """
    for batch in batches(hashed, _SOME):
        found = {one.sha256: one for one in batch}
        known = await session.query(partial(Index.images, sha256s=found))
        session.record(
            images=[
                replace(one, mtime_ns=found[key].mtime_ns, hashed=found[key].hashed)
                for key, one in known.items()
            ]
        )
    await session.flush()
