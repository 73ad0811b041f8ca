"""What lies in the cache folder, and questions about the whole index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from imgcache.core.cache.garbage import UrlStatus
from imgcache.core.cache.layout import content_paths
from imgcache.edge.cache.files import kept_files
from imgcache.edge.cache.store import Store
from imgcache.edge.index import scans
from imgcache.edge.index.index import Index
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.model import Failure, FileTotals, Format, Verdict
from tests.support.facts import NOON, image_of, thumbnail_of
from tests.support.publishing import publish_one

BODY, SMALL = b"picture", b"small"
IMAGE = image_of(BODY, thumbnail_of(SMALL))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "cache")
    made.prepare()
    return made


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.open(tmp_path / "index.sqlite3") as opened:
        yield opened


def test_images_and_thumbnails_are_listed_with_size_and_mtime(store: Store) -> None:
    image = publish_one(store, BODY, IMAGE, {"small": SMALL})
    path, small = content_paths(image)
    assert sorted(kept_files(store.root)) == [
        (path, len(BODY), image.mtime_ns),
        (small, len(SMALL), image.thumbnails[0].mtime_ns),
    ]


def test_no_folder_holds_no_files(tmp_path: Path) -> None:
    assert list(kept_files(tmp_path / "cache")) == []


@pytest.mark.parametrize(
    "path",
    [
        "images/README.md",
        "images/ab/.gitignore",
        f"images/ab/{'cd' * 32}.jpg",
        f"images/{'ab' * 32}.jpg",
        f"images/ab/{'ab' * 32}.jpg.bak",
        f"images/ab/{'ab' * 31}.jpg",
        f"thumbs/ab/{'ab' * 32}.webp",
        f"thumbs/Card/ab/{'ab' * 32}.webp",
        f"tmp/ab/{'ab' * 32}.jpg",
    ],
)
def test_what_bears_another_name_is_not_ours(store: Store, path: str) -> None:
    (store.root / path).parent.mkdir(parents=True, exist_ok=True)
    (store.root / path).write_bytes(b"mine")
    assert list(kept_files(store.root)) == []


def test_links_are_neither_followed_nor_listed(store: Store, tmp_path: Path) -> None:
    name = f"{'ab' * 32}.jpg"
    (tmp_path / "ab").mkdir()
    (tmp_path / "ab" / name).write_bytes(b"precious")
    (store.root / "images" / "ab").symlink_to(tmp_path / "ab")
    (store.root / "thumbs" / "small" / "ab").mkdir(parents=True)
    (store.root / "thumbs" / "small" / "ab" / name).symlink_to(tmp_path / "ab" / name)
    assert list(kept_files(store.root)) == []


def test_a_file_in_the_place_of_a_folder_is_told(store: Store) -> None:
    (store.root / "images").rmdir()
    (store.root / "images").write_bytes(b"")
    with pytest.raises(LocalError, match="images in the cache folder"):
        list(kept_files(store.root))


def numbered(count: int) -> list[ImageFacts]:
    return [image_of(str(number).encode()) for number in range(count)]


def test_all_images_are_walked_however_many(index: Index) -> None:
    images = numbered(1203)
    index.record(images=images)
    assert list(scans.images(index)) == sorted(images, key=lambda image: image.sha256)


def test_standings_tell_of_copies_and_failures(index: Index) -> None:
    gone = Failure(Verdict.GONE, "gone")
    urls = [UrlFacts("a:", NOON, IMAGE.sha256), UrlFacts("b:", NOON + 1, failure=gone)]
    index.record(urls, [IMAGE])
    assert sorted(scans.url_statuses(index)) == [
        UrlStatus("a:", NOON, IMAGE.sha256, None),
        UrlStatus("b:", NOON + 1, None, Verdict.GONE),
    ]


def test_files_are_counted_by_format_and_by_name(index: Index) -> None:
    png = replace(image_of(b"png!", thumbnail_of(b"12", "card")), format=Format.PNG)
    index.record(images=[IMAGE, image_of(b"b", thumbnail_of(b"123")), png])
    assert scans.images_by_format(index) == {"jpeg": FileTotals(2, 8), "png": FileTotals(1, 4)}
    assert scans.thumbnails_by_name(index) == {"card": FileTotals(1, 2), "small": FileTotals(2, 8)}


def test_forgotten_urls_leave_their_images_as_orphans(index: Index) -> None:
    urls = [UrlFacts("a:", NOON, IMAGE.sha256), UrlFacts("b:", NOON)]
    index.record(urls, [IMAGE], {"a:": "a:", "A:": "a:", "b:": "b:"})
    index.manifest_written(index.manifest_due() or 0)
    scans.forget_urls(index, ["a:"], ["a:", "A:"])
    assert list(index.urls(["a:", "b:"])) == ["b:"]
    assert scans.spellings(index) == {"b:": "b:"}
    assert index.orphans() == (IMAGE,)
    assert index.manifest_due() is not None
