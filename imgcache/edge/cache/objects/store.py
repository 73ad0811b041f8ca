"""Object store of images, thumbnails and manifest: `Storage` over a bucket.

An object is there whole or not at all, and durable when the store says so: only then may the index
say that it is there. It is sound while its length and ETag are those under which its bytes were
written or hashed. All but `spool` and `is_there` block: call them in a thread.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from msgspec.structs import replace

from imgcache.config import ThumbnailSettings
from imgcache.core.cache.layout import (
    FOLDERS,
    INDEX,
    MANIFEST,
    content_paths,
    image_path,
    is_content_path,
    thumbnail_path,
)
from imgcache.edge.body_memory import BodyMemory
from imgcache.edge.cache import home as homes
from imgcache.edge.cache.files import KeptFile
from imgcache.edge.cache.new_images import NewImage
from imgcache.edge.cache.objects import beside
from imgcache.edge.cache.objects.bucket import Bucket, Meta
from imgcache.edge.cache.objects.looking import Metas, seen, side_by_side
from imgcache.edge.cache.objects.serving import CachedObjects
from imgcache.edge.cache.spool import Spool
from imgcache.edge.safe_fs import local_errors
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts, ThumbnailFacts
from imgcache.model import Format
from imgcache.units import batches

_TYPES = {fmt.suffix: fmt.media_type for fmt in Format}
# Files that are compared together, by a few lists; and how often at once.
_CHANGES = 2000
_LISTS = 4
_NOTHING: Metas = {}


class ObjectStore:
    """The images, thumbnails and manifest in `bucket`; `home` is a folder of this machine.

    `known` and `digests` are what was seen and hashed by `at_once` and `read_at_once`; all else is
    asked for.
    """

    def __init__(
        self,
        bucket: Bucket,
        home: Path,
        known: Metas = _NOTHING,
        digests: Mapping[str, tuple[str, Meta] | None] | None = None,
    ) -> None:
        self.bucket = bucket
        self.home = home
        self.failed_to_publish = False
        self._bodies = BodyMemory()
        self._known = known
        self._digests = digests or {}

    @property
    def folder(self) -> Path | None:
        """Not on this machine."""
        return None

    @property
    def name(self) -> str:
        """The URL, without a password: it never has one."""
        return str(self.bucket.url)

    @property
    def is_begun(self) -> bool:
        """Whether there is a cache at all: an index here or there, or a manifest."""
        return os.path.lexists(self.home / INDEX) or self.has(INDEX) or self.has(MANIFEST)

    def prepare(self) -> None:
        """Make the folder of the index, and see that the bucket is there. Raises LocalError."""
        homes.prepare(self.home)
        self.bucket.require()

    def ignore_own_files(self) -> None:
        """Write a .gitignore into the folder of the index."""
        homes.ignore_own_files(self.home)

    @property
    def is_overtaken(self) -> bool:
        """Whether another machine has written since this one did."""
        return beside.is_overtaken(self.bucket, self.home)

    def take_index(self, target: Path, /) -> bool:
        """Download the copy of the index to a new file; False where there is none."""
        with local_errors(target.name):
            return self.bucket.download(INDEX, target)

    def keep_index(self) -> None:
        """Upload the closed index, which no writer has open."""
        beside.keep_index(self.bucket, self.home)

    def spool(self) -> Spool:
        """A buffer for one incoming body."""
        return Spool(self.home, self._bodies)

    def publish(self, new: Sequence[NewImage]) -> list[ImageFacts | LocalError]:
        """Publish images side by side, each failing for itself."""
        outcomes = list(side_by_side(self._published, new))
        self.failed_to_publish |= any(isinstance(one, LocalError) for one in outcomes)
        return outcomes

    def _published(self, new: NewImage) -> ImageFacts | LocalError:
        image = new.facts
        try:
            if new.body is not None:
                path = image_path(image.sha256, image.format)
                meta = self._created(path, new.body, image.sha256)
                image = replace(image, mtime_ns=meta.mtime_ns, hashed=meta.mark)
            made = tuple(
                self._with_thumbnail(image.sha256, one, new.thumbnails[one.name])
                if one.name in new.thumbnails
                else one
                for one in image.thumbnails
            )
        except LocalError as exc:
            return exc
        return replace(image, thumbnails=made)

    def _with_thumbnail(self, sha256: str, one: ThumbnailFacts, data: bytes) -> ThumbnailFacts:
        digest = hashlib.sha256(data).hexdigest()
        meta = self._created(thumbnail_path(one.name, sha256, one.suffix), data, digest)
        return replace(one, digest=digest, mtime_ns=_number(meta))

    def _created(self, path: str, body: bytes | Path, sha256: str) -> Meta:
        """Create an object, unless one with these bytes is there; any other is replaced."""
        media_type = _TYPES[path.rpartition(".")[2]]
        with local_errors(path):
            made = self.bucket.create(path, body, media_type)
            if made is not None:
                return made
            there = self.bucket.digest(path)
            if there is not None and there[0] == sha256:
                return there[1]
            return self.bucket.replace(path, body, media_type)

    async def is_there(self, image: ImageFacts) -> bool:
        """Whether the object has its length."""
        meta = await asyncio.to_thread(self._meta, image_path(image.sha256, image.format))
        return meta is not None and meta.size == image.bytes

    def was_hashed(self, image: ImageFacts) -> bool | None:
        """Whether the index knows that the object with this ETag holds the image's bytes."""
        meta = self._meta(image_path(image.sha256, image.format))
        return None if meta is None else (meta.size, meta.mark) == (image.bytes, image.hashed)

    def sound_image(self, image: ImageFacts) -> ImageFacts | None:
        """The image's facts as its object bears them out: by length and ETag, else hashed."""
        known = self.was_hashed(image)
        if known is None:
            return None
        return image if known else self.hashed_image(image)

    def hashed_image(self, image: ImageFacts) -> ImageFacts | None:
        """As `sound_image`, but all bytes are read: the facts have the ETag of these bytes."""
        path = image_path(image.sha256, image.format)
        meta = self._meta(path)
        if meta is None or meta.size != image.bytes:
            return None
        hashed = self._digest(path)
        if hashed is None or hashed[0] != image.sha256:
            return None
        mark, mtime_ns = hashed[1].mark, hashed[1].mtime_ns
        return image if mark == image.hashed else replace(image, mtime_ns=mtime_ns, hashed=mark)

    def sound_thumbnails(self, image: ImageFacts) -> tuple[ThumbnailFacts, ...]:
        """Those of the image's thumbnails that are sound in the same sense, as they are now."""
        found = (self._sound_thumbnail(image.sha256, one) for one in image.thumbnails)
        return tuple(one for one in found if one is not None)

    def _sound_thumbnail(self, sha256: str, one: ThumbnailFacts) -> ThumbnailFacts | None:
        path = thumbnail_path(one.name, sha256, one.suffix)
        meta = self._meta(path)
        if meta is None or meta.size != one.bytes:
            return None
        if _number(meta) == one.mtime_ns:
            return one
        hashed = self._digest(path)
        if hashed is None or hashed[0] != one.digest:
            return None
        return replace(one, mtime_ns=_number(hashed[1]))

    def is_intact_thumbnail(self, sha256: str, thumbnail: ThumbnailFacts) -> bool:
        """Whether it holds the recorded bytes; one of unknown digest only has to be there."""
        path = thumbnail_path(thumbnail.name, sha256, thumbnail.suffix)
        if not thumbnail.digest:
            return self.has(path)
        hashed = self._digest(path)
        return hashed is not None and hashed[0] == thumbnail.digest

    def thumbnail_bytes(self, sha256: str, thumbnail: ThumbnailFacts) -> int | None:
        """The length of a thumbnail, None when there is none."""
        meta = self._meta(thumbnail_path(thumbnail.name, sha256, thumbnail.suffix))
        return None if meta is None else meta.size

    def has(self, path: str) -> bool:
        """Whether an object is there."""
        return self._meta(path) is not None

    def marks(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Lengths and ETags as texts, empty for what is not there."""
        return {path: _mark(self._meta(path)) for path in paths}

    def changed(self, files: Iterable[tuple[str, str, str]]) -> Iterator[str]:
        """The hashes of those (path, hash, mark) whose mark is another by now."""
        for found in side_by_side(self._changed, batches(files, _CHANGES), _LISTS):
            yield from found

    def _changed(self, files: Sequence[tuple[str, str, str]]) -> list[str]:
        now = seen(self.bucket, [path for path, _, _ in files])
        return [sha256 for path, sha256, before in files if _mark(now[path]) != before]

    def at_once(self, paths: Iterable[str], /) -> Self:
        """The same store, which has seen these objects already."""
        return type(self)(self.bucket, self.home, seen(self.bucket, paths))

    def read_at_once(self, paths: Iterable[str], /) -> Self:
        """The same store, which has hashed these objects already."""
        paths = tuple(paths)
        found = dict(zip(paths, side_by_side(self.bucket.digest, paths), strict=True))
        known = {path: one and one[1] for path, one in found.items()}
        return type(self)(self.bucket, self.home, known, found)

    def files(self) -> Iterator[KeptFile]:
        """All images and thumbnails in the bucket; other objects are not ours."""
        for folder in FOLDERS:
            for path, meta in self.bucket.listed(folder):
                if is_content_path(path):
                    yield KeptFile(path, meta.size, meta.mtime_ns)

    @asynccontextmanager
    async def body(self, image: ImageFacts) -> AsyncIterator[bytes | Path]:
        """The image's bytes, large ones in a file."""
        path = image_path(image.sha256, image.format)
        found = await asyncio.to_thread(self.bucket.read, path)
        async with self.spool() as spool:
            await spool.write(found[0] if found else b"")
            held = spool.data
            yield held if held is not None else await spool.settle()

    def read_all(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """The bytes of each, in this order; None for what is not there."""
        return (one and one[0] for one in side_by_side(self.bucket.read, paths))

    def holdings(
        self, thumbnails: Mapping[str, ThumbnailSettings], *, redirect: bool
    ) -> CachedObjects:
        """The objects, to be handed out; `redirect`: by signed URLs."""
        return CachedObjects(self.bucket, thumbnails, redirect=redirect)

    def remove(self, image: ImageFacts) -> None:
        """Delete the objects of an image whose removal from the index is committed."""
        self.drop(*content_paths(image))

    def drop(self, *paths: str) -> None:
        """Delete objects, where they are there."""
        self.bucket.delete(paths)

    def read_manifest(self) -> bytes:
        """The bytes of manifest.json; b"" when there is none."""
        found = self.bucket.read(MANIFEST)
        return found[0] if found else b""

    def manifest_begins(self, head: str) -> bool:
        """Whether there is a manifest with this beginning."""
        meta = self._meta(MANIFEST)
        if meta is None or meta.size < len(head):
            return False
        return self.bucket.part(MANIFEST, 0, len(head), meta.tag) == head.encode("ascii")

    def write_manifest(self, lines: Iterable[str]) -> bool:
        """Replace manifest.json; False when it already had this content."""
        return beside.write_manifest(self.bucket, self.home, lines)

    def _meta(self, path: str) -> Meta | None:
        return self._known[path] if path in self._known else self.bucket.head(path)

    def _digest(self, path: str) -> tuple[str, Meta] | None:
        return self._digests[path] if path in self._digests else self.bucket.digest(path)


def _mark(meta: Meta | None) -> str:
    return "" if meta is None else f"{meta.size},{meta.mark}"


def _number(meta: Meta) -> int:
    """A number that changes with the ETag, where the facts of a thumbnail's file have its mtime."""
    return int.from_bytes(hashlib.blake2b(meta.mark.encode(), digest_size=7).digest())
