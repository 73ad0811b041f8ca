from __future__ import annotations

import pytest

from imgcache.config import LimitSettings
from imgcache.config_images import Scalar
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.skipped import is_skipped


def skipped(text: str, **skip: tuple[Scalar, ...]) -> bool:
    data = f"---\n{text}\n---\n".encode()
    article = read(data, whole=False, places=places_of(None), limits=LimitSettings())
    assert isinstance(article, Article)
    return is_skipped(article.document.root, article.resolved, skip)


@pytest.mark.parametrize(
    ("value", "skip", "expected"),
    [
        ("true", (True,), True),
        ("TRUE", (True,), True),
        ("false", (True,), False),
        ("False", (False,), True),
        ("'true'", (True,), False),
        ("'true'", ("true",), True),
        ("true", ("true",), True),
        ("yes", (True,), False),
        ("1", (True,), False),
        ("1", (1,), True),
        ("1.0", (1,), True),
        ("'1'", (1,), False),
        ("draft", ("private", "draft"), True),
        ("Draft", ("draft",), False),
        ("[draft]", ("draft",), False),
        ("", (False,), False),
    ],
)
def test_an_article_is_skipped_by_a_value_of_a_key(
    value: str, skip: tuple[Scalar, ...], expected: bool
) -> None:
    assert skipped(f"title: x\nkey: {value}", key=skip) is expected


def test_the_key_stands_at_the_top() -> None:
    assert not skipped("a: {draft: true}", draft=(True,))
    assert not skipped("- draft: true", draft=(True,))
    assert not skipped("# nothing", draft=(True,))
    assert skipped("d: &d {draft: true}\n<<: *d", draft=(True,))


def test_any_of_several_keys_is_enough() -> None:
    assert skipped("draft: false\npublished: false", draft=(True,), published=(False,))
