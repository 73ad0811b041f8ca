"""Bucket of an object store: objects by path, one request each; errors are LocalError.

The only module that talks to obstore, which reads credentials and addresses from the environment
(AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME and
the like). All of it blocks: call it in a thread; several threads may.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import obstore
from msgspec import Struct
from obstore import exceptions
from obstore.store import AzureStore, GCSStore, S3Store

from imgcache.edge.cache.objects.troubles import StrangeNameError, missing_bucket, told
from imgcache.errors import ConfigError, LocalError
from imgcache.units import BucketUrl

if TYPE_CHECKING:
    from obstore import Attributes, GetOptions, ObjectMeta
    from obstore.store import ClientConfig, RetryConfig

_CLASSES: dict[str, Any] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
_RETRY: RetryConfig = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {"init_backoff": timedelta(milliseconds=200), "max_backoff": timedelta(seconds=5)},
}
# The index of a large site takes its time; a store that says nothing does not get it.
_CLIENT: ClientConfig = {"connect_timeout": "5s", "read_timeout": "120s", "timeout": "30m"}
# obstore's own word for it; it is not looked at where other options are given.
_PLAIN = {"s3": "AWS_ALLOW_HTTP", "gs": "GOOGLE_ALLOW_HTTP", "az": "AZURE_ALLOW_HTTP"}
# As many as one page of a list has.
_PAGE = 1000
_BLOCK = 1 << 20


class Meta(Struct, frozen=True):
    """An object as it is now: its length, its ETag as it was sent, when it was written (ns)."""

    size: int
    tag: str
    mtime_ns: int

    @property
    def mark(self) -> str:
        """What changes when the object does. Some stores quote it in one answer and not in all."""
        return self.tag.removeprefix("W/").strip('"') or str(self.mtime_ns)


class Bucket:
    """The objects below a prefix."""

    def __init__(self, url: BucketUrl, store: Any) -> None:
        self.url = url
        self._store = store
        self._is_certain = False
        self._creates = True

    def require(self) -> None:
        """Ask whether the bucket is there and may be read. Raises LocalError."""
        # A list with a strange name is an answer, too.
        with suppress(StrangeNameError), told(self.url, "the images"):
            try:
                next(iter(obstore.list(self._store, "images", chunk_size=1)), None)
            except FileNotFoundError:
                raise missing_bucket(self.url) from None
        self._is_certain = True

    def head(self, path: str) -> Meta | None:
        """An object without its bytes; None where there is none."""
        try:
            with told(self.url, path):
                return _meta(obstore.head(self._store, path))
        except FileNotFoundError:
            self._check_absence()
            return None

    def create(self, path: str, body: bytes | Path, media_type: str) -> Meta | None:
        """Make a new object; None where one is there.

        Where the store knows no such condition, it is written whatever is there: what is made
        here is named by its hash.
        """
        if self._creates:
            try:
                return self._put(path, body, media_type, mode="create", use_multipart=False)
            except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
                return None
            except NotImplementedError:
                self._creates = False
        return self.replace(path, body, media_type)

    def replace(self, path: str, body: bytes | Path, media_type: str) -> Meta:
        """Write an object, whatever is there; all of it, or nothing."""
        return self._put(path, body, media_type, mode="overwrite", use_multipart=False)

    def upload(self, path: str, file: Path, media_type: str) -> Meta:
        """As `replace`, of a file of any length: a large one is sent in parts."""
        return self._put(path, file, media_type, mode="overwrite")

    def _put(self, path: str, body: bytes | Path, media_type: str, **how: Any) -> Meta:
        attributes: Attributes = {"Content-Type": media_type}
        with told(self.url, path):
            try:
                made = obstore.put(self._store, path, body, attributes=attributes, **how)
            except FileNotFoundError:
                raise missing_bucket(self.url) from None
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
        if made["e_tag"]:
            return Meta(size, made["e_tag"], time.time_ns())
        return self.head(path) or Meta(size, "", time.time_ns())

    def read(self, path: str) -> tuple[bytes, Meta] | None:
        """An object with its bytes; None where there is none."""
        try:
            with told(self.url, path):
                found = obstore.get(self._store, path)
                return bytes(found.bytes()), _meta(found.meta)
        except FileNotFoundError:
            self._check_absence()
            return None

    def digest(self, path: str) -> tuple[str, Meta] | None:
        """An object with the SHA-256 of its bytes, which are all read; None as above."""
        found = self.begun(path, 0)
        return found and (found[1], found[2])

    def begun(self, path: str, most: int) -> tuple[bytes, str, Meta] | None:
        """An object's first bytes, and as `digest`; of any length, as others may write there."""
        hashed, first = hashlib.sha256(), b""
        try:
            with told(self.url, path):
                found = obstore.get(self._store, path)
                for block in found.stream(min_chunk_size=_BLOCK):
                    hashed.update(block)
                    if len(first) < most:
                        first += bytes(block)[: most - len(first)]
                return first, hashed.hexdigest(), _meta(found.meta)
        except FileNotFoundError:
            self._check_absence()
            return None

    def part(self, path: str, start: int, length: int, tag: str) -> bytes:
        """Some bytes of the object that has this ETag; LocalError if it is another by now."""
        options: GetOptions = {"range": (start, start + length)}
        if tag:
            options["if_match"] = tag
        try:
            with told(self.url, path):
                return bytes(obstore.get(self._store, path, options=options).bytes())
        except (FileNotFoundError, exceptions.PreconditionError):
            raise LocalError(f"{self.url}: {path}: it was changed while it was read") from None

    def download(self, path: str, target: Path) -> bool:
        """Write an object to a new file; False where there is none."""
        try:
            with told(self.url, path):
                found = obstore.get(self._store, path)
                with target.open("xb") as file:
                    for block in found.stream(min_chunk_size=_BLOCK):
                        file.write(block)
                return True
        except FileNotFoundError:
            self._check_absence()
            return False

    def listed(self, folder: str, behind: str | None = None) -> Iterator[tuple[str, Meta]]:
        """All objects below a folder, in the order of their paths, from one path on.

        Raises StrangeNameError, a LocalError, where one is no path.
        """
        with told(self.url, folder):
            for some in obstore.list(self._store, folder, offset=behind, chunk_size=_PAGE):
                for one in some:
                    yield one["path"], _meta(one)

    def delete(self, paths: Sequence[str]) -> None:
        """Delete objects, where they are there."""
        for start in range(0, len(paths), _PAGE):
            with told(self.url, "a deletion"):
                try:
                    obstore.delete(self._store, paths[start : start + _PAGE])
                except FileNotFoundError:
                    self._check_absence()

    def signed(self, path: str, seconds: int) -> str:
        """A URL under which anybody can read an object for so long."""
        with told(self.url, path):
            return obstore.sign(self._store, "GET", path, timedelta(seconds=seconds))

    def _check_absence(self) -> None:
        """What is not there is believed only once the bucket was seen: both are a 404."""
        if not self._is_certain:
            self.require()


def open_bucket(url: BucketUrl) -> Bucket:
    """The bucket at a URL; nothing is asked yet. Raises ConfigError for a wrong environment."""
    is_plain = os.environ.get(_PLAIN[url.scheme], "").lower() in {"1", "true"}
    try:
        made = _CLASSES[url.scheme](
            url.bucket,
            prefix=url.prefix or None,
            retry_config=_RETRY,
            client_options=_CLIENT | {"allow_http": is_plain},
        )
    except (exceptions.BaseError, ValueError) as exc:
        hint = " (no account is named)" if "ccount must be specified" in str(exc) else ""
        raise ConfigError(
            f"cache.dir = {str(url)!r}: what the environment says of this object store can't be "
            f"used{hint}; see docs/object-stores.md"
        ) from None
    return Bucket(url, made)


def _meta(found: ObjectMeta) -> Meta:
    written = round(found["last_modified"].timestamp() * 1000) * 1_000_000
    return Meta(found["size"], found["e_tag"] or "", written)
