"""Objects that are handed out: read ahead, and never two of them mixed."""

from __future__ import annotations

import hashlib

import pytest

from imgcache.config import ThumbnailSettings
from imgcache.edge.cache.objects.bucket import Bucket, open_bucket
from imgcache.edge.cache.objects.serving import CachedObjects, OpenObject
from imgcache.errors import LocalError
from imgcache.units import BucketUrl
from tests.support.buckets import Objects

BLOCK = 1 << 16
LARGE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * (12 << 10)
SHA256 = hashlib.sha256(LARGE).hexdigest()
PATH = f"images/{SHA256[:2]}/{SHA256}.jpg"


@pytest.fixture
def cached(bucket: Objects) -> CachedObjects:
    bucket.put(PATH, LARGE)
    names = {"small": ThumbnailSettings()}
    return CachedObjects(open_bucket(BucketUrl.parse(bucket.url)), names, redirect=False)


def held(cached: CachedObjects) -> OpenObject:
    found = cached.image(SHA256)
    assert found is not None
    return found


def test_a_large_one_is_sent_in_blocks_and_takes_few_requests(
    bucket: Objects, cached: CachedObjects
) -> None:
    held(cached).close()
    bucket.server.requests.clear()
    again = held(cached)
    blocks = [again.read(start, BLOCK) for start in range(0, again.size, BLOCK)]
    assert b"".join(blocks) == LARGE
    assert len(bucket.requests("GET")) == 4


def test_none_is_ever_read_whole(cached: CachedObjects, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others may have put there what fits into no memory."""
    monkeypatch.delattr(Bucket, "read")
    one = held(cached)
    assert one.read(2 << 20, BLOCK) == LARGE[2 << 20 :][:BLOCK]


def test_any_part_is_the_right_one(cached: CachedObjects) -> None:
    one = held(cached)
    for start, length in ((len(LARGE) - 3, 100), (5, 7), (2 << 20, 9), (0, 4), (len(LARGE), 1)):
        assert one.read(start, length) == LARGE[start : start + length]


def test_one_that_is_changed_while_it_is_sent_is_cut_short(
    bucket: Objects, cached: CachedObjects
) -> None:
    one = held(cached)
    bucket.put(PATH, b"\xff\xd8\xff\xe0" + b"x" * (len(LARGE) - 4))
    assert one.read(0, BLOCK) == LARGE[:BLOCK]
    with pytest.raises(LocalError, match="it was changed while it was read"):
        one.read(2 << 20, BLOCK)


@pytest.mark.parametrize("name", ["../index", "0" * 63, SHA256.upper(), f"{SHA256}/x", ""])
def test_what_is_no_hash_never_reaches_the_store(
    bucket: Objects, cached: CachedObjects, name: str
) -> None:
    bucket.server.requests.clear()
    assert cached.image(name) is None
    assert cached.thumbnail("small", name) is None
    assert cached.thumbnail("../images", SHA256) is None
    assert bucket.server.requests == []


def test_what_is_no_picture_is_not_handed_out(bucket: Objects, cached: CachedObjects) -> None:
    bucket.put(f"thumbs/small/{SHA256[:2]}/{SHA256}.webp", b"<html>")
    assert cached.thumbnail("small", SHA256) is None
