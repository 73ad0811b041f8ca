"""Integrity of cached files for readers: hashed where the identity is another than when hashed.

A file that is the one that was hashed costs an `lstat`: so do 60,000 of them, not their bytes.
"""

from __future__ import annotations

from msgspec.structs import replace

from imgcache.edge.cache.storage import Storage
from imgcache.facts import ImageFacts, ThumbnailFacts


def is_sound(store: Storage, image: ImageFacts) -> bool:
    """Whether the image's file was hashed as it is, or is hashed now and found right.

    Raises LocalError where it can't be read.
    """
    known = store.was_hashed(image)
    return known is not None and (known or is_intact(store, image))


def is_intact(store: Storage, image: ImageFacts) -> bool:
    """Whether the image's file holds the right bytes: all are read. Raises LocalError as above."""
    return store.hashed_image(image) is not None


def with_thumbnails(store: Storage, image: ImageFacts) -> ImageFacts:
    """The image with those of its thumbnails that are there, by their length."""
    there = tuple(
        one for one in image.thumbnails if store.thumbnail_bytes(image.sha256, one) == one.bytes
    )
    return image if there == image.thumbnails else replace(image, thumbnails=there)


def unsound_thumbnails(store: Storage, image: ImageFacts) -> tuple[ThumbnailFacts, ...]:
    """Those of its thumbnails that do not hold the recorded bytes: size and mtime, else the hash.

    Of one that only the manifest lists no more is known than that it is there. Raises LocalError.
    """
    sound = {one.name for one in store.sound_thumbnails(image)}
    return tuple(one for one in image.thumbnails if one.digest and one.name not in sound)
