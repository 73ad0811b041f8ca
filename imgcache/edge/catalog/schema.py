"""The catalog's tables: all that follows from articles, facts and settings, to be read by queries.

Nothing here is a fact: the whole file can be thrown away, and is made again. There are no
migrations; a catalog of another version is not read.
"""

from __future__ import annotations

# Raise it whenever a table here, or what a column means, changes.
VERSION = 6

# Articles have ascending ids in the order of a report, with gaps for new ones (articles.py).
# `entries.id` is the article's id and the position in it, so that an article is a range of ids.
# `urls.id` is never given twice: a run knows URLs by it while articles change.
# `judged` is the entry's result without a request (documents.py), NULL while it has to be judged
# again; its `verdict`, and the `severity` of its worst finding (0 error, 1 warning, 2 neither), are
# in it, too. `sides`: where its size is written, as JSON.
# `lqip`: what stands where a placeholder is written, NULL where none is. `edits`: 1 where the
# article should have another flag or placeholder. `broken`: the severity of the
# verdict, and breach and severity of each broken rule, as JSON; NULL where none is. `until`: when
# the result changes by itself, in POSIX seconds. `filled`: the keys that rules require and the
# entry has. `copies.seen` are the facts of a copy as far as its files are sound, NULL for none;
# `files` those files as they were then; `looked`: they were looked at since the facts are these.
# Rows of copies are long: WITHOUT ROWID they would have a page each, as none has room for four.
# `lost` are copies that a URL has no more, and perhaps none has. `search` has a text for each
# judged entry (judged.py), `names` path and title of each article. The indexes of entries hold all
# that a selection looks at (selections.py). `entries.image` is the same for all that name one
# image; `images` has a row for each where pages are drawn (images.py), and is empty elsewhere.
TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;

CREATE TABLE articles (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    shown TEXT NOT NULL,
    identity TEXT,
    digest BLOB,
    kind TEXT NOT NULL,
    local_fault INTEGER NOT NULL,
    problems TEXT,
    notes TEXT,
    entries INTEGER NOT NULL,
    errors INTEGER NOT NULL DEFAULT 0,
    warnings INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX articles_by_name ON articles (shown);
CREATE INDEX articles_by_trouble
    ON articles ((errors = 0 AND problems IS NULL), errors DESC, warnings DESC, id)
    WHERE kind IN ('article', 'broken', 'unread');
CREATE INDEX articles_with_problems ON articles (errors DESC, warnings DESC, id)
    WHERE problems IS NOT NULL;

CREATE TABLE urls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    href TEXT NOT NULL UNIQUE,
    scheme TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    known INTEGER NOT NULL DEFAULT 0,
    asked_at REAL,
    answered_at REAL,
    fresh_until REAL NOT NULL DEFAULT 0,
    status INTEGER,
    failure TEXT,
    failing_since REAL,
    copy TEXT,
    earlier TEXT,
    placeholder INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX urls_by_freshness ON urls (fresh_until);
CREATE INDEX urls_by_copy ON urls (copy, host) WHERE copy IS NOT NULL;
CREATE INDEX urls_unknown ON urls (id) WHERE known = 0;
CREATE INDEX urls_placeholder ON urls (id) WHERE placeholder = 1;

CREATE TABLE copies (
    sha256 TEXT NOT NULL PRIMARY KEY,
    facts TEXT NOT NULL,
    seen TEXT,
    looked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX copies_to_look_at ON copies (sha256) WHERE looked = 0;
CREATE TABLE lost (sha256 TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TRIGGER url_moved AFTER UPDATE OF copy ON urls
    WHEN old.copy IS NOT NULL AND old.copy IS NOT new.copy
    BEGIN INSERT OR IGNORE INTO lost VALUES (old.copy); END;
CREATE TRIGGER url_removed AFTER DELETE ON urls WHEN old.copy IS NOT NULL
    BEGIN INSERT OR IGNORE INTO lost VALUES (old.copy); END;

CREATE TABLE files (
    sha256 TEXT NOT NULL,
    path TEXT NOT NULL,
    identity TEXT NOT NULL,
    hashed INTEGER NOT NULL,
    PRIMARY KEY (sha256, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_unhashed ON files (sha256) WHERE hashed = 0;

CREATE TABLE places (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    identity TEXT,
    evidence TEXT
) STRICT;

CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    pointer ANY,
    line INTEGER NOT NULL,
    col INTEGER NOT NULL,
    written ANY,
    refused TEXT,
    url_text ANY NOT NULL,
    width INTEGER,
    height INTEGER,
    cached INTEGER,
    strange TEXT,
    unnamed TEXT,
    by_hand TEXT,
    lqip ANY,
    sides TEXT,
    excerpt ANY NOT NULL,
    excluded INTEGER NOT NULL,
    filled TEXT,
    found_by INTEGER,
    url INTEGER,
    host TEXT,
    place INTEGER,
    judged TEXT,
    verdict TEXT,
    severity INTEGER,
    edits INTEGER,
    broken TEXT,
    until REAL,
    image INTEGER
) STRICT;
CREATE INDEX entries_by_url ON entries (url) WHERE url IS NOT NULL;
CREATE INDEX entries_by_place ON entries (place) WHERE place IS NOT NULL;
CREATE INDEX entries_refused ON entries (url_text) WHERE refused IS NOT NULL;
CREATE INDEX entries_to_edit ON entries (id) WHERE edits = 1;
CREATE INDEX entries_until ON entries (until) WHERE until IS NOT NULL;
CREATE INDEX entries_to_judge ON entries (id) WHERE judged IS NULL AND excluded = 0;
CREATE INDEX entries_by_severity
    ON entries (severity, id, verdict, host, excluded) WHERE excluded = 0;
CREATE INDEX entries_by_verdict
    ON entries (verdict, severity, id, host, excluded) WHERE excluded = 0;
CREATE INDEX entries_by_host
    ON entries (host, severity, id, verdict, excluded) WHERE excluded = 0;
CREATE INDEX entries_as_written
    ON entries (id, severity, verdict, host, excluded, image) WHERE excluded = 0;
CREATE INDEX entries_by_text
    ON entries (substr(url_text, 1, 64)) WHERE url IS NULL AND excluded = 0;
CREATE INDEX entries_by_image
    ON entries (image, severity, id, verdict, host) WHERE image IS NOT NULL;
CREATE INDEX entries_broken ON entries (image) WHERE broken IS NOT NULL;
CREATE INDEX entries_excluded ON entries (id) WHERE excluded = 1;

CREATE TABLE images (
    id INTEGER PRIMARY KEY,
    worst INTEGER NOT NULL,
    health INTEGER NOT NULL,
    verdicts TEXT NOT NULL,
    rules TEXT,
    host TEXT,
    copy INTEGER NOT NULL,
    uses INTEGER NOT NULL,
    articles INTEGER NOT NULL,
    since REAL
) STRICT;
CREATE INDEX images_by_health ON images (health, worst, verdicts, rules, host, copy, articles);

CREATE VIRTUAL TABLE search USING fts5(text, tokenize = 'trigram case_sensitive 1');
CREATE VIRTUAL TABLE names USING fts5(text, tokenize = 'trigram case_sensitive 1');
"""
