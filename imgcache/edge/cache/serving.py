"""Access to cached files for serving; nothing outside the cache is ever opened.

A file is handed out only when its bytes are what its name says, or, for a thumbnail, an image. All
methods block on the disk: call them in a thread.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from imgcache.config import ThumbnailSettings
from imgcache.core.images.sniff import ENOUGH, sniff
from imgcache.core.images.thumbnail_plan import SUFFIXES, suffix
from imgcache.edge.safe_fs import (
    Identity,
    digest_of,
    identity_of,
    local_errors,
    open_existing,
    open_folder,
)
from imgcache.model import Format

SHA256 = re.compile(r"[0-9a-f]{64}")
IMAGE_SUFFIXES = tuple(fmt.suffix for fmt in Format)
# Nothing there, or a symbolic link.
_NO_FOLDER = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
# Hashes kept in memory, a hundred bytes each, for files that are requested again.
_REMEMBERED = 100_000


class Held(Protocol):
    """A cached picture to be sent; the caller closes it. `sha256` is that of its own bytes."""

    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def format(self) -> Format: ...  # noqa: D102
    @property
    def sha256(self) -> str: ...  # noqa: D102

    def url(self) -> str | None:
        """Where a browser gets it from somebody else, for a while; None: send its bytes."""

    def read(self, start: int, length: int) -> bytes:
        """Some of its bytes. Raises LocalError."""

    def close(self) -> None:
        """Give up what it holds."""


class Holdings(Protocol):
    """The images and thumbnails of a cache, by the hash of the original. Raises LocalError."""

    def image(self, sha256: str) -> Held | None:
        """The original with this hash; None where there is no sound one, or `sha256` is no hash."""

    def thumbnail(self, name: str, sha256: str) -> Held | None:
        """The thumbnail of this name of the original with this hash, as above."""

    def origin(self) -> str | None:
        """Where URLs lead to that they give out, as `https://host`; None where they give none."""


class OpenFile(Struct, frozen=True):
    """An open cached file; the caller closes it. `sha256` is that of its own bytes."""

    file: int
    size: int
    format: Format
    sha256: str

    def read(self, start: int, length: int) -> bytes:
        """Some of its bytes. Raises LocalError where the disk fails."""
        with local_errors("an image"):
            return os.pread(self.file, length, start)

    def url(self) -> str | None:
        """It has none of its own: its bytes are sent."""
        return None

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self.file)


def suffixes(thumbnails: Mapping[str, ThumbnailSettings]) -> dict[str, tuple[str, ...]]:
    """The suffixes that each thumbnail may have; no other name is ever looked for.

    One of an earlier format may still exist; the configured one comes first.
    """
    return {
        name: (suffix(how.format), *sorted(SUFFIXES - {suffix(how.format)}))
        for name, how in thumbnails.items()
    }


class CachedFiles:
    """The images and thumbnails of the cache folder `root`, by the hash of the original."""

    def __init__(self, root: Path, thumbnails: Mapping[str, ThumbnailSettings]) -> None:
        """`thumbnails` are the configured ones; no other name reaches the file system."""
        self._root = root
        self._thumbnails = suffixes(thumbnails)
        self._hashes: dict[Identity, str] = {}

    def image(self, sha256: str) -> OpenFile | None:
        """The original with this hash; None where there is no sound one, or `sha256` is no hash."""
        held = self._open(sha256, IMAGE_SUFFIXES, "images")
        if held is not None and held.sha256 != sha256:
            held.close()
            return None
        return held

    def thumbnail(self, name: str, sha256: str) -> OpenFile | None:
        """The thumbnail of this name of the original with this hash, as above."""
        if name not in self._thumbnails:
            return None
        return self._open(sha256, self._thumbnails[name], "thumbs", name)

    def origin(self) -> None:
        """Files have no URLs."""

    def _open(self, sha256: str, endings: Collection[str], *folders: str) -> OpenFile | None:
        if SHA256.fullmatch(sha256) is None:
            return None
        with local_errors("/".join(folders)):
            try:
                with open_folder(self._root, *folders, sha256[:2]) as folder:
                    names = (f"{sha256}.{ending}" for ending in endings)
                    files = (open_existing(folder, name) for name in names)
                    file = next((one for one in files if one is not None), None)
            except OSError as exc:
                if exc.errno in _NO_FOLDER:
                    return None
                raise
            return None if file is None else self._held(file)

    def _held(self, file: int) -> OpenFile | None:
        """The open file, if it is an image that browsers show; else it is closed."""
        try:
            fmt = sniff(os.pread(file, ENOUGH, 0)).format
            if fmt is not None:
                return OpenFile(file, os.fstat(file).st_size, fmt, self._hash(file))
        except BaseException:
            os.close(file)
            raise
        os.close(file)
        return None

    def _hash(self, file: int) -> str:
        identity = identity_of(os.fstat(file))
        digest = self._hashes.get(identity)
        if digest is None:
            digest = digest_of(file)
            if len(self._hashes) >= _REMEMBERED:
                self._hashes.clear()
            self._hashes[identity] = digest
        return digest
