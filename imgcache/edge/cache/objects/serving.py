"""Access to cached objects for serving: streamed from the bucket, or by signed URLs.

As with files, one is handed out only when its bytes are what its name says, or, for a thumbnail, an
image: they are read once for each ETag. All methods block: call them in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from imgcache.config import ThumbnailSettings
from imgcache.core.images.sniff import ENOUGH, sniff
from imgcache.edge.cache.objects.bucket import Bucket, Meta
from imgcache.edge.cache.serving import IMAGE_SUFFIXES, SHA256, suffixes
from imgcache.model import Format

# Paths and hashes kept in memory, some hundred bytes each, of what is requested again.
_REMEMBERED = 100_000
# Bytes that are asked for at once, and kept while a client takes them.
_AHEAD = 1 << 20
# So long a signed URL leads somewhere, in seconds.
VALID = 600

K = TypeVar("K")
V = TypeVar("V")


class _Known(Struct, frozen=True):
    """What was found out about the object with one ETag: None where it is no image."""

    mark: str
    format: Format | None
    sha256: str


class OpenObject:
    """A cached object to be sent: read ahead, so that a picture takes one request or few.

    `url()` is for whoever is told to redirect.
    """

    def __init__(self, bucket: Bucket, path: str, meta: Meta, known: _Known, data: bytes) -> None:
        """`data`: its first bytes, as far as they are known already."""
        assert known.format is not None  # noqa: S101  others are not handed out
        self._bucket = bucket
        self._path = path
        self._tag = meta.tag
        self._start, self._data = 0, data
        self.size = meta.size
        self.format = known.format
        self.sha256 = known.sha256

    def url(self) -> str | None:
        """A signed URL, where it may be sent away: an SVG needs headers of ours to be harmless."""
        return None if self.format is Format.SVG else self._bucket.signed(self._path, VALID)

    def read(self, start: int, length: int) -> bytes:
        """Some of its bytes. Raises LocalError, also where it is another object by now."""
        end = min(start + length, self.size)
        if not self._start <= start <= end <= self._start + len(self._data):
            ahead = min(max(length, _AHEAD), self.size - start)
            self._data = self._bucket.part(self._path, start, ahead, self._tag) if ahead else b""
            self._start = start
        return self._data[start - self._start : end - self._start]

    def close(self) -> None:
        """Give up what was read ahead."""
        self._data = b""


class CachedObjects:
    """The images and thumbnails of a bucket, by the hash of the original."""

    def __init__(
        self, bucket: Bucket, thumbnails: Mapping[str, ThumbnailSettings], *, redirect: bool
    ) -> None:
        """`thumbnails` are the configured ones; no other name reaches the store."""
        self._bucket = bucket
        self._redirect = redirect
        self._thumbnails = suffixes(thumbnails)
        self._paths: dict[tuple[str, str], str] = {}
        self._known: dict[str, _Known] = {}

    def origin(self) -> str | None:
        """Where signed URLs lead to. Raises LocalError."""
        if not self._redirect:
            return None
        parts = urlsplit(self._bucket.signed("images", VALID))
        return f"{parts.scheme}://{parts.netloc}"

    def image(self, sha256: str) -> OpenObject | None:
        """The original with this hash; None where there is no sound one, or `sha256` is no hash."""
        held = self._open("images", sha256, IMAGE_SUFFIXES)
        return held if held is not None and held.sha256 == sha256 else None

    def thumbnail(self, name: str, sha256: str) -> OpenObject | None:
        """The thumbnail of this name of the original with this hash, as above."""
        if name not in self._thumbnails:
            return None
        return self._open(f"thumbs/{name}", sha256, self._thumbnails[name])

    def _open(self, folder: str, sha256: str, endings: Iterable[str]) -> OpenObject | None:
        if SHA256.fullmatch(sha256) is None:
            return None
        found = self._found(folder, sha256, endings)
        if found is None:
            return None
        path, meta = found
        known, data = self._known.get(path), b""
        if known is None or known.mark != meta.mark:
            read = self._bucket.begun(path, _AHEAD)
            if read is None:
                return None
            data, digest, meta = read
            known = _Known(meta.mark, sniff(data[:ENOUGH]).format, digest)
            _remember(self._known, path, known)
        if known.format is None:
            return None
        return OpenObject(self._bucket, path, meta, known, data)

    def _found(self, folder: str, sha256: str, endings: Iterable[str]) -> tuple[str, Meta] | None:
        """The first suffix under which something is; the one of the last time is tried first."""
        above, last = f"{folder}/{sha256[:2]}", self._paths.get((folder, sha256))
        paths = [f"{above}/{sha256}.{ending}" for ending in endings]
        for path in dict.fromkeys([*([last] if last else []), *paths]):
            meta = self._bucket.head(path)
            if meta is not None:
                _remember(self._paths, (folder, sha256), path)
                return path, meta
        return None


def _remember(memory: dict[K, V], key: K, value: V) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value
