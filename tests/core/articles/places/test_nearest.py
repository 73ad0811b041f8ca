from __future__ import annotations

import pytest
import yaml

from imgcache.config_images import ImagePlace
from imgcache.core.articles.places.nearest import nearest, shapes

TEXT = """
cover: {image: https://a.test/a.jpg, alt: not an image.jpg}
images: [a.png, b.png, {url: /c.webp?x}]
related: [&r {images: [{url: d.gif}]}, *r]
"my.key": e.avif
width: 3
"""


def seen(*texts: str) -> dict[str, int]:
    roots = (yaml.compose(text, Loader=yaml.CSafeLoader) for text in texts)
    return dict(shapes(root for root in roots if root is not None))


def test_images_are_seen_wherever_they_stand() -> None:
    assert seen(TEXT, "cover: {image: b.jpg}") == {
        "cover.image": 2,
        "images[]": 2,
        "images[].url": 1,
        "related[].images[].url": 1,
        '"my.key"': 1,
    }


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
    roots = [yaml.compose(TEXT, Loader=yaml.CSafeLoader)]
    found = nearest(ImagePlace(at=at, url=(url,)), shapes(one for one in roots if one is not None))
    assert found == expected


def test_where_no_image_was_seen_there_is_no_nearest() -> None:
    assert nearest(ImagePlace(at="cover"), shapes([])) is None
