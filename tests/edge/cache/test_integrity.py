from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from imgcache.core.cache.layout import image_path
from imgcache.edge.cache.integrity import is_sound
from imgcache.edge.cache.store import Store
from imgcache.edge.safe_fs import identity_of, mark_of
from imgcache.facts import ImageFacts
from tests.support.facts import image_of
from tests.support.publishing import publish_one
from tests.support.tampering import spoil, swap

BODY = b"\xff\xd8 a picture" * 1000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "cache")
    made.prepare()
    return made


@pytest.fixture
def image(store: Store) -> ImageFacts:
    return publish_one(store, BODY, image_of(BODY), {})


def path_of(store: Store, image: ImageFacts) -> Path:
    return store.root / image_path(image.sha256, image.format)


def test_a_file_that_was_hashed_as_it_is_is_not_read_again(store: Store, image: ImageFacts) -> None:
    """Its bytes are wrong, so that who reads them would condemn it."""
    path = path_of(store, image)
    spoil(path)
    assert not is_sound(store, image)
    assert is_sound(store, replace(image, hashed=mark_of(identity_of(path.stat()))))


@pytest.mark.parametrize("harm", [spoil, swap])
def test_a_change_that_size_and_mtime_do_not_show_is_noticed(
    store: Store, image: ImageFacts, harm: Callable[[Path], None]
) -> None:
    assert is_sound(store, image)
    harm(path_of(store, image))
    assert store.sound_image(image) is image
    assert not is_sound(store, image)


def test_a_file_of_unknown_identity_is_hashed(store: Store, image: ImageFacts) -> None:
    unknown = replace(image, hashed=None)
    assert is_sound(store, unknown)
    spoil(path_of(store, image))
    assert not is_sound(store, unknown)


def test_the_files_of_a_copied_cache_are_hashed_and_sound(
    store: Store, image: ImageFacts, tmp_path: Path
) -> None:
    copied = Store(shutil.copytree(store.root, tmp_path / "copied"))
    assert is_sound(copied, image)
    spoil(path_of(copied, image))
    assert not is_sound(copied, image)


def test_another_size_or_mtime_is_another_file(store: Store, image: ImageFacts) -> None:
    """Whatever else agrees."""
    spoil(path_of(store, image))
    mark = mark_of(identity_of(path_of(store, image).stat()))
    for other in ({"bytes": image.bytes + 1}, {"mtime_ns": image.mtime_ns + 1}):
        assert not is_sound(store, replace(image, hashed=mark, **other))


def test_no_file_is_not_sound(store: Store, image: ImageFacts) -> None:
    path_of(store, image).unlink()
    assert not is_sound(store, image)
