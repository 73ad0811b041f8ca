from __future__ import annotations

import pytest

from imgcache.config_images import ImagePlace
from imgcache.core.articles.places.nearest import nearest

SEEN = {"cover.image": 1, "images[]": 2, "images[].url": 1, "related[].images[].url": 1, "e": 1}


@pytest.mark.parametrize(
    ("at", "url", "expected"),
    [
        ("cover", "img", "cover.image"),
        ("covers.image", "url", "cover.image"),
        ("image[]", "path", "images[]"),
        ("related[]", "image", "related[].images[].url"),
    ],
)
def test_the_nearest_place_is_the_one_that_is_spelt_most_alike(
    at: str, url: str, expected: str
) -> None:
    assert nearest(ImagePlace(at=at, url=(url,)), SEEN) == expected


def test_where_no_image_was_seen_there_is_no_nearest() -> None:
    assert nearest(ImagePlace(at="cover"), {}) is None
