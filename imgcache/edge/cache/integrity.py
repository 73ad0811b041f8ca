"""Integrity check of cached files by hash; a file is hashed again only when it has changed.

For long-lived readers: a second check of 60,000 files costs an `lstat` each, not their bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from imgcache.edge.cache.store import Store
from imgcache.edge.safe_fs import Identity
from imgcache.facts import ImageFacts

# More would only queue up at the disk.
_THREADS = 4


class IntegrityChecker:
    """Remembers which files of `store` were found sound. Used by one thread at a time.

    A file that is not inspected between two calls of `begin` is forgotten. Raises LocalError where
    a file can't be read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._checked: dict[str, tuple[Identity, bool]] = {}
        self._before: dict[str, tuple[Identity, bool]] = {}

    def begin(self) -> None:
        """Begin a new check of all files."""
        self._before, self._checked = self._checked, {}

    def inspect(self, images: Iterable[ImageFacts]) -> dict[str, ImageFacts]:
        """Those images whose files hold the right bytes, by hash, with the thumbnails they have."""
        wanted = list(images)
        self._hash_changed(wanted)
        return {one.sha256: self._with_thumbnails(one) for one in wanted if self._is_sound(one)}

    def _hash_changed(self, images: Iterable[ImageFacts]) -> None:
        """Hash files that are new or changed, some at once: hashing releases the GIL."""
        changed: list[tuple[ImageFacts, Identity]] = []
        for image in images:
            identity, earlier = self._store.identity(image), self._before.get(image.sha256)
            if identity is not None and earlier is not None and earlier[0] == identity:
                self._checked[image.sha256] = earlier
            elif identity is not None:
                changed.append((image, identity))
        with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as threads:
            found = threads.map(self._store.is_intact, [image for image, _ in changed])
            for (image, identity), intact in zip(changed, found, strict=True):
                # The identity from before the hashing: a change meanwhile is seen next time.
                self._checked[image.sha256] = (identity, intact)

    def _is_sound(self, image: ImageFacts) -> bool:
        return image.sha256 in self._checked and self._checked[image.sha256][1]

    def _with_thumbnails(self, image: ImageFacts) -> ImageFacts:
        there = tuple(
            one
            for one in image.thumbnails
            if self._store.thumbnail_bytes(image.sha256, one) == one.bytes
        )
        return image if there == image.thumbnails else replace(image, thumbnails=there)
