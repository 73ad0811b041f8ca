"""The walk that finds YAML's entries finds those of TOML and JSON."""

from __future__ import annotations

import pytest

from imgcache.config import LimitSettings
from imgcache.core.articles.changes import Change
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.fences import Language
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.writeback import apply
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry

PLACES, LIMITS = places_of(None), LimitSettings()


def article(text: str, language: Language | None = None) -> Article:
    found = read(
        text.encode(),
        whole=language is not None,
        places=PLACES,
        limits=LIMITS,
        language=language or Language.YAML,
    )
    assert isinstance(found, Article)
    return found


def places(entries: tuple[Entry, ...]) -> list[tuple[str | None, int, int, str | None]]:
    return [(one.pointer, one.line, one.column, one.url) for one in entries]


def test_entries_of_toml_stand_where_their_url_does() -> None:
    text = (
        "+++\ntitle = 'é\U0001f600'\n"
        "extra.images = [{ alt = '\U0001f600', url = 'a' }, {url='b'}]\n"
        '[[gallery.images]]\nurl = """\nc"""\n[[gallery.images]]\nurl = \'d\\n\'\n'
        "[[gallery.images.more.images]]\nurl = \"\\u00e9\" # 'x'\n+++\nurl = 'no'\n"
    )
    for written in (text, text.replace("\n", "\r\n"), "\ufeff" + text):
        assert places(article(written).entries) == [
            ("/extra/images/0", 3, 36, "a"),
            ("/extra/images/1", 3, 48, "b"),
            ("/gallery/images/0", 5, 7, "c"),
            ("/gallery/images/1", 8, 7, "d\\n"),
            ("/gallery/images/1/more/images/0", 10, 7, "é"),
        ]


def test_entries_of_json_stand_where_their_url_does() -> None:
    text = '{"a/b": {"images": [{"alt": "\U0001f600", "url": "\\u00e9"},\n{"url":\n"b"}]}}\n"x"'
    assert places(article(text).entries) == [
        ("/a~1b/images/0", 1, 41, "é"),
        ("/a~1b/images/1", 3, 1, "b"),
    ]
    assert places(article('\n[{"images": [{"url": "x"}]}]', Language.JSON).entries) == [
        ("/0/images/0", 2, 22, "x")
    ]


@pytest.mark.parametrize(
    ("toml", "json", "size"),
    [
        ("640", "640", 640),
        ("'640'", '"640"', 640),
        ('"640"', '"\\u0036\\u0034\\u0030"', 640),
        ("6_40", "640.0", None),
        ("0x280", "6.4e2", None),
        ("+640", "-640", None),
        ("1979-05-27", "null", None),
        ("640.0", "[640]", None),
        ("1000000000", "1000000000", None),
        ("true", "true", None),
        ("['640']", '" 640"', None),
    ],
)
def test_a_size_is_an_integer_of_digits_or_a_string_of_them(
    toml: str, json: str, size: int | None
) -> None:
    for text in (f"+++\nimages = [{{url = 'x', width = {toml}}}]\n+++\n", _json("width", json)):
        (entry,) = article(text).entries
        assert entry.declared.width == size


@pytest.mark.parametrize(
    ("written", "flag"),
    [("true", True), ("false", False), ('"true"', None), ("1", None), ("[]", None), ("{}", None)],
)
def test_a_flag_is_a_boolean(written: str, flag: bool | None) -> None:
    for text in (
        f"+++\nimages = [{{url='x', isCached={written}}}]\n+++",
        _json("isCached", written),
    ):
        (entry,) = article(text).entries
        assert entry.declared == Declared(None, None, flag, by_hand=("width", "height"))


def _json(key: str, value: str) -> str:
    return f'{{"images": [{{"url": "x", "{key}": {value}}}]}}'


@pytest.mark.parametrize("value", ["1979-05-27", "07:32:00", "1979-05-27 07:32:00Z", "1", "inf"])
def test_what_is_no_string_is_no_url(value: str) -> None:
    (entry,) = article(f"+++\nimages = [{{url = {value}}}]\n+++\n").entries
    assert (entry.url, entry.url_text) == (None, value)


def test_a_key_that_json_has_twice_on_the_way_to_an_entry_is_told() -> None:
    found = article('{"a": 1, "a": 2, "images": [{"url": "x",\n"url": "y"}]}')
    assert [one.url for one in found.entries] == ["y"]
    assert [(one.line, "stands twice" in one.message) for one in found.problems] == [(2, True)]


def test_no_merge_key_is_known() -> None:
    found = article('{"images": [{"<<": {"url": "x"}}]}')
    assert found.entries == ()


@pytest.mark.parametrize(
    "text", ["+++\nimages = [{url = 'x', isCached = true}]\n+++\n", _json("isCached", "true")]
)
def test_nothing_is_written(text: str) -> None:
    found = article(text)
    assert apply(found, {0: Change(cached=True)}).data == text.encode()
    with pytest.raises(ArticleError, match="never written"):
        apply(found, {0: Change(cached=False)})
