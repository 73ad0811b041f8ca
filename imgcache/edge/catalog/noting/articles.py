"""Articles that are put into the catalog, or forgotten, with their entries and what finds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec.structs import astuple

from imgcache.core.catalog import folded
from imgcache.edge.catalog import documents
from imgcache.edge.catalog.articles import ArticleRow, DeclaredEntry
from imgcache.edge.catalog.database import Catalog
from imgcache.edge.catalog.noting import entries
from imgcache.errors import ArticleError
from imgcache.model import Notes

_ID = "SELECT id FROM articles WHERE name = ?"
_PUT = """
    INSERT INTO articles
    (id, name, shown, identity, digest, kind, local_fault, problems, notes, entries)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE
    SET shown = excluded.shown, identity = excluded.identity, digest = excluded.digest,
        kind = excluded.kind, local_fault = excluded.local_fault, problems = excluded.problems,
        notes = excluded.notes, entries = excluded.entries, errors = 0, warnings = 0"""
_TITLE = "SELECT json_extract(notes, '$[3]') FROM articles WHERE id = ?"
_SEARCHED = "SELECT text FROM names WHERE rowid = ?"
_PUT_SEARCHED = "INSERT OR REPLACE INTO names (rowid, text) VALUES (?, ?)"
_UNNAMED = "DELETE FROM urls WHERE NOT EXISTS (SELECT 1 FROM entries WHERE url = urls.id)"


def put(
    catalog: Catalog,
    row: ArticleRow,
    name: bytes,
    declared: Sequence[DeclaredEntry],
    *,
    local_fault: bool = False,
) -> None:
    """Note what a file is, and its entries; they have to be judged."""
    problems = documents.encoded([_error(one) for one in row.problems]) if row.problems else None
    notes = documents.encoded(astuple(row.notes)) if row.notes != Notes() else None
    count = sum(not one.excluded for one in declared)
    known = catalog.one(_ID, (name,))
    if known is not None and known[0] != row.id:
        remove(catalog, name)
    with catalog.writing() as connection:
        facts = (row.id, name, row.shown, row.identity, row.digest, row.kind)
        connection.execute(_PUT, (*facts, local_fault, problems, notes, count))
        _make_searchable(connection, row.id, row.shown, row.notes.title)
        entries.put(connection, row.id, declared)


def _error(error: ArticleError) -> tuple[str, int | None, int | None, str | None]:
    return (error.message, error.line, error.column, error.excerpt)


def show_as(catalog: Catalog, article: int, shown: str) -> None:
    """Reports name the article so by now."""
    title = catalog.value(_TITLE, (article,))
    with catalog.writing() as connection:
        connection.execute("UPDATE articles SET shown = ? WHERE id = ?", (shown, article))
        _make_searchable(connection, article, shown, title)


def _make_searchable(
    connection: sqlite3.Connection, article: int, shown: str, title: str | None
) -> None:
    """Note what an article is found by, where that is new: the index of it is slow to write."""
    text = folded(f"{shown}\n{title or ''}")
    if connection.execute(_SEARCHED, (article,)).fetchone() != (text,):
        connection.execute(_PUT_SEARCHED, (article, text))


def remove(catalog: Catalog, name: bytes) -> None:
    """Forget a file, and the URLs that no other article names."""
    found = catalog.one(_ID, (name,))
    if found is None:
        return
    with catalog.writing() as connection:
        entries.remove(connection, found[0])
        connection.execute("DELETE FROM articles WHERE id = ?", found)
        connection.execute("DELETE FROM names WHERE rowid = ?", found)


def clear(catalog: Catalog) -> None:
    """Forget all files, so that they get new ids; their URLs stay until `forget_unnamed`."""
    with catalog.writing() as connection:
        for table in ("search", "names", "entries", "articles"):
            connection.execute(f"DELETE FROM {table}")


def forget_unnamed(catalog: Catalog) -> None:
    """Forget the URLs that no entry names."""
    with catalog.writing() as connection:
        connection.execute(_UNNAMED)
