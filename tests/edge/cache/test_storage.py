"""What folder and object store have in common; each kind of store has to pass all of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from imgcache.config_images import CacheSettings
from imgcache.core.cache.layout import MANIFEST, content_paths
from imgcache.edge.cache.integrity import is_sound, with_thumbnails
from imgcache.edge.cache.new_images import NewImage
from imgcache.edge.cache.storage import Storage, storage_of
from imgcache.edge.safe_fs import temp_name
from imgcache.facts import ImageFacts
from tests.support.buckets import KINDS, Objects, make_bucket
from tests.support.facts import image_of, thumbnail_of
from tests.support.publishing import publish_one, temporary_files

BODY = b"\xff\xd8 a picture" * 1000
SMALL = b"RIFF a thumbnail"
IMAGE = image_of(BODY, thumbnail_of(SMALL))
IMAGE_PATH, SMALL_PATH = content_paths(IMAGE)
OTHERS = [b"%d" % number + BODY for number in range(8)]


class Files:
    """The files of a folder, with the words of `Objects`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, data: bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).unlink(missing_ok=True)
        (self.root / path).write_bytes(data)

    def get(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def delete(self, path: str) -> None:
        (self.root / path).unlink()


@pytest.fixture(params=["folder", *KINDS])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Files | Objects:
    """Where the files lie, as somebody else sees it."""
    if request.param == "folder":
        return Files(tmp_path / "cache")
    return make_bucket(request.getfixturevalue("s3"), request.param)


@pytest.fixture
def store(place: Files | Objects, tmp_path: Path) -> Storage:
    where = place.root if isinstance(place, Files) else place.url
    made = storage_of(CacheSettings.model_validate({"dir": where, "index": tmp_path / "home"}))
    made.prepare()
    return made


@pytest.fixture
def image(store: Storage) -> ImageFacts:
    return publish_one(store, BODY, IMAGE, {"small": SMALL})


def many(store: Storage) -> list[ImageFacts]:
    new = [NewImage(image_of(body), body, {}) for body in OTHERS]
    made = [one for one in store.publish(new) if isinstance(one, ImageFacts)]
    assert len(made) == len(OTHERS)
    return made


def test_what_is_published_is_there_and_sound(
    store: Storage, place: Files | Objects, image: ImageFacts
) -> None:
    assert (place.get(IMAGE_PATH), place.get(SMALL_PATH)) == (BODY, SMALL)
    assert store.sound_image(image) is image
    assert store.sound_thumbnails(image) == image.thumbnails
    assert store.was_hashed(image)
    assert is_sound(store, image)
    assert store.is_intact_thumbnail(image.sha256, image.thumbnails[0])
    assert image.thumbnails[0].digest == hashlib.sha256(SMALL).hexdigest()


async def test_a_body_in_a_file_is_published_too(store: Storage, place: Files | Objects) -> None:
    async with store.spool() as spool:
        await spool.write(BODY)
        publish_one(store, await spool.settle(), image_of(BODY), {})
    assert place.get(IMAGE_PATH) == BODY
    assert temporary_files(store.home) == []


def test_what_is_there_already_is_taken_for_the_same(store: Storage, image: ImageFacts) -> None:
    again = publish_one(store, BODY, IMAGE, {"small": SMALL})
    assert is_sound(store, again)
    assert again.hashed == image.hashed or store.folder is None


def test_damage_that_has_the_name_already_is_replaced(
    store: Storage, place: Files | Objects
) -> None:
    place.put(IMAGE_PATH, b"x" * len(BODY))
    place.put(SMALL_PATH, b"x" * len(SMALL))
    image = publish_one(store, BODY, IMAGE, {"small": SMALL})
    assert (place.get(IMAGE_PATH), place.get(SMALL_PATH)) == (BODY, SMALL)
    assert is_sound(store, image)


@pytest.mark.parametrize("bad", [b"x" * len(BODY), b"short"])
def test_a_changed_image_is_noticed(
    store: Storage, place: Files | Objects, image: ImageFacts, bad: bytes
) -> None:
    place.put(IMAGE_PATH, bad)
    assert store.sound_image(image) is None
    assert store.hashed_image(image) is None
    assert not is_sound(store, image)


def test_an_image_that_was_written_again_is_sound_and_known_as_it_is_now(
    store: Storage, place: Files | Objects, image: ImageFacts
) -> None:
    place.put(IMAGE_PATH, BODY)
    before = replace(image, hashed="another")
    found = store.hashed_image(before)
    assert found is not None
    assert found != before
    assert store.was_hashed(found)


async def test_a_lost_image_is_noticed(
    store: Storage, place: Files | Objects, image: ImageFacts
) -> None:
    assert await store.is_there(image)
    place.delete(IMAGE_PATH)
    assert not await store.is_there(image)
    assert store.was_hashed(image) is None
    assert store.sound_image(image) is None
    assert not store.has(IMAGE_PATH)


def test_lost_and_damaged_thumbnails_are_left_out(
    store: Storage, place: Files | Objects, image: ImageFacts
) -> None:
    place.put(SMALL_PATH, b"x" * len(SMALL))
    assert store.sound_thumbnails(image) == ()
    assert not store.is_intact_thumbnail(image.sha256, image.thumbnails[0])
    place.delete(SMALL_PATH)
    assert store.sound_thumbnails(image) == ()
    assert with_thumbnails(store, image).thumbnails == ()
    assert store.thumbnail_bytes(image.sha256, image.thumbnails[0]) is None


def test_changes_are_seen_among_many(store: Storage, place: Files | Objects) -> None:
    made = many(store)
    paths = {one.sha256: content_paths(one)[0] for one in made}
    before = store.at_once(list(paths.values())).marks(paths.values())
    assert "" not in before.values()
    files = [(path, sha256, before[path]) for sha256, path in paths.items()]
    assert list(store.changed(files)) == []
    lost, spoilt = made[3], made[6]
    place.delete(paths[lost.sha256])
    place.put(paths[spoilt.sha256], b"x" * spoilt.bytes)
    assert set(store.changed(files)) == {lost.sha256, spoilt.sha256}


def test_what_was_looked_at_at_once_is_asked_no_more(store: Storage) -> None:
    made = many(store)
    paths = [content_paths(one)[0] for one in made]
    assert all(store.at_once(paths).sound_image(one) is one for one in made)
    assert all(store.read_at_once(paths).hashed_image(one) == one for one in made)


def test_all_files_are_listed_and_nothing_else(
    store: Storage, place: Files | Objects, image: ImageFacts
) -> None:
    place.put("images/notes.txt", b"not ours")
    found = {one.path: one.bytes for one in store.files()}
    assert found == {IMAGE_PATH: len(BODY), SMALL_PATH: len(SMALL)}


async def test_bytes_are_read(store: Storage, image: ImageFacts) -> None:
    async with store.body(image) as body:
        assert (body.read_bytes() if isinstance(body, Path) else body) == BODY
    assert list(store.read_all([SMALL_PATH, "images/none.jpg", IMAGE_PATH])) == [SMALL, None, BODY]


def test_what_is_removed_is_gone(store: Storage, place: Files | Objects, image: ImageFacts) -> None:
    store.remove(image)
    store.remove(image)
    assert list(store.files()) == []


def test_the_manifest_is_written_when_it_says_something_else(
    store: Storage, place: Files | Objects
) -> None:
    begun = [store.is_begun]
    assert store.read_manifest() == b""
    assert store.write_manifest(["{", "}\n"])
    assert not store.write_manifest(["{}", "\n"])
    assert store.read_manifest() == place.get(MANIFEST) == b"{}\n"
    assert [*begun, store.is_begun] == [False, True]
    assert temporary_files(store.home) == []


def test_working_files_of_a_killed_run_are_cleared(store: Storage) -> None:
    (store.home / "tmp" / temp_name()).write_bytes(b"half")
    store.prepare()
    assert temporary_files(store.home) == []


def test_only_the_objects_keep_a_copy_of_the_index(store: Storage, tmp_path: Path) -> None:
    (store.home / "index.sqlite3").write_bytes(b"facts")
    store.keep_index()
    target = tmp_path / "taken"
    assert store.take_index(target) == (store.folder is None)
    assert not target.exists() or target.read_bytes() == b"facts"
