"""Ingester of images: bytes are decoded in a worker, published, and described by facts."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.images.label import Label
from imgcache.edge.cache.new_images import NewImage
from imgcache.edge.cache.spool import Spool
from imgcache.edge.cache.storage import Storage
from imgcache.edge.decoder.pool import Decoded, DecodeJob, DecodePool, is_told_by_decoder
from imgcache.engine.images.publisher import Publisher
from imgcache.engine.run.fetch_tools import Room
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts, ResponseFacts, ThumbnailFacts
from imgcache.model import Failure, Verdict

# So many of the images that a run publishes are known by their bytes, the last ones.
_REMEMBERED = 4096
# And so many of those that are no sound image, as they were labelled: the last ones met.
_REFUSED = 512


class Ingester:
    """Decodes and publishes; what it returns may go into the index. Raises LocalError.

    Bytes that this run has published or refused already, under another URL, are not decoded again.
    """

    def __init__(
        self,
        pool: DecodePool,
        store: Storage,
        settings: Settings,
        room: Room,
        gather: float = 0.0,
    ) -> None:
        """`gather`: seconds that a new image waits for others."""
        self._pool = pool
        self._store = store
        self._settings = settings
        self._room = room
        self._publisher = Publisher(store, gather)
        self._published: OrderedDict[str, ImageFacts] = OrderedDict()
        self._refused: OrderedDict[tuple[str, Label], Failure] = OrderedDict()
        self._under_way: dict[str, asyncio.Event] = {}

    async def keep(self, spool: Spool, response: ResponseFacts) -> ImageFacts | Failure:
        """A whole answer becomes a published image with its thumbnails, or a content failure."""
        async with self._alone_with(spool.sha256):
            label = Label(response.content_type, response.nosniff)
            image = self._published.get(spool.sha256)
            if image is not None and await self._stands(image, label):
                await self._room.reserve(image)
                return image
            refused = self._refusal(spool.sha256, label)
            if refused is not None:
                return refused
            held = spool.data
            body = held if held is not None else await spool.settle()
            decoded = await self._decode(body, label)
            if isinstance(decoded, Failure):
                failure = replace(decoded, bytes=spool.size)
                self._remember_refused(spool.sha256, label, failure)
                return failure
            image = await self._publish(body, spool, decoded)
            self._remember(image)
            return image

    async def remake(self, copy: ImageFacts) -> ImageFacts | None:
        """All that a kept copy's own bytes tell, its thumbnails too; None if they tell nothing."""
        async with self._store.body(copy) as body:
            decoded = await self._decode(body, Label(copy.format.media_type))
        if isinstance(decoded, Failure):
            if decoded.verdict is Verdict.LOCAL_ERROR:  # this machine's fault
                raise LocalError(decoded.detail)
            return None
        image = _seen(copy, decoded)
        await self._room.adjust(copy, image)
        return await self._publisher.publish(NewImage(image, None, _made(decoded)))

    @asynccontextmanager
    async def _alone_with(self, sha256: str) -> AsyncIterator[None]:
        """Equal bytes come one after the other, so that the first are the only ones decoded."""
        while (other := self._under_way.get(sha256)) is not None:
            await other.wait()
        self._under_way[sha256] = done = asyncio.Event()
        try:
            yield
        finally:
            del self._under_way[sha256]
            done.set()

    async def _stands(self, image: ImageFacts, label: Label) -> bool:
        """Whether a decode of the same bytes under this label would give this image."""
        return label.forbids(image.format) is None and await self._store.is_there(image)

    def _remember(self, image: ImageFacts) -> None:
        self._published[image.sha256] = image
        if len(self._published) > _REMEMBERED:
            self._published.popitem(last=False)

    def _refusal(self, sha256: str, label: Label) -> Failure | None:
        """What was found of the same bytes under this label."""
        failure = self._refused.get((sha256, label))
        if failure is not None:
            self._refused.move_to_end((sha256, label))
        return failure

    def _remember_refused(self, sha256: str, label: Label, failure: Failure) -> None:
        if is_told_by_decoder(failure):
            self._refused[sha256, label] = failure
        if len(self._refused) > _REFUSED:
            self._refused.popitem(last=False)

    async def _decode(self, body: bytes | Path, label: Label) -> Decoded | Failure:
        wanted = tuple(self._settings.thumbnails.items())
        return await self._pool.decode(DecodeJob(body, label, wanted))

    async def _publish(self, body: bytes | Path, spool: Spool, decoded: Decoded) -> ImageFacts:
        known = (spool.sha256, decoded.format, decoded.size, spool.size, decoded.color)
        image = _seen(ImageFacts(*known), decoded)
        await self._room.reserve(image)
        try:
            return await self._publisher.publish(NewImage(image, body, _made(decoded)))
        except LocalError:
            self._room.release(image)
            raise


def _seen(image: ImageFacts, decoded: Decoded) -> ImageFacts:
    """The image with all that a decode tells beside its format, size and colour."""
    return replace(
        image,
        thumbnails=_thumbnail_facts(decoded),
        has_position=decoded.has_position,
        animated=decoded.animated,
        alpha=decoded.alpha,
        placeholder=decoded.placeholder,
        dhash=decoded.dhash,
    )


def _made(decoded: Decoded) -> dict[str, bytes]:
    return {one.name: one.data for one in decoded.thumbnails}


def _thumbnail_facts(decoded: Decoded) -> tuple[ThumbnailFacts, ...]:
    return tuple(
        ThumbnailFacts(one.name, one.recipe, one.suffix, one.width, one.height, len(one.data))
        for one in decoded.thumbnails
    )
