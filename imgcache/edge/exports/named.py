"""Copies that the articles of a run name, as far as their files are sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from imgcache.core.cache.manifest import Row
from imgcache.edge.catalog import documents
from imgcache.edge.catalog.articles import stored
from imgcache.edge.catalog.database import Catalog
from imgcache.facts import ImageFacts

_NAMED = "SELECT url FROM run_entries WHERE url IS NOT NULL"
_IMAGES = f"""
    SELECT seen FROM copies
    WHERE seen IS NOT NULL AND sha256 IN (SELECT copy FROM urls WHERE id IN ({_NAMED}))
    ORDER BY sha256"""
# The texts of the copies are long: they are looked up when the rest is sorted.
_ROWS = """
    SELECT written, (SELECT seen FROM copies WHERE sha256 = copy)
    FROM (SELECT DISTINCT written, copy FROM run_entries JOIN urls ON urls.id = url
          WHERE written IS NOT NULL AND copy IS NOT NULL ORDER BY written)"""
_LACKING = f"""
    SELECT count(*) FROM urls WHERE id IN ({_NAMED})
    AND NOT EXISTS (SELECT 1 FROM copies WHERE sha256 = copy AND seen IS NOT NULL)"""
_HASHES = f"""
    SELECT sha256 FROM copies
    WHERE seen IS NOT NULL AND sha256 IN (SELECT copy FROM urls WHERE id IN ({_NAMED}))"""
_SEEN = "SELECT seen FROM copies WHERE sha256 = ?"
_FILES = "SELECT path, identity FROM files WHERE sha256 = ?"
_PUT_FILE = "UPDATE files SET identity = ? WHERE sha256 = ? AND path = ?"
_LOOK_AGAIN = "UPDATE copies SET looked = 0 WHERE sha256 = ?"
_FACTS = "SELECT facts FROM copies WHERE sha256 = ?"
_PUT_COPY = "UPDATE copies SET facts = ?, seen = ? WHERE sha256 = ?"


def images(catalog: Catalog) -> Iterator[ImageFacts]:
    """The images, each once, by their hashes."""
    return (documents.image_facts(seen) for (seen,) in catalog.each(_IMAGES))


def rows(catalog: Catalog) -> Iterator[Row]:
    """The same by the URLs as the articles spell them, sorted by these."""
    for written, seen in catalog.each(_ROWS):
        if seen is not None:
            yield Row(stored(written), documents.image_facts(seen))


def lacking(catalog: Catalog) -> int:
    """How many URLs have no sound copy."""
    found: int = catalog.value(_LACKING)
    return found


def hashes(catalog: Catalog) -> list[str]:
    """The hashes of the images."""
    return [row[0] for row in catalog.rows(_HASHES)]


class LookedAt(NamedTuple):
    """A sound image, and how each of its files was when that was found (path and identity)."""

    seen: ImageFacts
    files: tuple[tuple[str, str], ...]


def looked_at(catalog: Catalog, sha256s: Iterable[str]) -> Iterator[LookedAt]:
    """Some images and their files."""
    for sha256 in sha256s:
        for (seen,) in catalog.rows(_SEEN, (sha256,)):
            files = catalog.rows(_FILES, (sha256,))
            yield LookedAt(documents.image_facts(seen), tuple((path, was) for path, was in files))


class FileNow(NamedTuple):
    """A cached file of an image, and its identity as text."""

    sha256: str
    path: str
    identity: str


def note_files(catalog: Catalog, files: Iterable[FileNow], images: Iterable[ImageFacts]) -> None:
    """Note that files are the same under other identities, and the facts of images with theirs.

    No verdict depends on that: nothing has to be judged again.
    """
    with catalog.together():
        catalog.many(_PUT_FILE, ((one.identity, one.sha256, one.path) for one in files))
        for image in images:
            ((facts,),) = catalog.rows(_FACTS, (image.sha256,))
            held = replace(
                documents.image_facts(facts), mtime_ns=image.mtime_ns, hashed=image.hashed
            )
            texts = documents.image_text(held), documents.image_text(image)
            catalog.many(_PUT_COPY, [(*texts, image.sha256)])


def look_again(catalog: Catalog, sha256s: Iterable[str]) -> None:
    """Have a refresh look at the files of some images: some of them are not sound."""
    with catalog.together():
        catalog.many(_LOOK_AGAIN, ((sha256,) for sha256 in sha256s))
