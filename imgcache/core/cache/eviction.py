"""What makes room when the cache has reached `cache.max_bytes`: images that no URL points to."""

from __future__ import annotations

from collections.abc import Iterable

from imgcache.facts import ImageFacts


def to_evict(orphans: Iterable[ImageFacts], excess: int) -> tuple[ImageFacts, ...]:
    """The first of `orphans` (oldest first) that together free at least `excess` bytes.

    All of them when even that is not enough.
    """
    chosen: list[ImageFacts] = []
    for image in orphans:
        if excess <= 0:
            break
        chosen.append(image)
        excess -= weight(image)
    return tuple(chosen)


def weight(image: ImageFacts) -> int:
    """The bytes that an image and its thumbnails take in the cache."""
    return image.bytes + sum(thumbnail.bytes for thumbnail in image.thumbnails)
