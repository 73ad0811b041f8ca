from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from imgcache.core.cache import manifest
from imgcache.core.cache.layout import content_paths
from imgcache.edge.cache.store import Store
from imgcache.edge.index.index import Index
from imgcache.edge.index.recovery import Recovery, drop_strays, open_index, open_readonly
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts, UrlFacts
from tests.support.facts import NOON, image_of, response, thumbnail_of
from tests.support.publishing import publish_one, temporary_files

URL = "https://cdn.example.org/a.jpg"
SPELLING = "//CDN.example.org/a.jpg#top"
ELSEWHERE = "https://example.org/b.jpg"
BODY, OTHER_BODY, SMALL = b"picture", b"another picture", b"small"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "cache")
    made.prepare()
    return made


@contextmanager
def opened(store: Store) -> Iterator[tuple[Index, Recovery | None]]:
    index, report = open_index(store)
    with index:
        yield index, report


def names(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.iterdir() if path.name.startswith("index"))


def filled(store: Store) -> tuple[ImageFacts, ImageFacts]:
    """A cache after a refresh: two images, three spellings, the manifest written."""
    one, other = image_of(BODY, thumbnail_of(SMALL)), image_of(OTHER_BODY)
    one = publish_one(store, BODY, one, {"small": SMALL})
    other = publish_one(store, OTHER_BODY, other, {})
    with Index.open(store.root / "index.sqlite3") as index:
        index.record(
            [
                UrlFacts(URL, NOON, one.sha256, response()),
                UrlFacts(ELSEWHERE, NOON, other.sha256, response()),
            ],
            [one, other],
            {URL: URL, SPELLING: URL, ELSEWHERE: ELSEWHERE},
        )
        store.write_manifest(manifest.lines(index.manifest_rows()))
    return one, other


def without_recipe(image: ImageFacts) -> ImageFacts:
    """What the manifest does not tell of thumbnails is left empty."""
    thumbnails = (
        replace(thumbnail, recipe="", digest="", mtime_ns=0) for thumbnail in image.thumbnails
    )
    return replace(image, thumbnails=tuple(thumbnails))


def path_of(store: Store, image: ImageFacts) -> Path:
    return store.root / "images" / image.sha256[:2] / f"{image.sha256}.jpg"


def test_a_new_cache_has_an_empty_index_and_nothing_to_report(store: Store) -> None:
    with opened(store) as (index, report):
        assert report is None
        assert index.total_bytes() == 0
    assert names(store) == ["index.sqlite3"]
    assert temporary_files(store.root) == []


def test_a_sound_index_is_opened_as_it_is(store: Store) -> None:
    one, _ = filled(store)
    with opened(store) as (index, report):
        assert report is None
        assert index.urls([URL]) == {URL: UrlFacts(URL, NOON, one.sha256, response())}


def test_a_lost_index_is_made_again_from_manifest_and_images(store: Store) -> None:
    one, other = filled(store)
    (store.root / "index.sqlite3").unlink()
    with opened(store) as (index, report):
        assert report == Recovery(None, None, listed=3, kept=3)
        images = index.images([one.sha256, other.sha256])
        assert images == {one.sha256: without_recipe(one), other.sha256: other}
        assert index.urls([URL, ELSEWHERE]) == {
            URL: UrlFacts(URL, 0.0, one.sha256),
            ELSEWHERE: UrlFacts(ELSEWHERE, 0.0, other.sha256),
        }
        assert index.spellings([URL, SPELLING]) == {URL: URL, SPELLING: URL}
    assert names(store) == ["index.sqlite3"]


def test_the_manifest_of_the_new_index_says_the_same(store: Store) -> None:
    filled(store)
    before = store.read_manifest()
    (store.root / "index.sqlite3").unlink()
    with opened(store) as (index, _):
        assert index.manifest_due() is not None
        assert "".join(manifest.lines(index.manifest_rows())).encode() == before


