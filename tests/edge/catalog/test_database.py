from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from imgcache.edge.catalog.database import Catalog, version
from imgcache.edge.catalog.schema import VERSION
from imgcache.edge.catalog.shared import SharedCatalog
from imgcache.errors import LocalError


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A catalog as a run has left it."""
    with Catalog(folder=tmp_path) as catalog:
        catalog.note(name="one")
        path = catalog.settle()
    assert path is not None
    return path.rename(tmp_path / "kept")


def test_a_kept_file_is_read_and_never_written(kept: Path, tmp_path: Path) -> None:
    before = (kept.read_bytes(), kept.stat())
    with Catalog(kept, tmp_path) as catalog:
        assert catalog.about("name") == "one"
        assert list(tmp_path.iterdir()) == [kept]
        catalog.note(name="two")
        assert catalog.about("name") == "two"
        assert len(list(tmp_path.iterdir())) == 2
    assert (kept.read_bytes(), kept.stat().st_mtime_ns) == (before[0], before[1].st_mtime_ns)
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]


def test_what_says_nothing_new_makes_no_copy(kept: Path, tmp_path: Path) -> None:
    with Catalog(kept, tmp_path) as catalog:
        catalog.note(name="one")
        catalog.many("INSERT INTO about VALUES (?, ?)", [])
        with catalog.together():
            pass
        assert catalog.settle() is None


def test_temporary_tables_survive_the_copy(kept: Path) -> None:
    with Catalog(kept) as catalog:
        catalog.temporary("CREATE TEMP TABLE run (article INTEGER)")
        catalog.temporary("INSERT INTO run VALUES (?)", [(1,), (2,)])
        catalog.note(name="two")
        assert catalog.rows("SELECT article FROM run") == [(1,), (2,)]


def test_what_is_written_together_is_one_transaction(kept: Path) -> None:
    with Catalog(kept) as catalog, catalog.together():
        catalog.note(name="two")
        with catalog.writing() as connection:
            assert connection.in_transaction
        catalog.note(other="three")
        assert catalog.about("name") == "two"


def test_without_a_folder_the_copy_is_no_file(kept: Path, tmp_path: Path) -> None:
    with Catalog(kept) as catalog:
        catalog.note(name="two")
        assert [one.name for one in tmp_path.iterdir()] == ["kept"]


def test_a_cleared_catalog_is_empty(kept: Path, tmp_path: Path) -> None:
    with Catalog(kept, tmp_path) as catalog:
        catalog.clear()
        assert catalog.about("name") is None
        assert catalog.settle() is not None


def test_the_version_of_what_is_no_catalog_is_none(kept: Path, tmp_path: Path) -> None:
    assert version(kept) == VERSION
    (tmp_path / "text").write_bytes(b"no database at all" * 100)
    assert version(tmp_path / "text") is None
    sqlite3.connect(tmp_path / "other").close()
    assert version(tmp_path / "other") == 0


def test_a_full_disk_is_this_machines_fault(kept: Path) -> None:
    with Catalog(kept) as catalog:
        catalog.note(name="two")
        catalog.temporary("PRAGMA max_page_count = 1")
        with pytest.raises(LocalError, match="catalog"):
            catalog.note(big="x" * 10_000_000)


def test_a_shared_catalog_that_begins_anew_is_not_at_its_end(kept: Path, tmp_path: Path) -> None:
    counting = """
        WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 100000)
        SELECT count(*) FROM numbers"""
    with SharedCatalog(kept, tmp_path) as catalog:
        catalog.clear()
        assert catalog.value(counting) == 100_000
        catalog.stop()
        with pytest.raises(LocalError, match="interrupted"):
            catalog.value(counting)
