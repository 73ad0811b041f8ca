"""Ingester of images: bytes are decoded in a worker, published, and described by facts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from imgcache.config import Settings, ThumbnailSettings
from imgcache.core.cache.layout import image_path
from imgcache.edge.cache.spool import Spool
from imgcache.edge.decoder.pool import Decoded, DecodeJob
from imgcache.engine.images.quota import CacheQuota
from imgcache.engine.run.tasks import to_its_end
from imgcache.engine.run.wiring import Tools
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts, ResponseFacts, ThumbnailFacts
from imgcache.model import Failure

# Smaller bodies reach the decoder faster through its pipe than through a file.
_BY_PIPE = 1 << 16
_NO_THUMBNAILS: Mapping[str, ThumbnailSettings] = MappingProxyType({})


class Ingester:
    """Decodes and publishes; what it returns may go into the index. Raises LocalError."""

    def __init__(self, tools: Tools, settings: Settings) -> None:
        self._tools = tools
        self._settings = settings
        self._room = CacheQuota(tools.store, tools.session, settings.cache.max_bytes)

    async def keep(self, spool: Spool, response: ResponseFacts) -> ImageFacts | Failure:
        """A whole answer becomes a published image with its thumbnails, or a content failure."""
        held = spool.data if spool.size < _BY_PIPE else None
        body = held if held is not None else await spool.settle()
        decoded = await self._decode(
            body, response.content_type, self._settings.thumbnails, nosniff=response.nosniff
        )
        if isinstance(decoded, Failure):
            return replace(decoded, bytes=spool.size)
        return await self._publish(body, spool, decoded)

    async def remake(self, copy: ImageFacts) -> ImageFacts | None:
        """A kept copy's thumbnails, made again from its own bytes; None if it can't be decoded."""
        path = self._tools.store.root / image_path(copy.sha256, copy.format)
        decoded = await self._decode(path, copy.format.media_type, self._settings.thumbnails)
        if isinstance(decoded, Failure):
            return None
        image = replace(copy, thumbnails=_thumbnail_facts(decoded))
        made = {one.name: one.data for one in decoded.thumbnails}
        await self._room.adjust(copy, image)
        return await to_its_end(self._tools.store.publish_thumbnails, image, made)

    async def _decode(
        self,
        body: bytes | Path,
        content_type: str | None,
        thumbnails: Mapping[str, ThumbnailSettings] = _NO_THUMBNAILS,
        *,
        nosniff: bool = False,
    ) -> Decoded | Failure:
        path, data = (body, None) if isinstance(body, Path) else (None, body)
        wanted = tuple(thumbnails.items())
        return await self._tools.pool.decode(
            DecodeJob(path, data, content_type, nosniff=nosniff, thumbnails=wanted)
        )

    async def _publish(self, body: bytes | Path, spool: Spool, decoded: Decoded) -> ImageFacts:
        image = ImageFacts(
            spool.sha256,
            decoded.format,
            decoded.size,
            spool.size,
            decoded.color,
            thumbnails=_thumbnail_facts(decoded),
        )
        made = {one.name: one.data for one in decoded.thumbnails}
        await self._room.reserve(image)
        try:
            return await to_its_end(self._tools.store.publish, body, image, made)
        except LocalError:
            self._room.release(image)
            raise


def _thumbnail_facts(decoded: Decoded) -> tuple[ThumbnailFacts, ...]:
    return tuple(
        ThumbnailFacts(one.name, one.recipe, one.suffix, one.width, one.height, len(one.data))
        for one in decoded.thumbnails
    )
