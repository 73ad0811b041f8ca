"""Content-addressed file store of the cache: publishes durably, checks and removes files.

The order of writing is that of the contract: temp file, fsync, rename, fsync of the folder; only
when a method here has returned may the index say that the file is there. All but `spool` and
`is_there` block on the disk: call them in a thread.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from imgcache.config import ThumbnailSettings
from imgcache.core.cache.layout import (
    FOLDERS,
    INDEX,
    MANIFEST,
    content_paths,
    image_path,
    thumbnail_path,
)
from imgcache.edge.body_memory import BodyMemory
from imgcache.edge.cache import home
from imgcache.edge.cache.files import KeptFile, is_recorded, kept_files, mark_at, read_file
from imgcache.edge.cache.new_images import NewImage, publish_all
from imgcache.edge.cache.publish import Folders, Publication, blocks
from imgcache.edge.cache.spool import Spool
from imgcache.edge.safe_fs import (
    Identity,
    digest_of,
    identity_of,
    local_errors,
    make_folder,
    mark_of,
    open_folder,
)
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts, ThumbnailFacts

if TYPE_CHECKING:
    from imgcache.edge.cache.serving import Holdings

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Store:
    """The images, thumbnails and manifest below `root`, the cache folder (see storage.py).

    `home` is the folder of the index, where that is another one. `fsync` makes a descriptor's file
    durable: `os.fsync`, except in tests of its failure.
    `failed_to_publish`: some files may have got their names, but must not be recorded.
    """

    def __init__(
        self, root: Path, home: Path | None = None, *, fsync: Callable[[int], None] | None = None
    ) -> None:
        self.root = root
        self.home = home or root
        self._prefix = f"{root}/"
        self._fsync = fsync or os.fsync
        self.failed_to_publish = False
        self._bodies = BodyMemory()

    @property
    def folder(self) -> Path | None:
        """Where the files lie."""
        return self.root

    @property
    def name(self) -> str:
        """The folder."""
        return f"{self.root}/"

    def prepare(self) -> None:
        """Make the folders, and clear `tmp/` of what a crash left; needs the cache's lock.

        Raises:
            LocalError: The cache folder can't be made or written.
        """
        home.prepare(self.root)
        for name in FOLDERS:
            with local_errors(name), make_folder(self.root, name):
                pass
        if self.home != self.root:
            home.prepare(self.home)

    def ignore_own_files(self) -> None:
        """Write a .gitignore, as `home.py` says."""
        home.ignore_own_files(self.root)

    @property
    def is_overtaken(self) -> bool:
        """The lock keeps all others away."""
        return False

    def take_index(self, _: Path) -> bool:
        """There is no copy: the index lies on this disk, as the images do."""
        return False

    def keep_index(self) -> None:
        """Nothing to be done, as above."""

    @property
    def is_begun(self) -> bool:
        """Whether there is a cache at all: an index, or a manifest from another machine."""
        return os.path.lexists(self.home / INDEX) or self.has(MANIFEST)

    def spool(self) -> Spool:
        """A buffer for one incoming body."""
        return Spool(self.root, self._bodies)

    def publish(self, new: Sequence[NewImage]) -> list[ImageFacts | LocalError]:
        """Publish images together, as `publish_all` says; LocalError if `tmp/` stays unclear."""
        self.failed_to_publish, before = True, self.failed_to_publish
        outcomes = publish_all(self.root, self._fsync, new)
        failed = any(isinstance(one, LocalError) for one in outcomes)
        self.failed_to_publish = before or failed
        return outcomes

    async def is_there(self, image: ImageFacts) -> bool:
        """Whether the file has its size: one `lstat`, cheap enough for the event loop."""
        status = self._status(image_path(image.sha256, image.format))
        return status is not None and status.st_size == image.bytes

    def sound_image(self, image: ImageFacts) -> ImageFacts | None:
        """The image's facts as its file bears them out, None if that is not sound.

        A file with the recorded size and mtime is sound; one with another mtime is hashed.

        Raises:
            LocalError: The file can't be read.
        """
        status = self._status(image_path(image.sha256, image.format))
        recorded = (image.bytes, image.mtime_ns)
        if status is not None and (status.st_size, status.st_mtime_ns) == recorded:
            return image
        return self.hashed_image(image)

    def hashed_image(self, image: ImageFacts) -> ImageFacts | None:
        """As `sound_image`, but all bytes are read: the facts have the file's mtime and identity.

        These are from before the hashing, so that a change meanwhile makes it another file.
        """
        identity = self.identity(image)
        if identity is None or identity[2] != image.bytes:
            return None
        if self._hash(image_path(image.sha256, image.format)) != image.sha256:
            return None
        return replace(image, mtime_ns=identity[3], hashed=mark_of(identity))

    def sound_thumbnails(self, image: ImageFacts) -> tuple[ThumbnailFacts, ...]:
        """Those of the image's thumbnails that are sound in the same sense, as they are now."""
        mtimes = (
            self._sound_mtime(
                thumbnail_path(one.name, image.sha256, one.suffix),
                one.bytes,
                one.mtime_ns,
                one.digest,
            )
            for one in image.thumbnails
        )
        return tuple(
            one if mtime_ns == one.mtime_ns else replace(one, mtime_ns=mtime_ns)
            for one, mtime_ns in zip(image.thumbnails, mtimes, strict=True)
            if mtime_ns is not None
        )

    def _sound_mtime(self, path: str, size: int, mtime_ns: int, sha256: str) -> int | None:
        status = self._status(path)
        if status is None or status.st_size != size:
            return None
        if status.st_mtime_ns != mtime_ns and self._hash(path) != sha256:
            return None
        return status.st_mtime_ns

    def identity(self, image: ImageFacts) -> Identity | None:
        """Values that change with the image's file, None if there is none; LocalError as above."""
        status = self._status(image_path(image.sha256, image.format))
        return None if status is None else identity_of(status)

    def was_hashed(self, image: ImageFacts) -> bool | None:
        """Whether the index knows that the file of this identity holds the image's bytes."""
        identity = self.identity(image)
        if identity is None:
            return None
        return is_recorded(image, identity)

    def is_intact_thumbnail(self, sha256: str, thumbnail: ThumbnailFacts) -> bool:
        """Whether a thumbnail's file holds the recorded bytes; LocalError as above.

        A thumbnail of unknown digest, as the manifest lists them, only needs to exist.
        """
        path = thumbnail_path(thumbnail.name, sha256, thumbnail.suffix)
        return self.has(path) and (not thumbnail.digest or self._hash(path) == thumbnail.digest)

    def thumbnail_bytes(self, sha256: str, thumbnail: ThumbnailFacts) -> int | None:
        """The length of a thumbnail's file, None when there is none."""
        status = self._status(thumbnail_path(thumbnail.name, sha256, thumbnail.suffix))
        return None if status is None else status.st_size

    def remove(self, image: ImageFacts) -> None:
        """Delete the files of an image whose removal from the index is committed."""
        self.drop(*content_paths(image))

    def drop(self, *paths: str) -> None:
        """Delete files, where they are there. Raises LocalError."""
        for path in paths:
            self._drop(path)

    def _drop(self, path: str) -> None:
        *names, name = path.split("/")
        with (
            local_errors(path),
            suppress(FileNotFoundError),
            open_folder(self.root, *names) as folder,
        ):
            os.unlink(name, dir_fd=folder)

    def has(self, path: str) -> bool:
        """Whether a regular file is there; `path` as layout.py has it. Raises LocalError."""
        return self._status(path) is not None

    def read_manifest(self) -> bytes:
        """The bytes of manifest.json; b"" when there is none."""
        with local_errors(MANIFEST):
            try:
                with os.fdopen(os.open(self._prefix + MANIFEST, _READ), "rb") as stream:
                    return stream.read()
            except FileNotFoundError:
                return b""

    def manifest_begins(self, head: str) -> bool:
        """Whether there is a manifest with this beginning. Raises LocalError."""
        with local_errors(MANIFEST):
            try:
                with os.fdopen(os.open(self._prefix + MANIFEST, _READ), "rb") as stream:
                    return stream.read(len(head)) == head.encode("ascii")
            except FileNotFoundError:
                return False

    def write_manifest(self, lines: Iterable[str]) -> bool:
        """Replace manifest.json, durably; False when it already had this content.

        Raises:
            LocalError: As `publish`.
        """
        with (
            Folders(self.root, self._fsync) as folders,
            Publication(folders, self._fsync) as publication,
        ):
            publication.add(MANIFEST, blocks(lines))
            if not publication.changes():
                return False
            publication.commit()
        return True

    def marks(self, paths: Iterable[str]) -> Mapping[str, str]:
        """Their identities as texts, empty for what is not there."""
        return {path: mark_at(self._prefix + path) for path in paths}

    def changed(self, files: Iterable[tuple[str, str, str]]) -> Iterator[str]:
        """The hashes of those (path, hash, mark) whose mark is another by now."""
        prefix = self._prefix
        for path, sha256, before in files:
            if mark_at(prefix + path) != before:
                yield sha256

    def at_once(self, _: Iterable[str]) -> Self:
        """The folder itself: a `stat` costs no trip."""
        return self

    read_at_once = at_once

    def files(self) -> Iterator[KeptFile]:
        """All images and thumbnails that lie here, as `kept_files` says."""
        return kept_files(self.root)

    @asynccontextmanager
    async def body(self, image: ImageFacts) -> AsyncIterator[bytes | Path]:
        """The image's file."""
        yield self.root / image_path(image.sha256, image.format)

    def read_all(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """The bytes of each; None for what is no regular file. Raises LocalError."""
        for path in paths:
            yield read_file(self.root, path)

    def holdings(self, thumbnails: Mapping[str, ThumbnailSettings], *, redirect: bool) -> Holdings:  # noqa: ARG002  files have no URLs
        """The files, to be handed out: only a service does, so this is imported late."""
        from imgcache.edge.cache.serving import CachedFiles  # noqa: PLC0415

        return CachedFiles(self.root, thumbnails)

    def _status(self, path: str) -> os.stat_result | None:
        """The status of a regular file, None when there is none."""
        try:
            status = os.lstat(self._prefix + path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            with local_errors(path):
                raise
        return status if stat.S_ISREG(status.st_mode) else None

    def _hash(self, path: str) -> str | None:
        """The SHA-256 of a file; None when the disk can't read it, so that it is replaced."""
        with local_errors(path):
            try:
                with os.fdopen(os.open(self._prefix + path, _READ), "rb") as file:
                    return digest_of(file.fileno())
            except OSError as exc:
                if exc.errno == errno.EIO:
                    return None
                raise