def test_an_emptied_index_counts_as_lost(store: Store) -> None:
    filled(store)
    (store.root / "index.sqlite3").write_bytes(b"")
    with opened(store) as (_, report):
        assert report == Recovery(None, None, listed=3, kept=3)


def overwrite(path: Path, start: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(data)


@pytest.mark.parametrize(("start", "length"), [(0, 100), (4096, 4096 * 3), (100, 3000)])
def test_a_damaged_index_is_moved_aside_and_made_again(
    store: Store, start: int, length: int
) -> None:
    one, _ = filled(store)
    path = store.root / "index.sqlite3"
    overwrite(path, start, b"\xa5" * length)
    damaged = path.read_bytes()
    with opened(store) as (index, report):
        assert report is not None
        assert report == Recovery(report.reason, "index.sqlite3.damaged", listed=3, kept=3)
        assert report.reason
        assert index.urls([URL]) == {URL: UrlFacts(URL, 0.0, one.sha256)}
    assert names(store) == ["index.sqlite3", "index.sqlite3.damaged"]
    moved = path.with_name("index.sqlite3.damaged").read_bytes()
    assert len(moved) == len(damaged)
    with opened(store) as (_, report):
        assert report is None


def test_a_truncated_index_is_made_again(store: Store) -> None:
    filled(store)
    os.truncate(store.root / "index.sqlite3", 4096 * 2 + 100)
    with opened(store) as (_, report):
        assert report is not None
        assert report.kept == 3


def test_a_damaged_index_without_a_manifest_is_told_too(store: Store) -> None:
    (store.root / "index.sqlite3").write_bytes(b"no database" * 1000)
    with opened(store) as (index, report):
        assert report == Recovery("file is not a database", "index.sqlite3.damaged", 0, 0)
        assert index.urls([URL]) == {}


def test_the_log_of_a_lost_index_is_not_taken_for_the_new_ones(store: Store) -> None:
    filled(store)
    path = store.root / "index.sqlite3"
    log = path.with_name("index.sqlite3-wal")
    with Index.open(path) as index:
        index.record([UrlFacts("https://example.org/ghost", NOON)])
        left = log.read_bytes()
    path.unlink()
    log.write_bytes(left)
    with opened(store) as (index, report):
        assert report == Recovery(None, None, listed=3, kept=3)
        assert index.urls(["https://example.org/ghost"]) == {}
        assert index.urls([URL]) != {}


def test_a_file_that_is_missing_or_changed_is_not_claimed(store: Store) -> None:
    one, other = filled(store)
    path_of(store, one).write_bytes(b"x" * one.bytes)
    os.utime(path_of(store, one), ns=(one.mtime_ns, one.mtime_ns))
    path_of(store, other).unlink()
    (store.root / "index.sqlite3").unlink()
    with opened(store) as (index, report):
        assert report == Recovery(None, None, listed=3, kept=0)
        assert index.images([one.sha256, other.sha256]) == {}
        assert index.urls([URL, ELSEWHERE]) == {}


def test_a_file_with_the_mtime_zero_is_hashed_like_any_other(store: Store) -> None:
    _, other = filled(store)
    path_of(store, other).write_bytes(b"x" * other.bytes)
    os.utime(path_of(store, other), ns=(0, 0))
    (store.root / "index.sqlite3").unlink()
    with opened(store) as (index, _):
        assert index.images([other.sha256]) == {}


def test_a_missing_thumbnail_is_left_out_and_its_image_kept(store: Store) -> None:
    one, _ = filled(store)
    thumbnail = store.root / "thumbs" / "small" / one.sha256[:2] / f"{one.sha256}.webp"
    thumbnail.unlink()
    (store.root / "index.sqlite3").unlink()
    with opened(store) as (index, _):
        assert index.images([one.sha256]) == {one.sha256: replace(one, thumbnails=())}


def test_a_spelling_that_is_no_url_is_passed_over(store: Store) -> None:
    one, _ = filled(store)
    rows = [manifest.Row("javascript:alert(1)", one), manifest.Row(URL, one)]
    store.write_manifest(manifest.lines(rows))
    (store.root / "index.sqlite3").unlink()
    with opened(store) as (index, report):
        assert report == Recovery(None, None, listed=2, kept=1)
        assert index.spellings(["javascript:alert(1)", URL]) == {URL: URL}


def test_an_index_of_a_newer_version_is_neither_moved_nor_changed(store: Store) -> None:
    filled(store)
    with Index.open(store.root / "index.sqlite3") as index:
        index._connection.execute("PRAGMA user_version = 99")
    with pytest.raises(LocalError, match="newer version 99"):
        open_index(store)
    assert names(store) == ["index.sqlite3"]


def test_a_linked_index_is_refused(store: Store) -> None:
    (store.root / "target").touch()
    (store.root / "index.sqlite3").symlink_to(store.root / "target")
    with pytest.raises(LocalError, match="remove it"):
        open_index(store)


KILLED = """
import os, signal, sys
from pathlib import Path
from imgcache.edge.index.index import Index
from imgcache.edge.index.recovery import open_index
from imgcache.edge.cache.store import Store
recorded = Index.record
def record(*facts):
    recorded(*facts)
    os.kill(os.getpid(), signal.SIGKILL)
Index.record = record
open_index(Store(Path(sys.argv[1])))
"""


def test_a_kill_while_the_index_is_made_again_loses_nothing(store: Store) -> None:
    one, _ = filled(store)
    (store.root / "index.sqlite3").unlink()
    ended = subprocess.run([sys.executable, "-c", KILLED, str(store.root)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert names(store) == []
    store.prepare()
    assert temporary_files(store.root) == []
    with opened(store) as (index, report):
        assert report == Recovery(None, None, listed=3, kept=3)
        assert index.urls([URL]) == {URL: UrlFacts(URL, 0.0, one.sha256)}


def everything(store: Store) -> dict[str, bytes]:
    found = (path for path in store.root.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in found}


def test_a_reader_without_an_index_reads_the_manifest_and_writes_nothing(store: Store) -> None:
    one, other = filled(store)
    (store.root / "index.sqlite3").unlink()
    before = everything(store)
    with open_readonly(store) as index:
        assert index.urls([URL, ELSEWHERE]) == {
            URL: UrlFacts(URL, 0.0, one.sha256),
            ELSEWHERE: UrlFacts(ELSEWHERE, 0.0, other.sha256),
        }
        found = index.images([one.sha256, other.sha256])
        assert found[one.sha256].thumbnails == without_recipe(one).thumbnails
        assert [image.bytes for image in found.values()] == [len(BODY), len(OTHER_BODY)]
    assert everything(store) == before


def test_a_reader_with_an_index_reads_it_and_not_the_manifest(store: Store) -> None:
    one, _ = filled(store)
    (store.root / "manifest.json").unlink()
    with open_readonly(store) as index:
        assert index.urls([URL]) == {URL: UrlFacts(URL, NOON, one.sha256, response())}


def test_a_reader_of_nothing_at_all_finds_nothing(tmp_path: Path) -> None:
    with open_readonly(Store(tmp_path / "cache")) as index:
        assert (index.total_bytes(), index.manifest_due()) == (0, 0)
    assert not (tmp_path / "cache").exists()


def test_what_was_published_and_never_recorded_goes_unless_the_manifest_lists_it(
    store: Store,
) -> None:
    one, _ = filled(store)
    stray, listed = image_of(b"stray", thumbnail_of(SMALL)), image_of(b"listed")
    publish_one(store, b"stray", stray, {"small": SMALL})
    publish_one(store, b"listed", listed, {})
    with opened(store) as (index, _):
        rows = [*index.manifest_rows(), manifest.Row(ELSEWHERE, listed)]
        store.write_manifest(manifest.lines(rows))
        before = set(everything(store))
        drop_strays(store, index)
        gone = before - set(everything(store))
    assert gone == {str(store.root / path) for path in content_paths(stray)}
    assert path_of(store, one).exists()
