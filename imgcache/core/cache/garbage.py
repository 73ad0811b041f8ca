"""Garbage rules of the cache: which URLs, spellings, images and files no article needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct

from imgcache.core.cache.layout import content_paths
from imgcache.facts import Earlier, ImageFacts
from imgcache.model import Verdict

_NANO = 1_000_000_000


class UrlStatus(NamedTuple):
    """How a URL (normalised) stands in the index; `tried_at` in POSIX seconds.

    `copy` is the hash of its copy, `failed` how its last try failed; None where there is none.
    `earlier` are the copies that it had before.
    """

    url: str
    tried_at: float
    copy: str | None
    failed: Verdict | None
    earlier: tuple[Earlier, ...] = ()


class NamedUrls(Struct, frozen=True):
    """What the articles name: URLs as they are normalised, and as they are written."""

    urls: Collection[str]
    spellings: Collection[str]


class Garbage(Struct, frozen=True):
    """URLs and spellings to forget; `kept` are the hashes of images that a kept URL has, or had."""

    urls: tuple[str, ...]
    spellings: tuple[str, ...]
    kept: frozenset[str]


def mentioned(text: str, spellings: Mapping[str, str]) -> NamedUrls:
    """The recorded URLs that stand in a text: what looks like a broken article may name them."""
    if "//" not in text:
        return NamedUrls(frozenset(), frozenset())
    found = {spelling: url for spelling, url in spellings.items() if spelling in text}
    return NamedUrls(frozenset(found.values()), frozenset(found))


def find_garbage(
    url_statuses: Iterable[UrlStatus],
    spellings: Mapping[str, str],
    named: NamedUrls,
    before: float,
    replaced_before: float,
) -> Garbage:
    """Sort out the URLs that no article names and that were last tried before `before`.

    A spelling goes with its URL, or when the articles spell their URL otherwise by now.

    Args:
        url_statuses: All URLs of the index.
        spellings: The normalised URL by each recorded spelling.
        named: What the articles name.
        before: In POSIX seconds.
        replaced_before: Until then a replaced picture has to have been kept. In POSIX seconds.
    """
    urls, kept, spared = [], set(), set()
    for one in url_statuses:
        if one.url not in named.urls and one.tried_at < before:
            urls.append(one.url)
            continue
        if one.url not in named.urls:
            spared.add(one.url)
        if one.copy is not None:
            kept.add(one.copy)
        kept.update(old.sha256 for old in one.earlier if old.replaced_at >= replaced_before)
    unnamed = (
        spelling
        for spelling, url in spellings.items()
        if spelling not in named.spellings and url not in spared
    )
    return Garbage(tuple(urls), tuple(unnamed), frozenset(kept))


def unreferenced(
    images: Iterable[ImageFacts], kept: Collection[str], before: float
) -> Iterator[ImageFacts]:
    """The images that no kept URL points to, and whose files are older than `before`."""
    return (one for one in images if one.sha256 not in kept and is_older(one.mtime_ns, before))


def known_paths(images: Iterable[ImageFacts]) -> set[str]:
    """The files of some images; any other file in the cache belongs to no image."""
    return {path for image in images for path in content_paths(image)}


def is_older(mtime_ns: int, before: float) -> bool:
    """Whether a file was last written before that time."""
    return mtime_ns < before * _NANO


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
