"""A group of images is published together, and each of them fails for itself."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from imgcache.core.cache.layout import image_path
from imgcache.edge.cache.new_images import NewImage, publish_all
from imgcache.edge.cache.store import Store
from imgcache.edge.safe_fs import identity_of, mark_of
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts
from tests.support.facts import image_of
from tests.support.publishing import temporary_files

BODIES = [b"\xff\xd8 picture %d" % number for number in range(5)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    store = Store(tmp_path / "cache")
    store.prepare()
    return store.root


def new(body: bytes) -> NewImage:
    return NewImage(image_of(body), body, {})


def path_of(root: Path, body: bytes) -> Path:
    return root / image_path(hashlib.sha256(body).hexdigest(), image_of(body).format)


def test_all_of_a_group_are_published_in_their_order(root: Path) -> None:
    published = publish_all(root, os.fsync, [new(body) for body in BODIES])
    for body, facts in zip(BODIES, published, strict=True):
        assert isinstance(facts, ImageFacts)
        assert facts.sha256 == hashlib.sha256(body).hexdigest()
        file = path_of(root, body)
        assert file.read_bytes() == body
        assert facts.hashed == mark_of(identity_of(file.stat()))
    assert temporary_files(root) == []


def test_no_name_is_given_before_all_bytes_are_durable(root: Path) -> None:
    """And no folder is synced before its last name is given."""
    seen: list[int] = []

    def fsync(_: int) -> None:
        seen.append(sum(path_of(root, body).exists() for body in BODIES))

    publish_all(root, fsync, [new(body) for body in BODIES])
    assert seen[: len(BODIES)] == [0] * len(BODIES)
    assert set(seen[len(BODIES) :]) == {len(BODIES)}


@pytest.mark.parametrize("failing", range(5))
def test_one_that_fails_costs_the_others_nothing(root: Path, failing: int) -> None:
    path_of(root, BODIES[failing]).mkdir(parents=True)
    published = publish_all(root, os.fsync, [new(body) for body in BODIES])
    for number, (body, facts) in enumerate(zip(BODIES, published, strict=True)):
        assert isinstance(facts, LocalError) == (number == failing)
        assert path_of(root, body).is_file() == (number != failing)
    assert temporary_files(root) == []


@pytest.mark.parametrize("failing", range(1, 6))
def test_what_could_not_be_made_durable_gets_no_name(root: Path, failing: int) -> None:
    calls = 0

    def fsync(_: int) -> None:
        nonlocal calls
        calls += 1
        if calls == failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    published = publish_all(root, fsync, [new(body) for body in BODIES])
    failed = [isinstance(facts, LocalError) for facts in published]
    assert failed == [number == failing - 1 for number in range(len(BODIES))]
    assert [path_of(root, body).exists() for body in BODIES] == [not one for one in failed]
    assert temporary_files(root) == []
