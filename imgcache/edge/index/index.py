"""The index: facts about each URL, image and paused host, in SQLite.

One writer (it holds the cache's lock), any number of readers. The methods block; call them from
one thread at a time. All of them raise LocalError when the database can't be read or written.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from imgcache.core.cache import manifest
from imgcache.edge.index import changes, rows
from imgcache.edge.index.connection import close as close_database
from imgcache.edge.index.connection import open_memory, open_reader, open_writer, sqlite_errors
from imgcache.edge.index.rows import Row
from imgcache.facts import HostPause, ImageFacts, RunFacts, UrlFacts


def _upsert(table: str, columns: Sequence[str], keys: int, stamps: Sequence[str] = ()) -> str:
    """Insert, or update the row with the same first `keys` columns if another one differs.

    `stamps` are columns that are set when one of the others differs.
    """
    rest, every = columns[keys:], (*columns, *stamps)
    old = ", ".join(f"{table}.{column}" for column in rest)
    new = ", ".join(f"excluded.{column}" for column in rest)
    changes = ", ".join(f"{column} = excluded.{column}" for column in (*rest, *stamps))
    return (
        f"INSERT INTO {table} ({', '.join(every)}) VALUES ({', '.join('?' * len(every))})"  # noqa: S608  # names of this file only
        f" ON CONFLICT DO UPDATE SET {changes} WHERE ({old}) IS NOT ({new})"
    )


def _select(table: str, columns: Sequence[str]) -> str:
    """The rows whose first column is among the values that follow."""
    return f"SELECT {', '.join(columns)} FROM {table} WHERE {columns[0]} IN "  # noqa: S608  # names of this file only


# Refreshes that are kept: more than users look at.
_RUNS = 100
# SQLite takes 999 parameters or more, however it was built.
_KEYS_AT_ONCE = 500

_PUT_URL = _upsert("urls", rows.URL, 1, ("changed",))
_PUT_IMAGE = _upsert("images", rows.IMAGE, 1)
_PUT_FILE = "UPDATE images SET mtime_ns = ?, hashed = ? WHERE sha256 = ?"
_PUT_THUMBNAIL = _upsert("thumbnails", rows.THUMBNAIL, 2)
_PUT_SPELLING = _upsert("spellings", ("spelling", "url"), 1)
_PUT_HOST = _upsert("hosts", rows.HOST, 1)
_CUT_THUMBNAILS = "DELETE FROM thumbnails WHERE sha256 = ? AND position >= ?"
_GET_URLS = _select("urls", rows.URL)
_GET_COPIES = _select("urls", ("url", "copy"))
_GET_IMAGES = _select("images", rows.IMAGE)
_GET_THUMBNAILS = _select("thumbnails", rows.THUMBNAIL)
_GET_SPELLINGS = _select("spellings", ("spelling", "url"))
_GET_MANIFEST = f"""
    SELECT spelling, {", ".join(f"i.{column}" for column in rows.IMAGE)},
           {", ".join(f"t.{column}" for column in rows.THUMBNAIL)}
    FROM spellings CROSS JOIN urls USING (url) CROSS JOIN images i ON i.sha256 = copy
    LEFT JOIN thumbnails t ON t.sha256 = i.sha256
    ORDER BY spelling"""  # noqa: S608  # names of this file only
_SMALL_FROM = 1 + len(rows.IMAGE)
_GET_TOTAL = """
    SELECT (SELECT coalesce(sum(bytes), 0) FROM images)
         + (SELECT coalesce(sum(bytes), 0) FROM thumbnails)"""
_GET_ORPHANS = """
    SELECT sha256 FROM images WHERE NOT EXISTS (SELECT 1 FROM urls WHERE copy = sha256)
    ORDER BY mtime_ns, sha256"""
# A URL without a copy has nothing that its validators could confirm.
_NOTHING = ", ".join(f"{column} = NULL" for column in ("copy", *rows.RESPONSE))
_FORGET_COPIES = f"UPDATE urls SET changed = ?, {_NOTHING} WHERE copy = ?"  # noqa: S608  # names of this file only
_CHANGE_URLS = "UPDATE urls SET changed = ? WHERE copy = ?"
_CHANGE_LATER = "UPDATE urls SET changed = ? WHERE earlier IS NOT NULL AND instr(earlier, ?)"
_PUT_RUN = _upsert("runs", rows.RUN, 1)
_GET_RUNS = f"SELECT {', '.join(rows.RUN)} FROM runs ORDER BY started DESC"  # noqa: S608  names of this file only
_CUT_RUNS = """
    DELETE FROM runs
    WHERE started NOT IN (SELECT started FROM runs ORDER BY started DESC LIMIT ?)"""
_FORGET_IMAGES = "DELETE FROM images WHERE sha256 = ?"
_CHANGE_MANIFEST = "UPDATE manifest SET generation = generation + 1"


class Index:
    """The index; made by `open`, `open_readonly` or `in_memory`. A context manager closes it."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._mark = secrets.token_hex(8)

    @classmethod
    def open(cls, path: Path) -> Index:
        """The writer's index, made or migrated as needed (recovery.py looks for damage)."""
        return cls(path, open_writer(path))

    @classmethod
    def open_readonly(cls, path: Path) -> Index:
        """A reader's index: nothing is written, not even beside it; empty when there is none."""
        return cls(path, open_reader(path))

    @classmethod
    def in_memory(cls) -> Index:
        """An empty index that only this connection sees, and that ends when it is closed."""
        return cls(Path(":memory:"), open_memory())

    def close(self) -> None:
        """Close it; after a writer, no `-wal` or `-shm` remains."""
        with sqlite_errors(self._path):
            close_database(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def urls(self, keys: Iterable[str]) -> dict[str, UrlFacts]:
        """Facts about these URLs (normalised), by URL; those never tried are left out."""
        return {row[0]: rows.url_facts(row) for row in self._get(_GET_URLS, keys)}

    def images(self, sha256s: Iterable[str]) -> dict[str, ImageFacts]:
        """The images with these hashes, by hash; unknown ones are left out."""
        wanted = tuple(sha256s)
        small: dict[str, list[Row]] = {}
        for row in self._get(_GET_THUMBNAILS, wanted):
            small.setdefault(row[0], []).append(row)
        found = self._get(_GET_IMAGES, wanted)
        return {row[0]: rows.image_facts(row, small.get(row[0], ())) for row in found}

    def spellings(self, keys: Iterable[str]) -> dict[str, str]:
        """The normalised URL of each of these spellings that was recorded before."""
        return dict(self._get(_GET_SPELLINGS, keys))

    def pauses(self) -> dict[str, HostPause]:
        """All paused hosts, by host; some pauses may be over."""
        with sqlite_errors(self._path):
            found = self._connection.execute("SELECT host, until, failure FROM hosts")
            return {row[0]: rows.host_pause(row) for row in found}

    def total_bytes(self) -> int:
        """The size of all images and thumbnails, in bytes."""
        with sqlite_errors(self._path):
            total: int = self._connection.execute(_GET_TOTAL).fetchone()[0]
        return total

    def orphans(self) -> tuple[ImageFacts, ...]:
        """The images that no URL has for its copy, oldest file first."""
        with sqlite_errors(self._path):
            order = [row[0] for row in self._connection.execute(_GET_ORPHANS)]
        found = self.images(order)
        return tuple(found[sha256] for sha256 in order)

    def record(
        self,
        urls: Iterable[UrlFacts] = (),
        images: Iterable[ImageFacts] = (),
        spellings: Mapping[str, str] | None = None,
        pauses: Iterable[HostPause] = (),
    ) -> None:
        """Commit facts, all or none, durably; each replaces what was known under its key.

        Args:
            urls: Facts by URL; each `copy` is among `images` or recorded before.
            images: Facts of images whose files are published.
            spellings: The normalised URL by how an article spells it.
            pauses: Hosts that get no request for a while.
        """
        urls, images = tuple(urls), tuple(images)
        with self.transaction() as connection:
            # First, and so not counted: the manifest says nothing of it.
            connection.executemany(_PUT_FILE, map(rows.file_row, images))
            before = connection.total_changes
            connection.executemany(_PUT_IMAGE, map(rows.image_row, images))
            connection.executemany(
                _PUT_THUMBNAIL, (row for image in images for row in rows.thumbnail_rows(image))
            )
            connection.executemany(
                _CUT_THUMBNAILS, ((image.sha256, len(image.thumbnails)) for image in images)
            )
            changed = changes.next_number(connection)
            image_changed = connection.total_changes > before
            connection.executemany(_PUT_SPELLING, (spellings or {}).items())
            if connection.total_changes > before or self._moves_copies(urls):
                connection.execute(_CHANGE_MANIFEST)
            before = connection.total_changes
            connection.executemany(_PUT_URL, ((*rows.url_row(one), changed) for one in urls))
            if image_changed:
                of_images = ((changed, image.sha256) for image in images)
                connection.executemany(_CHANGE_URLS, of_images)
            if connection.total_changes > before:
                changes.note(connection, self._mark, changed)
            connection.executemany(_PUT_HOST, map(rows.host_row, pauses))

    def _moves_copies(self, urls: Sequence[UrlFacts]) -> bool:
        copies: dict[str, str | None] = dict(self._get(_GET_COPIES, (facts.url for facts in urls)))
        return any(copies.get(facts.url) != facts.copy for facts in urls)

    def resume(self, hosts: Iterable[str]) -> None:
        """Forget the pauses of these hosts: they answered, or their time is over."""
        with self.transaction() as connection:
            connection.executemany("DELETE FROM hosts WHERE host = ?", ((h,) for h in hosts))

    def forget(self, sha256s: Iterable[str]) -> None:
        """Forget images, durably, before their files are removed.

        A URL that loses its copy keeps its failure, and is requested again without validators.
        """
        unwanted = [(sha256,) for sha256 in sha256s]
        with self.transaction() as connection:
            changed = changes.next_number(connection)
            connection.executemany(_FORGET_COPIES, ((changed, *one) for one in unwanted))
            # What shows such an earlier copy learns that it is gone.
            connection.executemany(_CHANGE_LATER, ((changed, *one) for one in unwanted))
            connection.executemany(_FORGET_IMAGES, unwanted)
            connection.execute(_CHANGE_MANIFEST)
            changes.note(connection, self._mark, changed)

    def record_run(self, run: RunFacts) -> None:
        """Record a finished refresh; the last hundred are kept."""
        with self.transaction() as connection:
            connection.execute(_PUT_RUN, rows.run_row(run))
            connection.execute(_CUT_RUNS, (_RUNS,))

    def runs(self) -> tuple[RunFacts, ...]:
        """The recorded refreshes, the last one first."""
        with sqlite_errors(self._path):
            found = self._connection.execute(_GET_RUNS)
            return tuple(RunFacts(*row) for row in found)

    def manifest_due(self) -> int | None:
        """The generation of the manifest that is to be written; None if that was done."""
        with sqlite_errors(self._path):
            query = "SELECT generation, written FROM manifest"
            generation, written = self._connection.execute(query).fetchone()
        return None if generation == written else int(generation)

    def manifest_rows(self) -> Iterator[manifest.Row]:
        """The manifest's rows, sorted by spelling; read one by one."""
        with sqlite_errors(self._path):
            found = self._connection.execute(_GET_MANIFEST)
            for spelling, group in groupby(found, key=lambda row: row[0]):
                parts = list(group)
                image = parts[0][1:_SMALL_FROM]
                small = [row[_SMALL_FROM:] for row in parts if row[_SMALL_FROM] is not None]
                yield manifest.Row(spelling, rows.image_facts(image, small))

    def manifest_written(self, generation: int) -> None:
        """Record that the manifest of this generation is in the cache folder."""
        with self.transaction() as connection:
            connection.execute("UPDATE manifest SET written = ?", (generation,))

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
        """The rows of a SELECT, one by one: for scans.py, which queries the whole index."""
        with sqlite_errors(self._path):
            yield from self._connection.execute(query, parameters)

    def _get(self, query: str, keys: Iterable[str]) -> Iterator[Row]:
        # Sorted, so that the table is read from front to back.
        wanted = sorted(set(keys))
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            some = wanted[start : start + _KEYS_AT_ONCE]
            with sqlite_errors(self._path):
                marks = ", ".join("?" * len(some))
                found = self._connection.execute(f"{query} ({marks})", some).fetchall()
            yield from found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end, durably, or rolled back."""
        with sqlite_errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
