from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from imgcache.edge.index.schema import MIGRATIONS, migrate, version
from imgcache.errors import LocalError


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        yield opened


def tables(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [name for (name,) in found]


ONE = "CREATE TABLE one (a INTEGER) STRICT"
TWO = "ALTER TABLE one ADD COLUMN b INTEGER; CREATE TABLE two (a INTEGER) STRICT"


def test_each_migration_is_applied_once_and_counted(connection: sqlite3.Connection) -> None:
    migrate(connection, [ONE])
    assert (version(connection), tables(connection)) == (1, ["one"])
    migrate(connection, [ONE, TWO])
    migrate(connection, [ONE, TWO])
    assert (version(connection), tables(connection)) == (2, ["one", "two"])


def test_facts_survive_a_migration(connection: sqlite3.Connection) -> None:
    migrate(connection, [ONE])
    connection.execute("INSERT INTO one VALUES (7)")
    migrate(connection, [ONE, TWO])
    assert connection.execute("SELECT a, b FROM one").fetchall() == [(7, None)]


def test_a_migration_that_fails_leaves_the_one_before(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [ONE, f"{TWO}; CREATE TABLE two (a INTEGER)"])
    assert (version(connection), tables(connection)) == (1, ["one"])
    assert not connection.in_transaction


def test_a_version_from_the_future_is_refused(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version = 3")
    with pytest.raises(LocalError, match="newer version 3"):
        migrate(connection, [ONE, TWO])


def test_every_table_is_strict(connection: sqlite3.Connection) -> None:
    migrate(connection)
    found = connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
    loose = {name for name, strict in found if not strict}
    assert loose == {"sqlite_schema"}
    assert version(connection) == len(MIGRATIONS)


def test_thumbnails_of_an_old_index_have_no_digest_and_count_as_changed(
    connection: sqlite3.Connection,
) -> None:
    migrate(connection, MIGRATIONS[:1])
    connection.execute("INSERT INTO images VALUES ('a', 'jpeg', 1, 1, 1, '#000000', 5)")
    connection.execute("INSERT INTO thumbnails VALUES ('a', 0, 'small', 'r', 'webp', 1, 1, 9)")
    migrate(connection)
    row = connection.execute("SELECT bytes, digest, mtime_ns FROM thumbnails").fetchone()
    assert row == (9, "", 0)


def test_images_of_an_old_index_keep_their_facts_and_have_no_known_identity(
    connection: sqlite3.Connection,
) -> None:
    migrate(connection, MIGRATIONS[:2])
    connection.execute("INSERT INTO images VALUES ('a', 'jpeg', 1, 1, 1, '#000000', 5)")
    migrate(connection)
    row = connection.execute("SELECT sha256, mtime_ns, hashed FROM images").fetchone()
    assert row == ("a", 5, None)
