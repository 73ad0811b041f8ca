"""Integrity check of cached files for readers: a file is hashed where its identity is a new one.

A file that is the one that was hashed, by the index or by an earlier check, costs an `lstat`: so
do 60,000 of them, not their bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from imgcache.edge.cache.store import Store
from imgcache.edge.safe_fs import Identity, mark_of
from imgcache.facts import ImageFacts

# More would only queue up at the disk.
_THREADS = 4


def is_sound(store: Store, image: ImageFacts) -> bool:
    """Whether the image's file was hashed as it is, or is hashed now and found right.

    Raises LocalError where it can't be read.
    """
    identity = store.identity(image)
    return identity is not None and (_was_hashed(image, identity) or is_intact(store, image))


def is_intact(store: Store, image: ImageFacts) -> bool:
    """Whether the image's file holds the right bytes: all are read. Raises LocalError as above."""
    return store.hashed_image(image) is not None


def _was_hashed(image: ImageFacts, identity: Identity) -> bool:
    """Whether the index knows that a file of this identity holds the image's bytes."""
    _, _, size, mtime_ns, _ = identity
    recorded = (image.bytes, image.mtime_ns, image.hashed)
    return recorded == (size, mtime_ns, mark_of(identity))


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
        """Those images whose files are sound as in `is_sound`, with the thumbnails they have."""
        wanted = list(images)
        self._hash_changed(wanted)
        return {one.sha256: self._with_thumbnails(one) for one in wanted if self._is_sound(one)}

    def _hash_changed(self, images: Iterable[ImageFacts]) -> None:
        """Hash files of a new identity, some at once: hashing releases the GIL."""
        changed: list[tuple[ImageFacts, Identity]] = []
        for image in images:
            identity, earlier = self._store.identity(image), self._before.get(image.sha256)
            if identity is None:
                continue
            if _was_hashed(image, identity):
                self._checked[image.sha256] = (identity, True)
            elif earlier is not None and earlier[0] == identity:
                self._checked[image.sha256] = earlier
            else:
                changed.append((image, identity))
        with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as threads:
            found = threads.map(partial(is_intact, self._store), [image for image, _ in changed])
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
