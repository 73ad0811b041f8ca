"""Keys that are required: there and not empty, however YAML writes that."""

from __future__ import annotations

import pytest

from imgcache.config import LimitSettings
from imgcache.config_images import ImagePlace
from imgcache.core.articles.changes import Change
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import Places, places_of
from imgcache.core.articles.writeback import apply
from imgcache.errors import ArticleError

USUAL_PLACES = places_of(None)
NOTED = ("alt", "credit")


def filled(entry: str, noted: tuple[str, ...] = NOTED) -> tuple[str, ...] | None:
    article = parsed(f"---\nbase: &base {{credit: inherited}}\nimages:\n  - {entry}\n---\n", noted)
    return article.entries[0].filled


def parsed(text: str, noted: tuple[str, ...] = NOTED, places: Places = USUAL_PLACES) -> Article:
    limits = LimitSettings()
    article = read(text.encode(), whole=False, places=places, limits=limits, noted=noted)
    assert isinstance(article, Article)
    return article


@pytest.mark.parametrize("value", ["a text", "'0'", "false", "[a]", "{a: b}", "|\n      text"])
def test_a_value_fills_a_key(value: str) -> None:
    assert filled(f"url: https://a.test/1.jpg\n    alt: {value}") == ("alt",)


@pytest.mark.parametrize("value", ["", "''", '"  "', "null", "~", "[]", "{}", "# a comment"])
def test_nothing_does_not(value: str) -> None:
    assert filled(f"url: https://a.test/1.jpg\n    alt: {value}") == ()


def test_an_inherited_value_counts() -> None:
    assert filled("{url: https://a.test/1.jpg, <<: *base}") == ("credit",)


def test_only_what_is_asked_for_is_told() -> None:
    assert filled("{url: https://a.test/1.jpg, alt: a}", ()) == ()


def test_it_is_still_known_when_the_article_was_edited() -> None:
    article = parsed("---\nimages:\n  - {url: https://a.test/1.jpg, alt: a}\n---\n")
    edited = apply(article, {0: Change(cached=True)})
    assert edited.entries[0].filled == ("alt",)


SIZED = Change(cached=True, width=30, height=40)
HEIR = "  - &a {url: https://a.test/1.jpg, width: 1}\n  - {<<: *a, url: https://a.test/2.jpg"


@pytest.mark.parametrize(
    ("entries", "noted", "filled_then"),
    [
        ("  - url: https://a.test/1.jpg\n", ("width", "height"), [("width", "height")]),
        ("  - {url: https://a.test/1.jpg, width: , height: ''}\n", ("alt", "height", "isCached"),
         [("height", "isCached")]),
        ("  - {url: https://a.test/1.jpg, alt: a, width: []}\n", ("width", "alt"),
         [("width", "alt")]),
        (f"{HEIR}}}\n", ("height", "isCached"), [("height", "isCached")] * 2),
        (f"{HEIR}, height: }}\n", ("height", "alt"), [("height",)] * 2),
    ],
)  # fmt: skip
def test_what_an_edit_writes_is_filled(
    entries: str, noted: tuple[str, ...], filled_then: list[tuple[str, ...]]
) -> None:
    article = parsed(f"---\nimages:\n{entries}---\n", noted)
    edited = apply(article, dict.fromkeys(range(len(article.entries)), SIZED))
    assert [one.filled for one in edited.entries] == filled_then
    again = parsed(edited.data.decode(), noted)
    assert [one.filled for one in again.entries] == filled_then


def test_what_an_edit_writes_fills_nothing_else_by_inheritance() -> None:
    places = places_of(
        (
            ImagePlace(at="images[]", cached="isCached"),
            ImagePlace(at="og", url=("og",), cached="kept"),
        )
    )
    images = "images:\n- &a {url: https://a.test/1.jpg}\n"
    text = f"---\n{images}og: {{<<: *a, og: https://a.test/2.jpg}}\n---\n"
    article = parsed(text, ("isCached", "kept"), places)
    with pytest.raises(ArticleError, match="something else"):
        apply(article, {0: Change(cached=True), 1: Change(cached=True)})
