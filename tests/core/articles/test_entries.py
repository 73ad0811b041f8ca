from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from imgcache.config import LimitSettings
from imgcache.config_images import ImagePlace
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import Places, places_of
from imgcache.model import Declared, Entry

SAMPLE = (Path(__file__).parents[3] / "imgcache/cli/sample.md").read_bytes()
PLACES = places_of(None)
LIMITS = LimitSettings()


def parsed(text: str, places: Places = PLACES) -> Article:
    article = read(f"---\n{text}\n---\n".encode(), whole=False, places=places, limits=LIMITS)
    assert isinstance(article, Article)
    return article


def only(text: str, places: Places = PLACES) -> Entry:
    (entry,) = parsed(text, places).entries
    return entry


def pointers(text: str) -> list[str | None]:
    return [entry.pointer for entry in parsed(text).entries]


def test_the_sample_has_four_entries_at_two_depths() -> None:
    article = read(SAMPLE, whole=False, places=PLACES, limits=LIMITS)
    assert isinstance(article, Article)
    assert [(e.pointer, e.line, e.column) for e in article.entries] == [
        ("/images/0", 22, 10),
        ("/related/0/images/0", 38, 14),
        ("/related/1/images/0", 54, 14),
        ("/related/2/images/0", 68, 14),
    ]
    assert article.entries[1].declared == Declared(530, 360, cached=True)
    assert article.problems == ()


def test_what_is_no_article_is_handed_on() -> None:
    assert read(b"text", whole=False, places=PLACES, limits=LIMITS) is NotAnArticle.PLAIN


@pytest.mark.parametrize(
    ("raw", "flag"),
    [(word, word.lower() == "true") for word in ["true", "True", "TRUE", "false", "False", "FALSE"]]
    + [("&a true", True), ("&a\n   false", False)]
    + [(raw, None) for raw in ("tRUE", "yes", "on", "'true'", '"false"', "1", "null", "", "[true]")]
    + [(raw, None) for raw in ("!!bool true", "! true", "&a !!bool true", "!x true", "|\n   true")],
)
def test_a_flag_is_one_of_six_plain_words(raw: str, flag: bool | None) -> None:
    assert only(f"images:\n- url: x\n  isCached: {raw}").declared.cached is flag


@pytest.mark.parametrize(
    ("raw", "size"),
    [("1", 1), ("'640'", 640), ('"640"', 640), ("999999999", 999999999), ("&w 5", 5)]
    + [("!!int 5", 5), ("!!str 5", 5)]
    + [(raw, None) for raw in ("0", "-1", "01", "1000000000", "1.0", "1e3", "0x10", "1_000", "")]
    + [(raw, None) for raw in ("1:30", "' 5'", "wide", "[5]", "|\n   5", "!x 5", "\u0661", "~")]
    + [("9" * 5000, None)],
)
def test_a_size_is_one_to_nine_digits(raw: str, size: int | None) -> None:
    assert only(f"images:\n- url: x\n  width: {raw}").declared.width == size


@pytest.mark.parametrize(
    ("raw", "url", "text", "column"),
    [
        ("http://x/a#b", "http://x/a#b", "http://x/a#b", 8),
        ("'it''s'", "it's", "it's", 8),
        ('"\\u00e9"', "é", "é", 8),
        (">-\n   a\n   b", "a b", "a b", 8),
        ("!!str 12", "12", "12", 14),
        ("&u  x", "x", "x", 12),
        ("!<tag:yaml.org,2002:str> x", "x", "x", 33),
        ("12", None, "12", 8),
        ("~", None, "~", 8),
        ("", None, "", 7),
        ("2021-01-01", None, "2021-01-01", 8),
        ("[a,\n    b]", None, "[a, b]", 8),
        ("{a: " + "b" * 100 + "}", None, "{a: " + "b" * 55 + "\u2026", 8),
        ("!x y", None, "y", 11),
    ],
)
def test_a_url_is_a_string_and_anything_else_is_shown(
    raw: str, url: str | None, text: str, column: int
) -> None:
    entry = only(f"images:\n- url: {raw}")
    assert (entry.url, entry.url_text, entry.line, entry.column) == (url, text, 3, column)


