"""Storage of images, thumbnails and manifest: a folder or an object store, behind one interface.

`Store` is the folder, `objects/store.py` the object store. The index, the lock and the catalog are
always files of this machine, in `home`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from imgcache.config import ThumbnailSettings
from imgcache.config_images import CacheSettings
from imgcache.edge.cache.files import KeptFile
from imgcache.edge.cache.new_images import NewImage
from imgcache.edge.cache.spool import Spool
from imgcache.edge.cache.store import Store
from imgcache.errors import ConfigError, LocalError
from imgcache.facts import ImageFacts, ThumbnailFacts
from imgcache.units import BucketUrl

if TYPE_CHECKING:
    from imgcache.edge.cache.serving import Holdings


class Storage(Protocol):
    """What a run asks of it; paths are those of layout.py. All that blocks raises LocalError.

    `home`: the folder of index, catalog and working files. `folder`: the folder in which the files
    lie, None for an object store. `name`: how messages call it. `failed_to_publish`: some files
    may have got their names, but must not be recorded.
    """

    home: Path
    failed_to_publish: bool

    @property
    def folder(self) -> Path | None: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102

    # A run begins and ends.

    @property
    def is_begun(self) -> bool:
        """Whether there is a cache at all: an index, or a manifest from another machine."""

    def prepare(self) -> None:
        """Make what is missing, and clear `tmp/` of what a crash left; needs the cache's lock."""

    def ignore_own_files(self) -> None:
        """Write a .gitignore for what is of no use in git; one that is there stays as it is."""

    @property
    def is_overtaken(self) -> bool:
        """Whether another machine has written since this one did."""

    def take_index(self, target: Path, /) -> bool:
        """Put the copy of the index that lies beside the images at `target`; False: none is."""

    def keep_index(self) -> None:
        """Put a copy of the closed index beside the images, if it does not lie there already."""

    # New images.

    def spool(self) -> Spool:
        """A buffer for one incoming body."""

    def publish(self, new: Sequence[NewImage]) -> list[ImageFacts | LocalError]:
        """Publish images together; what is returned is durable, and may be recorded."""

    # What is there. `sound`: by the recorded size and mark (mtime, ETag), else all bytes are read.

    async def is_there(self, image: ImageFacts) -> bool:
        """Whether there are bytes of its length; cheap enough for each URL."""

    def was_hashed(self, image: ImageFacts) -> bool | None:
        """Whether it is as it was when it was hashed; None where it is not there."""

    def sound_image(self, image: ImageFacts) -> ImageFacts | None:
        """The image's facts as its bytes bear them out, None where they do not."""

    def hashed_image(self, image: ImageFacts) -> ImageFacts | None:
        """As `sound_image`, but all bytes are read."""

    def sound_thumbnails(self, image: ImageFacts) -> tuple[ThumbnailFacts, ...]:
        """Those of the image's thumbnails that are sound in the same sense, as they are now."""

    def is_intact_thumbnail(self, sha256: str, thumbnail: ThumbnailFacts) -> bool:
        """Whether it holds the recorded bytes; one of unknown digest only has to be there."""

    def thumbnail_bytes(self, sha256: str, thumbnail: ThumbnailFacts) -> int | None:
        """Its length, None where it is not there."""

    def has(self, path: str) -> bool:
        """Whether something is there."""

    def marks(self, paths: Iterable[str]) -> Mapping[str, str]:
        """How these files are, as texts to be compared later; empty for what is not there."""

    def changed(self, files: Iterable[tuple[str, str, str]]) -> Iterator[str]:
        """The hashes of those (path, hash, mark) whose mark is another by now."""

    def at_once(self, paths: Iterable[str], /) -> Self:
        """The same, with all that will be asked of these paths asked at once, and now."""

    def read_at_once(self, paths: Iterable[str], /) -> Self:
        """As `at_once`, and with their bytes hashed."""

    def files(self) -> Iterator[KeptFile]:
        """All that lies in the places and has the names of images and thumbnails, in no order."""

    # Reading, removal, the manifest.

    def body(self, image: ImageFacts) -> AbstractAsyncContextManager[bytes | Path]:
        """An image's bytes, or a file that has them for as long as the context lasts."""

    def read_all(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """The bytes of each, in this order; None for what is not there."""

    def holdings(self, thumbnails: Mapping[str, ThumbnailSettings], *, redirect: bool) -> Holdings:
        """What a service hands out; `redirect`: by URLs of the store, where it has any."""

    def remove(self, image: ImageFacts) -> None:
        """Delete an image and its thumbnails, whose removal from the index is committed."""

    def drop(self, *paths: str) -> None:
        """Delete what is there of these."""

    def read_manifest(self) -> bytes:
        """The bytes of manifest.json; b"" when there is none."""

    def manifest_begins(self, head: str) -> bool:
        """Whether there is a manifest with this beginning."""

    def write_manifest(self, lines: Iterable[str]) -> bool:
        """Replace manifest.json, durably; False when it already had this content."""


def storage_of(cache: CacheSettings) -> Storage:
    """The storage that is configured; nothing is asked of it yet.

    Raises ConfigError where the extra is missing, or what the environment says can't be used.
    """
    if isinstance(cache.dir, BucketUrl):
        try:
            from imgcache.edge.cache.objects.bucket import open_bucket  # noqa: PLC0415  an extra
            from imgcache.edge.cache.objects.store import ObjectStore  # noqa: PLC0415
        except ModuleNotFoundError as exc:
            if exc.name != "obstore":
                raise
            raise ConfigError(
                f"cache.dir = {str(cache.dir)!r}: object stores need more than is installed: "
                "pip install 'imgcache[cloud]'"
            ) from exc
        return ObjectStore(open_bucket(cache.dir), cache.home)
    return Store(cache.dir, cache.index)
