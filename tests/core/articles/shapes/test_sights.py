"""Where images are seen in a front matter, as places would name it."""

from __future__ import annotations

from collections import Counter

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imgcache import place_patterns
from imgcache.core.articles.shapes.sights import look

TEXT = """
cover: {image: https://a.test/a.jpg, alt: not an image.jpg}
images: [a.png, b.png, {url: /c.webp?x}]
related: [&r {images: [{url: d.gif}]}, *r]
"my.key": e.avif
width: 3
"""


def seen(*texts: str, whole: bool = False) -> dict[str, int]:
    roots = (yaml.compose(text, Loader=yaml.CSafeLoader) for text in texts)
    found = (one for root in roots for one in look(root, whole=whole).seen)
    return dict(Counter(name for one in found for name in one.sight.names))


def test_images_are_seen_wherever_they_stand() -> None:
    assert seen(TEXT, "cover: {image: b.jpg}") == {
        "cover.image": 2,
        "images[]": 2,
        "images[].url": 1,
        "related[].images[].url": 1,
        '"my.key"': 1,
    }


def test_what_a_click_leads_to_is_no_image_beside_one() -> None:
    bob = "{name: Bob, url: https://b.test/me.png, image_url: https://c.test/b}"
    assert seen(f"authors: [{bob}]") == {"authors[].image_url": 1}
    assert seen("gallery: [{url: https://b.test/page, image_path: a.png}]") == {
        "gallery[].image_path": 1
    }
    assert seen("gallery: [{url: large.png, image_path: a.png}]") == {
        "gallery[].image_path": 1,
        "gallery[].url": 1,
    }


@pytest.mark.parametrize(
    ("text", "whole", "expected"),
    [
        ("authors: {ann: {image_url: a.png}}", False, "authors.*.image_url"),
        ("ann: {avatar: a.png}", True, "*.avatar"),
        ("ann: {avatar: a.png}", False, "ann.avatar"),
        ("x: {a: {name: A, pic: a.png}, b: {name: B, pic: b.png}}", False, "x.*.pic"),
        ("x: {seo: {image: a.png}, share: {image: b.png}}", False, "x.seo.image"),
        ("x: {hero: {image: a.png, alt: A}, cover: {image: a.png, alt: B}}", False, "x.hero.image"),
        ("authors: {name: Ann, image_url: a.png}", False, "authors.image_url"),
    ],
)
def test_names_of_people_and_things_are_no_fields(text: str, whole: bool, expected: str) -> None:
    assert expected in seen(text, whole=whole)


def test_what_is_inherited_counts_once() -> None:
    assert seen("base: &b {cover: {image: a.png}}\npage: {<<: *b, title: x}") == {
        "base.cover.image": 1
    }


_TEXTS = st.sampled_from(["images", "url", "authors", "a.jpg", "a.b", "1", "https://a.test/x", ""])
_TREES = st.recursive(
    _TEXTS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(_TEXTS, below, max_size=4),
    max_leaves=20,
)


@given(_TREES, st.booleans())
def test_each_sight_can_be_spelt(tree: object, whole: bool) -> None:
    root = yaml.compose(yaml.safe_dump(tree), Loader=yaml.CSafeLoader)
    for one in look(root, whole=whole).seen:
        assert len(one.texts) == len(one.sight.names)
        for name in one.sight.names:
            place_patterns.pattern(name)
