"""Work on single articles that helpers may do: what it takes, and what it gives back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.articles.changes import Change, Edited
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.edge.safe_fs import Identity
from imgcache.engine.run.articles import LoadedArticle, ReadArticle, understand
from imgcache.errors import ArticleError

if TYPE_CHECKING:
    from imgcache.edge.helpers import Helpers

    ArticleHelpers = Helpers[Settings]

# Longer files are rare, and what becomes of them would be in the memory of two processes.
_LONGEST = 1 << 18


class Looked(Struct, frozen=True):
    """A file as it was found: its identity from before it was read, the digest of its bytes.

    Without a digest it could not be read, and `read` says why.
    """

    identity: Identity | None
    digest: bytes | None
    read: ReadArticle


def look(settings: Settings, found: Found) -> Looked:
    """Read a file, and take it apart."""
    there = found.identity()
    try:
        data = files.read(found)
    except ArticleError as exc:
        return Looked(there, None, exc)
    read = understood(found, data, settings)
    if isinstance(read, LoadedArticle):
        read = replace(read, data=None, parsed=None)  # which nobody wants before it is edited
    return Looked(there, hashlib.sha256(data).digest(), read)


def understood(found: Found, data: bytes, settings: Settings) -> ReadArticle:
    """What the bytes of a file are; a fault is a result, too."""
    try:
        return understand(found, data, settings)
    except ArticleError as exc:
        return exc


class Wanted(Struct, frozen=True):
    """Changes that an article needs, by the numbers of its entries, if it holds certain bytes."""

    found: Found
    digest: bytes
    changes: Mapping[int, Change]


class Rewritten(Struct, frozen=True):
    """An article's bytes, and what becomes of them."""

    data: bytes
    edited: Edited


def rewrite(settings: Settings, wanted: Wanted) -> Rewritten | None:
    """The edit of an article; None where that is not as simple: it is to be read anew."""
    from imgcache.core.articles.writeback import apply  # noqa: PLC0415  it brings the YAML parser along

    try:
        if wanted.found.path.stat().st_size > _LONGEST:
            return None
        data = files.read(wanted.found)
        if hashlib.sha256(data).digest() != wanted.digest:
            return None
        read = understand(wanted.found, data, settings)
        if not isinstance(read, LoadedArticle) or read.parsed is None or read.problems:
            return None
        return Rewritten(data, apply(read.parsed, wanted.changes))
    except (ArticleError, OSError):
        return None
