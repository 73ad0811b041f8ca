"""Queries over the whole index, and removal of URLs; index.py has the queries by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from imgcache.core.cache.garbage import UrlStatus
from imgcache.edge.index import changes
from imgcache.edge.index.index import Index
from imgcache.edge.index.rows import earlier_of
from imgcache.facts import ImageFacts
from imgcache.model import FileTotals, Verdict

_BATCH = 500
_KEYS = "SELECT sha256 FROM images WHERE sha256 > ? ORDER BY sha256 LIMIT ?"
_STATUSES = "SELECT url, tried_at, copy, json_extract(failure, '$.verdict'), earlier FROM urls"
_BY_FORMAT = "SELECT format, count(*), sum(bytes) FROM images GROUP BY format ORDER BY format"
_BY_NAME = "SELECT name, count(*), sum(bytes) FROM thumbnails GROUP BY name ORDER BY name"

_LACKING = """
    SELECT sha256 FROM images
    WHERE sha256 > ? AND format <> 'svg' AND (dhash = ''{}) ORDER BY sha256 LIMIT ?"""
_LACKS_ONE = """
    OR NOT EXISTS (
        SELECT 1 FROM thumbnails t WHERE t.sha256 = images.sha256 AND name = ? AND recipe = ?)"""


def images_after(index: Index, sha256: str = "") -> list[ImageFacts]:
    """The next few images by hash; none when there are no more."""
    keys = [row[0] for row in index.rows(_KEYS, (sha256, _BATCH))]
    found = index.images(keys)
    return [found[key] for key in keys]


def images(index: Index) -> Iterator[ImageFacts]:
    """All images, by hash."""
    batch = images_after(index)
    while batch:
        yield from batch
        batch = images_after(index, batch[-1].sha256)


def url_statuses(index: Index) -> Iterator[UrlStatus]:
    """The status of each URL."""
    for url, tried_at, copy, verdict, earlier in index.rows(_STATUSES):
        failed = Verdict(verdict) if verdict else None
        yield UrlStatus(url, tried_at, copy, failed, earlier_of(earlier))


def spellings(index: Index) -> dict[str, str]:
    """The normalised URL by each spelling that was recorded."""
    return dict(index.rows("SELECT spelling, url FROM spellings"))


def images_by_format(index: Index) -> dict[str, FileTotals]:
    """The original images by the label of their format."""
    return {label: FileTotals(count, size) for label, count, size in index.rows(_BY_FORMAT)}


def thumbnails_by_name(index: Index) -> dict[str, FileTotals]:
    """The thumbnails by their configured name."""
    return {name: FileTotals(count, size) for name, count, size in index.rows(_BY_NAME)}


def lacking_after(index: Index, recipes: Mapping[str, str], sha256: str = "") -> list[str]:
    """The next few images by hash that lack a thumbnail (recipe by name), or what pixels tell.

    None when there are no more. Vector images need none.
    """
    query = _LACKING.format(_LACKS_ONE * len(recipes))
    wanted = (word for pair in recipes.items() for word in pair)
    return [row[0] for row in index.rows(query, (sha256, *wanted, _BATCH))]


def forget_urls(index: Index, urls: Iterable[str], spellings: Iterable[str]) -> None:
    """Forget URLs and spellings for good, durably; images without a URL become orphans."""
    with index.transaction() as connection:
        connection.executemany("DELETE FROM urls WHERE url = ?", ((url,) for url in urls))
        connection.executemany(
            "DELETE FROM spellings WHERE spelling = ?", ((one,) for one in spellings)
        )
        connection.execute("UPDATE manifest SET generation = generation + 1")
        changes.forget_history(connection)
