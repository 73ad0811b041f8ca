"""The history of changes: each reader of facts finds out what has changed since it looked."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from imgcache.edge.index import changes, scans
from imgcache.edge.index.changes import KeptCatalog, Point
from imgcache.edge.index.index import Index
from imgcache.edge.index.schema import MIGRATIONS, migrate
from imgcache.facts import UrlFacts
from imgcache.model import Failure, Verdict
from tests.support.facts import image_of, response, thumbnail_of

A, B = "https://one.example/a.jpg", "https://one.example/b.jpg"
IMAGE = image_of(b"a")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "index.sqlite3"


@pytest.fixture
def index(path: Path) -> Iterator[Index]:
    with Index.open(path) as opened:
        yield opened


def facts(url: str, tried_at: float = 5.0) -> UrlFacts:
    return UrlFacts(url, tried_at, IMAGE.sha256, response())


def since(index: Index, point: Point | None) -> list[str]:
    assert point is not None
    return sorted(changes.changed_since(index, point))


def test_a_url_has_changed_when_its_facts_have(index: Index) -> None:
    index.record([facts(A), facts(B)], [IMAGE])
    point = changes.last(index)
    index.record([facts(A), replace(facts(B), failure=Failure(Verdict.GONE, "gone"))])
    assert since(index, point) == [B]


def test_the_same_facts_again_are_no_change(index: Index) -> None:
    index.record([facts(A)], [IMAGE])
    point = changes.last(index)
    index.record([facts(A)], [IMAGE])
    assert changes.last(index) == point


def test_an_image_that_changes_has_changed_its_urls(index: Index) -> None:
    index.record([facts(A), UrlFacts(B, 1.0)], [IMAGE])
    point = changes.last(index)
    index.record(images=[replace(IMAGE, thumbnails=(thumbnail_of(b"small"),))])
    assert since(index, point) == [A]


def test_a_forgotten_image_has_changed_its_urls(index: Index) -> None:
    index.record([facts(A), UrlFacts(B, 1.0)], [IMAGE])
    point = changes.last(index)
    index.forget([IMAGE.sha256])
    assert since(index, point) == [A]


def test_a_point_is_reached_until_urls_are_removed(index: Index) -> None:
    index.record([facts(A), facts(B)], [IMAGE])
    point = changes.last(index)
    assert point is not None
    index.record([facts(A, tried_at=9.0)])
    assert changes.reaches(index, point)
    scans.forget_urls(index, [B], [])
    assert not changes.reaches(index, point)
    later = changes.last(index)
    index.record([facts(A, tried_at=11.0)])
    assert since(index, later) == [A]


def test_two_histories_of_one_copy_are_told_apart(path: Path, tmp_path: Path) -> None:
    with Index.open(path) as index:
        index.record([facts(A)], [IMAGE])
    shutil.copy(path, tmp_path / "backup")
    with Index.open(path) as index:
        index.record([facts(A, tried_at=6.0)])
        point = changes.last(index)
    shutil.copy(tmp_path / "backup", path)
    with Index.open(path) as index:
        for number in range(5):
            index.record([facts(A, tried_at=20.0 + number)])
        assert point is not None
        assert not changes.reaches(index, point)


def test_the_kept_catalog_is_remembered_until_it_is_replaced(index: Index) -> None:
    assert changes.kept_catalog(index) is None
    changes.keep_catalog(index, KeptCatalog("1,2,3", "abc"))
    assert changes.kept_catalog(index) == KeptCatalog("1,2,3", "abc")
    changes.keep_catalog(index, None)
    assert changes.kept_catalog(index) is None


def test_an_old_index_has_no_history_and_all_that_is_known_counts_as_changed(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, MIGRATIONS[:2])
        connection.execute("INSERT INTO urls (url, tried_at) VALUES (?, 5.0)", (A,))
    with Index.open(path) as index:
        assert changes.last(index) is None
        assert not changes.reaches(index, Point("", 0))
        assert index.urls([A]) == {A: UrlFacts(A, 5.0)}