def test_an_aliased_url_is_reported_where_the_alias_stands() -> None:
    entry = only("u: &u http://x\nimages:\n- url: *u")
    assert (entry.url, entry.line, entry.column) == ("http://x", 4, 8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("images: [{url: x}, {alt: y}, z, [{url: n}], {url: w}]", ["/images/0", "/images/4"]),
        ("images: {url: x}", []),
        ("images: x", []),
        ("images:", []),
        ("photos: [{url: x}]", []),
        ("- images: [{url: x}]", ["/0/images/0"]),
        ("a: {b: [[{images: [{url: x}]}]]}", ["/a/b/0/0/images/0"]),
        ("images: [{url: x, more: {images: [{url: y}]}}, {url: z}]",
         ["/images/0", "/images/0/more/images/0", "/images/1"]),
        ("a/b~c: {images: [{url: x}]}\n1: {images: [{url: y}]}\n~: {images: [{url: z}]}",
         ["/a~1b~0c/images/0", "/1/images/0", "/~0/images/0"]),
        ("? [k, 1]\n: {images: [{url: x}]}", ["/[k, 1]/images/0"]),
        ("'images': [{\"url\": x}]", ["/images/0"]),
        # one entry that several places share
        ("a: {images: [&e {url: x}]}\nimages: [*e]", ["/a/images/0"]),
        ("hero: &e {url: x}\nimages: [*e, {url: y}]", ["/images/0", "/images/1"]),
        ("pool: &p [{url: x}]\nimages: *p\nb: {images: *p}", ["/images/0"]),
        # merge keys bring entries and urls
        ("d: &d {images: [{url: x}]}\na:\n  <<: *d", ["/d/images/0"]),
        ("a:\n  <<: {images: [{url: x}]}", ["/a/images/0"]),
        ("d: &d {url: x}\nimages:\n- <<: *d", ["/images/0"]),
        ("images:\n- '<<': {url: x}", []),
        ("images:\n- <<: text\n  url: x", ["/images/0"]),
        ("# nothing", []),
    ],
)  # fmt: skip
def test_entries_are_mappings_with_a_url_in_a_list_of_images(
    text: str, expected: list[str]
) -> None:
    assert pointers(text) == expected


@pytest.mark.parametrize(
    "merge",
    [
        "<<: *a\n  width: 7",
        "width: 7\n  <<: *a",
        "<<: {<<: *a, width: 7}",
        "<<: *a\n  <<: {width: 7}",
    ],
)
def test_merge_keys_resolve_as_a_loader_has_it(merge: str) -> None:
    text = f"a: &a {{url: base, width: 5, isCached: true}}\nimages:\n- height: 2\n  {merge}"
    loaded = yaml.safe_load(text)["images"][0]
    assert only(text).declared == Declared(7, 2, cached=True)
    assert (loaded["url"], loaded["width"], loaded["isCached"]) == ("base", 7, True)


def test_the_earlier_of_several_merged_mappings_wins() -> None:
    """So says the specification of merge keys; PyYAML 6.0.4's loader has the later one win."""
    text = "a: &a {url: base, width: 5}\nimages:\n- height: 2\n  <<: [{width: 7}, *a]"
    assert only(text).url == "base"
    assert only(text).declared == Declared(7, 2)


@pytest.mark.parametrize(
    ("text", "lines", "urls"),
    [
        ("images:\n- url: x\nimages:\n- url: y", [4], ["y"]),
        ("images:\n- url: x\nimages: []", [4], []),
        ("a:\n  images: [{url: x}]\na: 1", [4], []),
        ("images:\n- url: x\n  url: y", [4], ["y"]),
        ("images:\n- url: x\n  isCached: true\n  'isCached': false", [5], ["x"]),
        ("images:\n- url: x\n  <<: {width: 1}\n  <<: {width: 2}", [5], ["x"]),
        ("b: &b {width: 1, width: 2}\nimages:\n- <<: *b\n  url: x", [2], ["x"]),
        # these leave nothing open
        ("title: a\ntitle: b\nimages: [{url: x}]", [], ["x"]),
        ("images: [{url: x, alt: a, alt: b}]", [], ["x"]),
        ("images: []\nimages: [{alt: x}]", [], []),
    ],
)
def test_repeated_keys_on_the_way_to_an_entry_are_problems(
    text: str, lines: list[int], urls: list[str]
) -> None:
    article = parsed(text)
    assert [problem.line for problem in article.problems] == lines
    assert [entry.url for entry in article.entries] == urls


def test_the_configured_keys_are_the_ones_that_count() -> None:
    place = ImagePlace(at="**.photos[]", url=("src",), width="w", height="h", cached="local")
    entry = only(
        "photos: [{src: x, w: 1, h: 2, local: true, isCached: false}]", places_of((place,))
    )
    assert (entry.url, entry.declared) == ("x", Declared(1, 2, cached=True))


def test_lines_and_columns_count_characters_by_line_feeds() -> None:
    entry = only("\U0001f600: 'a\u2028b'\nimages: [{alt: \U0001f600, url: x}]")
    assert (entry.line, entry.column) == (3, 24)


def test_thousands_of_entries_are_all_placed() -> None:
    count = 5_000
    text = "images:\n" + "\n".join(f"- {{url: u{index}}}" for index in range(count))
    entries = parsed(text).entries
    assert [(e.url, e.line, e.column) for e in entries] == [
        (f"u{index}", index + 3, 9) for index in range(count)
    ]


@pytest.mark.parametrize(
    ("written", "strange"),
    [
        ("height: 600px", (("height", "600px"),)),
        ("width: 0, height: '1.5'", (("width", "0"), ("height", "'1.5'"))),
        ("width: [1, 2]", (("width", "[1, 2]"),)),
        ("width: 10, height: ", ()),
        ("width: ~, height: null", ()),
        ("alt: x", ()),
    ],
)
def test_what_stands_in_place_of_a_size_is_known(
    written: str, strange: tuple[tuple[str, str], ...]
) -> None:
    entry = only(f"images:\n  - {{url: 'https://a.test/a', {written}}}")
    assert entry.declared.strange == strange
