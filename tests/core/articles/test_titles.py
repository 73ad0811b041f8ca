from __future__ import annotations

import pytest

from imgcache.config import LimitSettings
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import places_of
from imgcache.model import Notes


def notes(yaml: str) -> Notes:
    return notes_of(f"---\n{yaml}\n---\nbody\n")


def notes_of(front: str) -> Notes:
    article = read(front.encode(), whole=False, places=places_of(None), limits=LimitSettings())
    assert isinstance(article, Article)
    return article.notes


def test_the_title_and_the_date_of_an_article_are_those_of_its_front_matter() -> None:
    found = notes("title: 'A  bridge,\n  reopened'\ndate: 2026-11-28")
    assert (found.title, found.date) == ("A bridge, reopened", "2026-11-28")


@pytest.mark.parametrize(
    "value", ["", "null", "[a, b]", "{a: b}", "'  '", "~"], ids=lambda one: one or "nothing"
)
def test_what_is_no_text_is_no_title(value: str) -> None:
    assert notes(f"title: {value}\nother: {{title: no}}").title is None


def test_a_title_is_cut_and_has_no_password_in_it() -> None:
    assert len(notes("title: " + "long " * 1000).title or "") == 300
    hidden = notes("title: see https://user:secret@a.test/x").title or ""
    assert "secret" not in hidden
    assert "see https://user:***@a.test/x" in hidden


def test_a_title_can_be_written_as_utf_8() -> None:
    assert notes_of(r'{"title": "a \ud800 b \u0000 c"}' + "\n").title == "a ? b \ufffd c"
