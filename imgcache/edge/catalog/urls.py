"""URLs and copies in the catalog: what follows from the facts of the index, until those change."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from sys import intern
from typing import NamedTuple

from imgcache.core.http.url import WebUrl
from imgcache.core.verdicts.verdict import PLACEHOLDER_PATHS
from imgcache.edge.catalog import documents
from imgcache.edge.catalog.articles import POSITIONS, entries_of
from imgcache.edge.catalog.database import Catalog, Row
from imgcache.facts import ImageFacts
from imgcache.model import Size

_BATCH = 500
_SOME_COPIES = 5000
_FILES = "SELECT path, sha256, identity FROM files"
_UNSEEN = "SELECT sha256 FROM copies WHERE looked = 0"
_UNLIKE = "SELECT sha256 FROM copies WHERE seen IS NOT facts"
_COPY_OF_RUN = "sha256 IN (SELECT copy FROM urls JOIN in_run ON url = urls.id)"
_DUE = "SELECT id FROM urls WHERE (fresh_until <= ?1 OR answered_at > ?1)"
_URLS = "SELECT id, href, scheme, host, port FROM urls WHERE id IN "
_WRITTEN = "SELECT url, written FROM run_entries WHERE written IS NOT NULL AND url IN "
_IN_ORDER = "GROUP BY url, written ORDER BY min(id)"
_COUNTS = """
    SELECT (SELECT count(*) FROM in_run),
           (SELECT count(DISTINCT place) FROM run_entries WHERE place IS NOT NULL),
           (SELECT count(DISTINCT url_text) FROM run_entries WHERE refused IS NOT NULL)"""
_SHARED = """
    SELECT group_concat(id) FROM urls WHERE copy IS NOT NULL
    GROUP BY copy, host HAVING count(*) >= ?"""
_IN_RUN = "id IN (SELECT url FROM in_run)"
# The same for a query about one URL, or few: the other makes a list of all.
_IS_IN_RUN = "EXISTS (SELECT 1 FROM run_entries WHERE url = urls.id)"


class UrlRow(NamedTuple):
    """What the facts of a URL say, as the catalog keeps it; times in POSIX seconds.

    `fresh_until` is 0 where the URL has to be asked for in any case. `earlier` is a text of
    `documents.history_text`.
    """

    asked_at: float | None
    answered_at: float | None
    fresh_until: float
    status: int | None
    failure: str | None
    failing_since: float | None
    copy: str | None
    earlier: str | None

    @property
    def evidence(self) -> Row:
        """What a verdict is made of."""
        return (self.status, self.failure, self.copy, self.earlier)


def unknown(catalog: Catalog) -> Iterator[list[str]]:
    """The URLs (normalised) of which nothing was looked up yet, some at once."""
    return _some_after(catalog, "SELECT id, href FROM urls WHERE known = 0 AND id > ?", 0)


def every(catalog: Catalog) -> Iterator[list[str]]:
    """All URLs, some at once, sorted."""
    return _some_after(catalog, "SELECT href, href FROM urls WHERE href > ?", "")


def _some_after(catalog: Catalog, query: str, last: int | str) -> Iterator[list[str]]:
    while found := catalog.rows(f"{query} ORDER BY 1 LIMIT {_BATCH}", (last,)):
        yield [row[1] for row in found]
        last = found[-1][0]


def files(catalog: Catalog, *, of_run: bool) -> Iterator[tuple[str, str, str]]:
    """Each cached file, the copy that it belongs to, and how it was when that was looked at.

    `of_run`: only of the copies that the articles of the run name.
    """
    return catalog.each(f"{_FILES} WHERE {_COPY_OF_RUN}" if of_run else _FILES)


def unseen_after(catalog: Catalog, sha256: str, *, of_run: bool) -> list[str]:
    """The next few copies by hash whose files were not looked at yet; `of_run` as above."""
    query = f"{_UNSEEN} AND {_COPY_OF_RUN}" if of_run else _UNSEEN
    rows = catalog.rows(f"{query} AND sha256 > ? ORDER BY sha256 LIMIT ?", (sha256, _SOME_COPIES))
    return [row[0] for row in rows]


def copies(catalog: Catalog, sha256s: Sequence[str]) -> Iterator[tuple[ImageFacts, str | None]]:
    """Some copies: their facts by the index, and (as text) as far as their files are sound."""
    query = "SELECT facts, seen FROM copies WHERE sha256 IN "
    for facts, seen in chosen(catalog, query, sha256s):
        yield documents.image_facts(facts), seen


def unhashed(catalog: Catalog) -> list[str]:
    """The copies of which it is not certain that somebody has hashed them as they are."""
    return [row[0] for row in catalog.rows("SELECT DISTINCT sha256 FROM files WHERE hashed = 0")]


def unlike_recorded(catalog: Catalog, *, of_run: bool) -> list[str]:
    """The copies that were found otherwise than the index has them, the lost ones among them.

    `of_run`: only those of the run's URLs.
    """
    query = f"{_UNLIKE} AND {_COPY_OF_RUN}" if of_run else _UNLIKE
    return [row[0] for row in catalog.rows(query)]


def every_copy(catalog: Catalog) -> list[str]:
    """All copies."""
    return [row[0] for row in catalog.rows("SELECT sha256 FROM copies")]


class Seen(NamedTuple):
    """What was found of a copy: its facts as far as its files are sound, None where it is not.

    `hashed`: its bytes were read, now or when it was as it is now.
    """

    image: ImageFacts | None
    hashed: bool


def due(catalog: Catalog, now: float, *, whole: bool) -> array[int]:
    """The ids of the URLs of the run that are not fresh at `now`, in the order of articles.

    `whole`: all URLs of the catalog are in the run.
    """
    query = f"{_DUE} ORDER BY id" if whole else f"{_DUE} AND {_IN_RUN} ORDER BY id"
    return array("q", (row[0] for row in catalog.each(query, (now,))))


def may_be_due(catalog: Catalog, now: float) -> bool:
    """Whether a URL that is known is not fresh at `now`, or none is known at all."""
    due = "EXISTS (SELECT 1 FROM urls WHERE fresh_until <= ?)"
    return bool(catalog.value(f"SELECT {due} OR NOT EXISTS (SELECT 1 FROM urls)", (now,)))


def newest(catalog: Catalog) -> int:
    """The id of the last URL that came into the catalog; 0 where there is none."""
    return int(catalog.value("SELECT coalesce(max(id), 0) FROM urls"))


def some(catalog: Catalog, ids: Sequence[int]) -> Iterator[tuple[int, WebUrl, tuple[str, ...]]]:
    """Some URLs in this order: id, URL, and how the entries of the run spell it, in their order."""
    spelt: dict[int, list[str]] = {}
    for number, written in chosen(catalog, _WRITTEN, ids, _IN_ORDER):
        spelt.setdefault(number, []).append(written)
    found = {row[0]: row[1:] for row in chosen(catalog, _URLS, ids)}
    for number in ids:
        href, scheme, host, port = found[number]
        yield number, WebUrl(href, scheme, intern(host), port), tuple(spelt.get(number, ()))


class SharedCopy(NamedTuple):
    """A URL of a host that has the same copy as others of that host, and what is declared of it."""

    id: int
    href: str
    host: str
    sha256: str
    size: Size
    declared: tuple[Size | None, ...]


def shared_copies(catalog: Catalog) -> Iterator[list[SharedCopy]]:
    """The URLs of the run that share a sound copy with enough others of their host, by both."""
    query = f"""
        SELECT href, host, copy, seen FROM urls JOIN copies ON sha256 = copy
        WHERE urls.id = ? AND seen IS NOT NULL AND {_IS_IN_RUN}"""
    for (numbers,) in catalog.rows(_SHARED, (PLACEHOLDER_PATHS,)):
        shared = []
        for number in map(int, numbers.split(",")):
            for href, host, sha256, seen in catalog.rows(query, (number,)):
                size = documents.image_facts(seen).size
                declared = _declared(catalog, number)
                shared.append(SharedCopy(number, href, host, sha256, size, declared))
        yield shared


def _declared(catalog: Catalog, url: int) -> tuple[Size | None, ...]:
    query = "SELECT DISTINCT width, height FROM run_entries WHERE url = ?"
    return tuple(_size(width, height) for width, height in catalog.rows(query, (url,)))


def _size(width: int | None, height: int | None) -> Size | None:
    return None if width is None or height is None else Size(width, height)


def choose(catalog: Catalog, articles: Sequence[int], *, whole: bool) -> None:
    """Say which articles are in the run; the queries about "the run" are about these alone.

    `whole`: all articles of the catalog are.
    """
    for name in ("in_run", "run_entries"):
        catalog.temporary(f"DROP VIEW IF EXISTS {name}")
    catalog.temporary("DROP TABLE IF EXISTS run")
    entries = "CREATE TEMP VIEW run_entries AS SELECT * FROM entries WHERE excluded = 0"
    if whole:
        catalog.temporary(entries)
        catalog.temporary("CREATE TEMP VIEW in_run AS SELECT id AS url FROM urls")
        return
    catalog.temporary("CREATE TEMP TABLE run (article INTEGER PRIMARY KEY)")
    catalog.temporary("INSERT INTO run VALUES (?)", ((number,) for number in articles))
    catalog.temporary(f"{entries} AND id / {POSITIONS} IN (SELECT article FROM run)")
    named = "SELECT DISTINCT url FROM run_entries WHERE url IS NOT NULL"
    catalog.temporary(f"CREATE TEMP VIEW in_run AS {named}")


class UrlCounts(NamedTuple):
    """How many different URLs the run names: on the web, in place, and unusable ones."""

    web: int
    in_place: int
    unusable: int


def count(catalog: Catalog) -> UrlCounts:
    """Count the URLs of the run."""
    row = catalog.one(_COUNTS)
    assert row is not None  # noqa: S101  aggregates have a row
    return UrlCounts(*row)


def spellings(catalog: Catalog, articles: Iterable[int]) -> dict[str, str]:
    """The normalised URL by each spelling that these articles have."""
    query = """
        SELECT written, href FROM entries JOIN urls ON urls.id = url
        WHERE entries.id >= ? AND entries.id < ?"""
    return dict(pair for number in articles for pair in catalog.rows(query, entries_of(number)))


def ids_of(catalog: Catalog, hrefs: Sequence[str]) -> dict[str, int]:
    """The ids of some URLs, of those that the catalog knows."""
    return dict(chosen(catalog, "SELECT href, id FROM urls WHERE href IN ", hrefs))


def articles_naming(catalog: Catalog, hrefs: Sequence[str]) -> set[int]:
    """The articles that name one of some URLs."""
    query = f"SELECT DISTINCT e.id / {POSITIONS} FROM urls u JOIN entries e ON e.url = u.id"
    return {row[0] for row in chosen(catalog, f"{query} WHERE href IN ", hrefs)}


def with_copies(catalog: Catalog, sha256s: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The URLs of the run that have one of these copies: id and copy."""
    query = f"SELECT id, copy FROM urls WHERE {_IS_IN_RUN} AND copy IN "
    yield from chosen(catalog, query, sha256s)


def chosen(
    catalog: Catalog, query: str, keys: Sequence[str] | Sequence[int], rest: str = ""
) -> Iterator[Row]:
    """The rows of some keys; `query` ends with IN, and goes on with `rest`."""
    for start in range(0, len(keys), _BATCH):
        some = keys[start : start + _BATCH]
        yield from catalog.rows(f"{query} ({', '.join('?' * len(some))}) {rest}", some)
