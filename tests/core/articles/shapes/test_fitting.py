"""The places that are proposed for what was seen, and that they find all of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import LimitSettings
from imgcache.config_images import USUAL, ImagePlace
from imgcache.core.articles.document import Document, parse
from imgcache.core.articles.entries import read_document
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.shapes import fitting
from imgcache.core.articles.shapes.sights import Seen, look
from imgcache.place_patterns import Pattern


def places(*texts: str) -> list[ImagePlace]:
    roots = (yaml.compose(text, Loader=yaml.CSafeLoader) for text in texts)
    looked = [look(root, whole=False) for root in roots]
    seen = Counter(one.sight for each in looked for one in each.seen)
    return list(fitting.places(seen, Counter(at for each in looked for at in each.others)))


def test_the_usual_names_are_found() -> None:
    text = "images: [{url: https://a.test/a.jpg, width: 1, height: 2, isCached: true}]"
    assert places(text) == [USUAL]
    assert places("images: [{url: https://a.test/a.jpg}]") == [USUAL]
    assert places("images: [https://a.test/a.jpg]") == [USUAL]
    assert places("more: [{images: [https://a.test/a.jpg]}]") == [USUAL]


def test_other_names_are_found_wherever_they_stand() -> None:
    text = """
    related:
      - gallery:
        - {src: /img/a.png?v=1, w: 10, h: 20}
        - {src: /img/b.png, w: 10, h: 20, inCache: "false"}
    authors: [{url: https://a.test/about, name: x}]
    """
    found = ImagePlace(
        at="related[].gallery[]", url=("src",), width="w", height="h", cached="inCache"
    )
    assert places(text) == [found]
    both = places(text, "gallery: [{src: c.png}]")
    assert both == [found.model_copy(update={"at": "**.gallery[]"})]


def test_the_most_frequent_comes_first() -> None:
    one = "photos: [{image: a.jpg, imgWidth: 1, imgHeight: 2}]"
    other = "icons: [{href: a.ico}]"
    assert places(other, one, one) == [
        ImagePlace(at="photos[]", url=("image",), width="imgWidth", height="imgHeight"),
        ImagePlace(at="icons[]", url=("href",)),
    ]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["cover: a.jpg"], [{"at": "cover"}]),
        (["cover: {image: a.jpg}", "cover: b.jpg"], [{"at": "cover", "url": "image"}]),
        (
            ["image: {path: a.jpg}", "image: {src: a.jpg}", "image: {path: a.jpg}"],
            [{"at": "image", "url": ["path", "src"]}],
        ),
        (["header: {teaser: a.jpg}"], [{"at": "header.teaser"}]),
        (
            ["og_image: a.jpg\nog_width: 3\nog_height: 2\nwidth: 5"],
            [{"at": "", "url": "og_image", "width": "og_width", "height": "og_height"}],
        ),
        (["image: a.jpg\nwidth: 5"], [{"at": "image"}]),
        (
            ["gallery: [{src: b.jpg, thumb: a.jpg, thumbWidth: 3, width: 5}]"],
            [
                {"at": "gallery[]", "url": "src", "width": "width"},
                {"at": "gallery[]", "url": "thumb", "width": "thumbWidth"},
            ],
        ),
        (["authors: {ann: {image_url: a.jpg}}"], [{"at": "authors.*.image_url"}]),
        (
            ["my.images: [{url: a.jpg, w*: 1, width.px: 5}]"],
            [{"at": '"my.images"[]', "url": "url"}],
        ),
    ],
)
def test_each_shape_has_its_place(texts: list[str], expected: list[dict[str, object]]) -> None:
    wanted = [ImagePlace.model_validate(one) for one in expected]
    assert sorted(places(*texts), key=repr) == sorted(wanted, key=repr)


@pytest.mark.parametrize(
    "text",
    ["title: x", "images: []", "images: [a.mp4]", "images: [{url: a page}]", "[]", "a: &x [*x]"],
)
def test_where_there_are_no_images_there_is_no_guess(text: str) -> None:
    assert places(text) == []


def test_one_key_never_gets_two_roles() -> None:
    texts = ["i: [{url: a.jpg, cachewidth: 1}]", "i: [{url: a.jpg, cachewidth: true}]"]
    assert places(*texts) == [ImagePlace(at="i[]", width="cachewidth")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A string in the place of a mapping would be read as a URL.
        ("authors: [ann, {name: Bob, image_url: a.jpg}]", ["authors[].image_url"]),
        (
            "pages: {a: {src: a.jpg, width: 3}, b: {src: b.jpg, width: 4}, c: x}",
            ["pages.a", "pages.b"],
        ),
        ("notes: [{text: a.jpg}, {text: b}, {text: c}]", []),
        ("tags: [a.jpg, b, c]", []),
        ("gallery: [{url: a.jpg, thumb: b.jpg}, {url: /page, thumb: c.jpg}]", ["gallery[]"]),
        ("photos: [{src: a.jpg, width: 3}, x]", ["photos[].src"]),
    ],
)
def test_what_would_read_other_texts_is_no_place(text: str, expected: list[str]) -> None:
    assert [one.at for one in places(text)] == expected


def test_data_has_no_end_of_places() -> None:
    text = "\n".join(f"key{number}x{number}: a.png" for number in range(100))
    assert len(places(text)) == 24


_TEXTS = st.sampled_from(["images", "url", "src", "w", "width", "cache", "authors", "a.b", "k"])
_VALUES = st.sampled_from(["a.jpg", "https://a.test/x", "1", "true", "words"])
_TREES = st.dictionaries(
    _TEXTS,
    st.recursive(
        _VALUES,
        lambda below: st.lists(below, max_size=3) | st.dictionaries(_TEXTS, below, max_size=3),
        max_leaves=15,
    ),
    max_size=5,
)


@given(st.lists(_TREES, max_size=3))
def test_whatever_is_seen_is_found_with_the_places(trees: list[dict[str, object]]) -> None:
    documents = [_document(yaml.safe_dump(one)) for one in trees]
    looks = [look(one.root, whole=False) for one in documents]
    others = Counter(place for one in looks for place in one.others)
    found = fitting.places(Counter(one.sight for here in looks for one in here.seen), others)
    # Strings amid mappings are no entries of the usual place; a run tells of them.
    places = places_of(tuple(one.model_copy(update={"add": False}) for one in found))
    for document, here in zip(documents, looks, strict=True):
        entries = read_document(document, places, LimitSettings()).entries
        wanted = Counter(text for one in here.seen for text in _sure(one, others))
        assert wanted <= Counter(entry.url for entry in entries)


def _sure(seen: Seen, others: Mapping[Pattern, int]) -> Iterator[str]:
    """Its images, but where other texts stand, too: then it depends on how many."""
    at, keys = seen.sight.at, seen.sight.urls
    for number, text in enumerate(seen.texts):
        places = {at, (*at, keys[number]) if keys else at}
        if not any(others.get(place) for place in places):
            yield text


def test_a_key_with_other_texts_takes_no_image_from_another_key() -> None:
    more = ", ".join(f"{{k: {name}.jpg}}" for name in "cdef")
    found = places(f"photos: [{{src: a.jpg, k: words}}, {{src: b.jpg}}, {more}]")
    assert [one.url for one in found] == [("k",), ("src",)]


def _document(text: str) -> Document:
    found = parse(f"---\n{text}---\n".encode(), whole=False, limits=LimitSettings())
    assert isinstance(found, Document)
    return found
