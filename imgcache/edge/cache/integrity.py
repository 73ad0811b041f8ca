"""Integrity of cached files for readers: hashed where the identity is another than when hashed.

A file that is the one that was hashed costs an `lstat`: so do 60,000 of them, not their bytes.
"""

from __future__ import annotations

from msgspec.structs import replace

from imgcache.edge.cache.store import Store
from imgcache.edge.safe_fs import Identity, mark_of
from imgcache.facts import ImageFacts, ThumbnailFacts


def is_sound(store: Store, image: ImageFacts) -> bool:
    """Whether the image's file was hashed as it is, or is hashed now and found right.

    Raises LocalError where it can't be read.
    """
    identity = store.identity(image)
    return identity is not None and (was_hashed(image, identity) or is_intact(store, image))


def is_intact(store: Store, image: ImageFacts) -> bool:
    """Whether the image's file holds the right bytes: all are read. Raises LocalError as above."""
    return store.hashed_image(image) is not None


def was_hashed(image: ImageFacts, identity: Identity) -> bool:
    """Whether the index knows that a file of this identity holds the image's bytes."""
    _, _, size, mtime_ns, _ = identity
    recorded = (image.bytes, image.mtime_ns, image.hashed)
    return recorded == (size, mtime_ns, mark_of(identity))


def with_thumbnails(store: Store, image: ImageFacts) -> ImageFacts:
    """The image with those of its thumbnails that are there, by their length."""
    there = tuple(
        one for one in image.thumbnails if store.thumbnail_bytes(image.sha256, one) == one.bytes
    )
    return image if there == image.thumbnails else replace(image, thumbnails=there)


def unsound_thumbnails(store: Store, image: ImageFacts) -> tuple[ThumbnailFacts, ...]:
    """Those of its thumbnails that do not hold the recorded bytes: size and mtime, else the hash.

    Of one that only the manifest lists no more is known than that it is there. Raises LocalError.
    """
    sound = {one.name for one in store.sound_thumbnails(image)}
    return tuple(one for one in image.thumbnails if one.digest and one.name not in sound)
