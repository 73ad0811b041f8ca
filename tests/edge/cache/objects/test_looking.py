"""Looks at many objects: few requests, and nothing is taken for lost that is there."""

from __future__ import annotations

import pytest

from imgcache.edge.cache.objects import looking
from imgcache.edge.cache.objects.bucket import Bucket, open_bucket
from imgcache.edge.cache.objects.looking import seen, side_by_side
from imgcache.errors import LocalError
from imgcache.units import BucketUrl
from tests.support.buckets import Objects

PATHS = [f"images/{n:02x}/{n:02x}.jpg" for n in range(0, 120, 4)]
LOST = PATHS[7]


@pytest.fixture
def opened(bucket: Objects) -> Bucket:
    for path in PATHS:
        if path != LOST:
            bucket.put(path, path.encode())
    bucket.put("images/ff/ff.jpg", b"beyond")
    bucket.server.requests.clear()
    return open_bucket(BucketUrl.parse(bucket.url))


def asked(bucket: Objects) -> tuple[int, list[str]]:
    """How many lists, and which objects by themselves."""
    lists = sum(one == f"GET /{bucket.name}" for one in bucket.server.requests)
    return lists, bucket.requests("HEAD")


def test_many_are_seen_by_one_list_and_what_it_lacks_is_asked_for(
    bucket: Objects, opened: Bucket
) -> None:
    found = seen(opened, PATHS)
    assert [path for path in PATHS if found[path] is None] == [LOST]
    assert found[PATHS[0]] == opened.head(PATHS[0])
    # The second list makes sure of the bucket, as something is not there.
    assert asked(bucket) == (2, [LOST, PATHS[0]])


def test_few_are_asked_for_one_by_one(bucket: Objects, opened: Bucket) -> None:
    assert None not in seen(opened, PATHS[:3]).values()
    lists, heads = asked(bucket)
    assert (lists, sorted(heads)) == (0, PATHS[:3])


def test_a_list_that_is_much_longer_than_what_is_looked_for_is_given_up(
    bucket: Objects, opened: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_FEW", 1)
    monkeypatch.setattr(looking, "_PAGE", 0)
    monkeypatch.setattr(looking, "_SPARSE", 2)
    assert None not in seen(opened, [PATHS[0], PATHS[-1]]).values()
    assert asked(bucket) == (1, [PATHS[-1]])


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(side_by_side(lambda n: n * n, range(100))) == [n * n for n in range(100)]


def test_an_error_ends_the_work() -> None:
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        raise LocalError("the store is gone")

    with pytest.raises(LocalError):
        list(side_by_side(work, range(1000)))
    assert len(begun) < 100


def test_what_a_strange_name_hides_is_asked_for(bucket: Objects, opened: Bucket) -> None:
    bucket.put_strange("images/40//x.jpg")
    found = seen(opened, PATHS)
    assert [path for path in PATHS if found[path] is None] == [LOST]
