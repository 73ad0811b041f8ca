from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.cache.garbage import to_evict, weight
from imgcache.facts import ImageFacts
from tests.support.facts import image_of, images, thumbnail_of

OLD = image_of(b"x" * 100, thumbnail_of(b"y" * 20))
NEW = image_of(b"z" * 50)


def test_an_image_weighs_its_bytes_and_those_of_its_thumbnails() -> None:
    assert weight(OLD) == 120


def test_the_oldest_go_first_and_no_more_than_needed() -> None:
    assert to_evict([OLD, NEW], 120) == (OLD,)
    assert to_evict([OLD, NEW], 121) == (OLD, NEW)


def test_nothing_goes_while_there_is_room() -> None:
    assert to_evict([OLD, NEW], 0) == ()


def test_all_go_when_even_that_is_not_enough() -> None:
    assert to_evict([OLD, NEW], 10_000) == (OLD, NEW)


@given(st.lists(images), st.integers(0, 2**54))
def test_enough_goes_if_there_is_enough(orphans: list[ImageFacts], excess: int) -> None:
    freed = sum(map(weight, to_evict(orphans, excess)))
    assert freed >= min(excess, sum(map(weight, orphans)))
