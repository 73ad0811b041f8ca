from __future__ import annotations

import datetime as dt

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


_DAY = dt.date(2026, 1, 2)
_NOON = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)


def written(text: str, **skip: tuple[Scalar, ...]) -> bool:
    """The same of a front matter that brings its own fences."""
    article = read(text.encode(), whole=False, places=places_of(None), limits=LimitSettings())
    assert isinstance(article, Article)
    return is_skipped(article.document.root, article.resolved, skip)


@pytest.mark.parametrize(
    ("toml", "json", "skip", "expected"),
    [
        ("true", "true", (True,), True),
        ("false", "false", (True,), False),
        ("false", "false", (True, False), True),
        ("'true'", '"true"', (True,), False),
        ('"true"', '"true"', ("true",), True),
        ("true", "true", ("true",), True),
        ("1", "1", (True,), False),
        ("true", "true", (1,), False),
        ("1", "1", (1,), True),
        ("+1.0", "1.0", (1,), True),
        ("0x10", "16", (16,), True),
        ("1_000", "1e3", (1000,), True),
        ("'1'", '"1"', (1,), False),
        ("'draft'", '"draft"', ("private", "draft"), True),
        ('"dr\\u0061ft"', '"dr\\u0061ft"', ("draft",), True),
        ('"""\ndraft"""', '"draft"', ("draft",), True),
        ("['draft']", '["draft"]', ("draft",), False),
        ("{a = true}", '{"a": true}', (True,), False),
        ("''", "null", (False, 0), False),
        ("2026-01-02", '"2026-01-02"', ("2026-01-02",), True),
    ],
)
def test_toml_and_json_say_the_same(
    toml: str, json: str, skip: tuple[Scalar, ...], expected: bool
) -> None:
    assert written(f"+++\nkey = {toml}\n+++\n", key=skip) is expected
    assert written(f'{{"key": {json}}}\n', key=skip) is expected


def test_the_key_of_toml_and_json_stands_at_the_top() -> None:
    assert not written("+++\n[extra]\ndraft = true\n+++\n", draft=(True,))
    assert not written('{"extra": {"draft": true}}\n', draft=(True,))
    assert written('+++\n"draft" = true\n[extra]\n+++\n', draft=(True,))


@pytest.mark.parametrize(
    ("value", "skip", "expected"),
    [
        ("2026-01-02", _DAY, True),
        ("2026-01-03", _DAY, False),
        ("'2026-01-02'", _DAY, False),
        ("2026-01-02 12:00:00Z", _NOON, True),
        ("2026-01-02T13:00:00+01:00", _NOON, True),
        ("2026-01-02T12:00:00", _NOON, False),
        ("2026-01-02", _NOON, False),
        ("2026-01-02T00:00:00", _DAY, False),
        ("never", _DAY, False),
    ],
)
def test_a_date_is_that_day_however_it_is_written(
    value: str, skip: dt.date, expected: bool
) -> None:
    assert skipped(f"key: {value}", key=(skip,)) is expected
    if value != "never":
        assert written(f"+++\nkey = {value}\n+++\n", key=(skip,)) is expected
