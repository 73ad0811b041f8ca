"""Readings of files as the catalog has them: what kind each is, and what an article declares."""

from __future__ import annotations

from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.http.location import beside
from imgcache.edge.catalog import articles as rows
from imgcache.edge.catalog.articles import ArticleRow, DeclaredEntry
from imgcache.edge.catalog.database import Catalog
from imgcache.engine.run.articles import LoadedArticle, ReadArticle
from imgcache.errors import ArticleError

# The kinds of a row; those of files that are no article are the names of the reasons.
ARTICLE, BROKEN, UNREAD = "article", "broken", "unread"
REASONS = {reason.name.lower(): reason for reason in NotAnArticle}


def loaded(catalog: Catalog, row: ArticleRow, folder: str) -> LoadedArticle:
    """What an article in this folder declares, by the catalog."""
    entries = list(rows.declared(catalog, row.id))
    return LoadedArticle(
        tuple(one.entry for one in entries),
        tuple(beside(one.location, folder) for one in entries),
        tuple(one.excerpt for one in entries),
        row.problems,
        notes=row.notes,
        digest=row.digest,
        excluded=frozenset(number for number, one in enumerate(entries) if one.excluded),
    )


def declared(read: ReadArticle) -> list[DeclaredEntry]:
    """What the catalog keeps of the entries of a file."""
    if not isinstance(read, LoadedArticle):
        return []
    return [
        DeclaredEntry(entry, location, excerpt, number in read.excluded)
        for number, (entry, location, excerpt) in enumerate(
            zip(read.entries, read.locations, read.excerpts, strict=True)
        )
    ]


def told(read: ReadArticle, *, was_read: bool) -> tuple[str, tuple[ArticleError, ...]]:
    """The kind of a file, and what is wrong with it."""
    if isinstance(read, LoadedArticle):
        return ARTICLE, tuple(map(_alone, read.problems))
    if isinstance(read, NotAnArticle):
        return read.name.lower(), ()
    return BROKEN if was_read else UNREAD, (_alone(read),)


def _alone(error: ArticleError) -> ArticleError:
    """The error without its traceback, whose frames hold the whole text of the article."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
