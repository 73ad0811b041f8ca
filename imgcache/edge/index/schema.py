"""The index's tables, as numbered migrations; `PRAGMA user_version` counts those applied."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from imgcache.errors import LocalError

# Facts only: nothing here becomes false when a setting changes. `urls` holds the answer that
# brought or confirmed the copy in columns of its own, all NULL while there is none; a failure is
# rare and read whole, so it is one JSON object.
_FACTS = """
CREATE TABLE images (
    sha256 TEXT PRIMARY KEY,
    format TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    color TEXT NOT NULL,
    mtime_ns INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE thumbnails (
    sha256 TEXT NOT NULL REFERENCES images ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    recipe TEXT NOT NULL,
    suffix TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (sha256, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE urls (
    url TEXT PRIMARY KEY,
    tried_at REAL NOT NULL,
    failure TEXT,
    copy TEXT REFERENCES images,
    requested_at REAL,
    answered_at REAL,
    status INTEGER,
    etag TEXT,
    last_modified TEXT,
    cache_control TEXT,
    expires TEXT,
    age TEXT,
    date TEXT,
    content_type TEXT,
    nosniff INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX urls_by_copy ON urls (copy) WHERE copy IS NOT NULL;

CREATE TABLE spellings (
    spelling TEXT PRIMARY KEY,
    url TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE hosts (
    host TEXT PRIMARY KEY,
    until REAL NOT NULL,
    failure TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What manifest.json says has this generation; `written` is the one that was last written.
CREATE TABLE manifest (generation INTEGER NOT NULL, written INTEGER NOT NULL) STRICT;
INSERT INTO manifest VALUES (0, -1);
"""

# Thumbnails made before have no digest: they count as changed, and are made again once.
_DIGESTS_AND_RUNS = """
ALTER TABLE thumbnails ADD COLUMN digest TEXT NOT NULL DEFAULT '';
ALTER TABLE thumbnails ADD COLUMN mtime_ns INTEGER NOT NULL DEFAULT 0;

CREATE TABLE runs (
    started REAL PRIMARY KEY,
    seconds REAL NOT NULL,
    urls INTEGER NOT NULL,
    fresh INTEGER NOT NULL,
    revalidated INTEGER NOT NULL,
    downloaded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

# Device, inode and ctime of the file when its bytes were hashed; NULL while that is not known.
_IDENTITIES = "ALTER TABLE images ADD COLUMN hashed TEXT"

# `changed` counts the changes of facts: each URL has the number of the last one that concerned it.
# `sessions` has the last number of each writer: two histories that began with one copy of an index
# have different marks. `catalog` is what the kept catalog was when it was written.
_CHANGES = """
ALTER TABLE urls ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX urls_by_change ON urls (changed);

CREATE TABLE sessions (mark TEXT PRIMARY KEY, changed INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE catalog (identity TEXT NOT NULL, digest TEXT NOT NULL) STRICT;
"""

# Whether an image's EXIF has GPS coordinates; NULL for images that were decoded before.
_POSITIONS = "ALTER TABLE images ADD COLUMN has_position INTEGER"

# What the pixels tell; NULL or empty for images that were decoded before, and for SVG.
_LOOKS = """
ALTER TABLE images ADD COLUMN animated INTEGER;
ALTER TABLE images ADD COLUMN alpha INTEGER;
ALTER TABLE images ADD COLUMN placeholder TEXT NOT NULL DEFAULT '';
ALTER TABLE images ADD COLUMN dhash TEXT NOT NULL DEFAULT '';
"""

# The copies that a URL had before, as JSON; NULL for most.
_EARLIER = """
ALTER TABLE urls ADD COLUMN earlier TEXT;
CREATE INDEX urls_with_earlier ON urls (url) WHERE earlier IS NOT NULL;
"""

# Whose answer it is and how long the redirects to it last; NULL without redirects, and for answers
# from before: these are asked for without a condition once.
_REDIRECTS = """
ALTER TABLE urls ADD COLUMN answered_by TEXT;
ALTER TABLE urls ADD COLUMN redirected REAL;
"""

MIGRATIONS = (
    *(_FACTS, _DIGESTS_AND_RUNS, _IDENTITIES, _CHANGES, _POSITIONS, _LOOKS),
    *(_EARLIER, _REDIRECTS),
)


def version(connection: sqlite3.Connection) -> int:
    """The number of migrations that the database has had."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Apply what is missing, each migration in a transaction of its own.

    Raises:
        LocalError: A newer imgcache has made this index.
    """
    done = version(connection)
    if done > len(migrations):
        raise LocalError(newer(done))
    for number, script in enumerate(migrations[done:], start=done + 1):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.rollback()
            raise


def newer(found: int) -> str:
    """The message for an index that this version can't read."""
    return (
        f"index.sqlite3 in the cache folder has the newer version {found} (known here: "
        f"{len(MIGRATIONS)}); use a newer imgcache, or set cache.dir to another folder"
    )
