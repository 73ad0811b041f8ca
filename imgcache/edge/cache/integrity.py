"""Whether cached files are sound by their hash, each hashed again only when it has changed.

For readers that live long: a second look at 60,000 files costs their `lstat`, not their bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from imgcache.edge.cache.store import Store
from imgcache.facts import ImageFacts

# More would only queue up at the disk.
_THREADS = 4
_Identity = tuple[int, ...]


class IntegrityChecker:
    """Remembers which files of `store` were found sound. Used by one thread at a time.

    What is not inspected between two calls of `begin` is forgotten. Raises LocalError where a
    file can't be looked at.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, tuple[_Identity, bool]] = {}
        self._before: dict[str, tuple[_Identity, bool]] = {}

    def begin(self) -> None:
        """A new look at everything begins."""
        self._before, self._known = self._known, {}

    def inspect(self, images: Iterable[ImageFacts]) -> dict[str, ImageFacts]:
        """Those images whose files hold the right bytes, by hash, with the thumbnails they have."""
        wanted = list(images)
        self._learn(wanted)
        return {one.sha256: self._with_thumbnails(one) for one in wanted if self._is_sound(one)}

    def _learn(self, images: Iterable[ImageFacts]) -> None:
        """Hash what was not hashed yet as it is now, some at once: hashing lets others run."""
        changed: list[tuple[ImageFacts, _Identity]] = []
        for image in images:
            identity, known = self._store.identity(image), self._before.get(image.sha256)
            if identity is not None and known is not None and known[0] == identity:
                self._known[image.sha256] = known
            elif identity is not None:
                changed.append((image, identity))
        with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as threads:
            found = threads.map(self._store.is_intact, [image for image, _ in changed])
            for (image, identity), intact in zip(changed, found, strict=True):
                # Named by what was there before the hashing: a change meanwhile is seen next time.
                self._known[image.sha256] = (identity, intact)

    def _is_sound(self, image: ImageFacts) -> bool:
        return image.sha256 in self._known and self._known[image.sha256][1]

    def _with_thumbnails(self, image: ImageFacts) -> ImageFacts:
        there = tuple(
            one
            for one in image.thumbnails
            if self._store.thumbnail_bytes(image.sha256, one) == one.bytes
        )
        return image if there == image.thumbnails else replace(image, thumbnails=there)
