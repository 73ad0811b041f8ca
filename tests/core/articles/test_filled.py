"""Keys that are required: there and not empty, however YAML writes that."""

from __future__ import annotations

import pytest

from imgcache.config import LimitSettings
from imgcache.core.articles.changes import Change
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.writeback import apply

NOTED = ("alt", "credit")


def filled(entry: str, noted: tuple[str, ...] = NOTED) -> tuple[str, ...] | None:
    article = parsed(f"---\nbase: &base {{credit: inherited}}\nimages:\n  - {entry}\n---\n", noted)
    return article.entries[0].filled


def parsed(text: str, noted: tuple[str, ...] = NOTED) -> Article:
    places, limits = places_of(None), LimitSettings()
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
