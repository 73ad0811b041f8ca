from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imgcache import place_patterns
from imgcache.config_images import USUAL, ImagePlace
from imgcache.core.articles import field_names


def place(*texts: str) -> ImagePlace | None:
    roots = (yaml.compose(text, Loader=yaml.CSafeLoader) for text in texts)
    return field_names.place(root for root in roots if root is not None)


def test_the_usual_names_are_found() -> None:
    text = "images: [{url: https://a.test/a.jpg, width: 1, height: 2, isCached: true}]"
    assert place(text) == USUAL
    assert place("images: [{url: https://a.test/a.jpg}]") == USUAL


def test_other_names_are_found_wherever_they_stand() -> None:
    text = """
    related:
      - gallery:
        - {src: /img/a.png?v=1, w: 10, h: 20}
        - {src: /img/b.png, w: 10, h: 20, inCache: "false"}
    authors: [{url: https://a.test/about, name: x}]
    """
    assert place(text) == ImagePlace(
        at="**.gallery[]", url=("src",), width="w", height="h", cached="inCache"
    )


def test_the_most_frequent_names_win() -> None:
    one = "photos: [{image: a.jpg, imgWidth: 1, imgHeight: 2}]"
    other = "icons: [{href: a.ico}]"
    found = place(other, one, one)
    assert found == ImagePlace(
        at="**.photos[]", url=("image",), width="imgWidth", height="imgHeight"
    )


@pytest.mark.parametrize(
    "text",
    ["title: x", "images: []", "images: [a.jpg]", "images: [{url: a page}]", "[]", "a: &x [*x]"],
)
def test_where_there_are_no_images_there_is_no_guess(text: str) -> None:
    assert place(text) is None


def test_a_key_with_a_dot_is_quoted() -> None:
    found = place("my.images: [{url: a.jpg, w*: 1, width.px: 5}]")
    assert found == ImagePlace(at='**."my.images"[]', url=("url",), width=None)


def test_one_key_never_gets_two_roles() -> None:
    texts = ["i: [{url: a.jpg, cachewidth: 1}]", "i: [{url: a.jpg, cachewidth: true}]"]
    assert place(*texts) == ImagePlace(at="**.i[]", width="cachewidth")


_TEXTS = st.sampled_from(["images", "url", "w", "width", "cache", "a.jpg", "1", "true", ""])
_TREES = st.recursive(
    _TEXTS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(_TEXTS, below, max_size=4),
    max_leaves=20,
)


@given(_TREES)
def test_any_tree_gives_usable_names_or_none(tree: object) -> None:
    found = place(yaml.safe_dump(tree))
    if found is not None:
        assert place_patterns.pattern(found.at)[0] is place_patterns.Step.ANYWHERE
