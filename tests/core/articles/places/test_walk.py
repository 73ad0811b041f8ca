from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import LimitSettings
from imgcache.config_images import USUAL, ImagePlace
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import Places, places_of
from imgcache.model import Declared

LIMITS = LimitSettings()
NONE = ("width", "height", "cached")


def places(*tables: dict[str, Any]) -> Places:
    return places_of(tuple(ImagePlace.model_validate(one) for one in tables))


def article(text: str, found_by: Places) -> Article:
    read_here = read(f"---\n{text}\n---\n".encode(), whole=False, places=found_by, limits=LIMITS)
    assert isinstance(read_here, Article)
    return read_here


def found(text: str, *tables: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    return [(one.pointer, one.url) for one in article(text, places(*tables)).entries]


@pytest.mark.parametrize(
    ("table", "text", "expected"),
    [
        ({"at": "cover"}, "cover: x", [("/cover", "x")]),
        ({"at": "cover"}, "cover: {url: x}", [("/cover", "x")]),
        ({"at": "cover"}, "cover: [x]\nother: {cover: y}", []),
        ({"at": "cover"}, "cover: 12", []),
        ({"at": "cover"}, "cover:\n", []),
        ({"at": "cover"}, "cover: ''", [("/cover", "")]),
        ({"at": "cover"}, "cover: true", []),
        ({"at": "cover", "url": "image"}, "cover: {image: x, alt: y}", [("/cover", "x")]),
        ({"at": "cover.image"}, "cover: {image: x, alt: y}", [("/cover/image", "x")]),
        ({"at": "", "url": "og_image"}, "og_image: x\nimages: [{url: y}]", [("", "x")]),
        ({"at": ""}, "just text", []),
        ({"at": "images[]"}, "images: [x, {url: y}, 3, [z]]", [("/images/0", "x"), ("/images/1",
         "y")]),
        ({"at": "images[]"}, "a: {images: [x]}", []),
        ({"at": "**.images[]"}, "a: [{images: [x]}]", [("/a/0/images/0", "x")]),
        ({"at": "**.cover"}, "cover: x\na: [{cover: {url: y}}]", [("/cover", "x"), ("/a/0/cover",
         "y")]),
        ({"at": "**.a.b"}, "a: {a: {b: x}, b: y}", [("/a/a/b", "x"), ("/a/b", "y")]),
        ({"at": "[]"}, "- x\n- {url: y}", [("/0", "x"), ("/1", "y")]),
        ({"at": "rows[][]"}, "rows: [[x, y], z]", [("/rows/0/0", "x"), ("/rows/0/1", "y")]),
        ({"at": "authors.*", "url": "image_url"},
         "authors: {a: {image_url: x}, b/c: {image_url: y}, d: {}}",
         [("/authors/a", "x"), ("/authors/b~1c", "y")]),
        ({"at": "gallery[].src"}, "gallery: [{src: x}, {alt: z}, {src: {url: y}}]",
         [("/gallery/0/src", "x"), ("/gallery/2/src", "y")]),
        ({"at": "gallery[]", "url": "file.path"}, "gallery: [{file: {path: x}}, {file: y}]",
         [("/gallery/0", "x")]),
        ({"at": '"my.images"[]'}, "my.images: [x]", [("/my.images/0", "x")]),
        ({"at": "1"}, "1: x", [("/1", "x")]),
        ({"at": "image", "url": ["path", "url"]}, "image: {url: y, path: x}", [("/image", "x")]),
        ({"at": "image", "url": ["path", "url"]}, "image: {url: y}", [("/image", "y")]),
        ({"at": "image", "url": ["path", "url"]}, "image: {path: , url: y}", [("/image", "y")]),
        ({"at": "image", "url": ["path", "url"]}, "image: {path: }", [("/image", None)]),
        ({"at": "image", "url": ["path", "url"]}, "image: z", [("/image", "z")]),
        # aliases: an entry is one, at its first place
        ({"at": "images[]"}, "u: &u x\nimages: [*u, *u]", [("/images/0", "x")]),
        ({"at": "images[]"}, "images: [&e {url: x}, *e]", [("/images/0", "x")]),
        ({"at": "*"}, "a: &e {url: x}\nb: *e\nc: &f y\nd: *f", [("/a", "x"), ("/c", "y")]),
        ({"at": "b.*"}, "a: &m {c: x}\nb: *m", [("/b/c", "x")]),
        # merge keys
        ({"at": "cover"}, "<<: {cover: x}\ntitle: y", [("/cover", "x")]),
        ({"at": "a.*"}, "d: &d {b: x}\na: {<<: *d, c: y}", [("/a/b", "x"), ("/a/c", "y")]),
    ],
)  # fmt: skip
def test_a_place_finds_mappings_and_strings(
    table: dict[str, Any], text: str, expected: list[tuple[str, str | None]]
) -> None:
    assert found(text, table) == expected


@pytest.mark.parametrize(
    ("text", "expected", "strays"),
    [
        ("images: [x, y]", [("/images/0", "x"), ("/images/1", "y")], []),
        ("images:\n- {url: x}\n- y\n- 3\n- [z]", [("/images/0", "x")], [4]),
        ("images:\n- y\n- {alt: x}", [], [3]),
        ("a: &l [{url: x}, y]\nimages: *l\nb: {images: *l}", [("/images/0", "x")], [2]),
        ("tags:\n- x\n- {y: z}\nimages: []", [], []),
    ],
)
def test_the_usual_place_reads_strings_but_not_amid_mappings(
    text: str, expected: list[tuple[str, str]], strays: list[int]
) -> None:
    usual = article(text, places_of(None))
    assert [(one.pointer, one.url) for one in usual.entries] == expected
    assert list(usual.notes.strays) == strays


def test_a_string_amid_mappings_is_told_unless_a_place_finds_it() -> None:
    text = "gallery:\n- {src: x}\n- y\nother: [z, {src: w}]"
    one = {"at": "gallery[].src"}
    assert article(text, places(one)).notes.strays == (4,)
    assert article(text, places(one, {"at": "gallery[]", "url": "src"})).notes.strays == ()
    assert article(text, places(one, {"at": "other[]", "url": "src"})).notes.strays == (4,)


@pytest.mark.parametrize(
    ("tables", "text", "expected"),
    [
        # the same mapping, the same URL: for the first place
        ([{"at": "cover", "width": "w"}, {"at": "*", "width": "v"}],
         "cover: {url: x, w: 1, v: 2}", [("/cover", "x", 1)]),
        ([{"at": "*", "width": "v"}, {"at": "cover", "width": "w"}],
         "cover: {url: x, w: 1, v: 2}", [("/cover", "x", 2)]),
        # the same mapping, another URL: another image
        ([{"at": "", "url": "tw", "width": "tw_w"}, {"at": "", "url": "og", "width": "og_w"}],
         "og: x\ntw: y\nog_w: 1\ntw_w: 2", [("", "x", 1), ("", "y", 2)]),
        # once as a mapping, once as a string
        ([{"at": "", "url": "cover", "width": "w"}, {"at": "cover"}], "w: 3\ncover: x", [("",
         "x", 3)]),
        ([{"at": "cover"}, {"at": "", "url": "cover", "width": "w"}],
         "w: 3\ncover: x", [("/cover", "x", None)]),
        ([{"at": "", "url": "a.b", "width": "w"}, {"at": "a", "url": "b", "width": "w"}],
         "a: {b: x, w: 4}\nw: 5", [("", "x", 5)]),
        # heirs of one base are two entries
        ([{"at": "a", "width": "w"}, {"at": "b", "width": "w"}],
         "d: &d {url: x}\na: {<<: *d, w: 1}\nb: {<<: *d, w: 2}", [("/a", "x", 1), ("/b", "x", 2)]),
    ],
)  # fmt: skip
def test_an_entry_that_two_places_find_counts_once_for_the_first(
    tables: list[dict[str, Any]], text: str, expected: list[tuple[str, str, int | None]]
) -> None:
    entries = article(text, places(*tables)).entries
    assert [(one.pointer, one.url, one.declared.width) for one in entries] == expected


@pytest.mark.parametrize(
    ("keys", "written", "declared"),
    [
        ({}, "width: 1, height: 2, isCached: true", Declared(unnamed=NONE)),
        ({"width": "width"}, "width: 1, height: x", Declared(1, unnamed=("height", "cached"))),
        ({"width": "o.w", "height": "o.h", "cached": "o.c"}, "o: {w: 1, h: 2, c: true}",
         Declared(1, 2, cached=True)),
        ({"width": "o.w", "height": "o.h"}, "o: 5",
         Declared(unnamed=("cached",), by_hand=("width", "height"))),
        ({"width": "o.w", "height": "h"}, "h: 1",
         Declared(None, 1, unnamed=("cached",), by_hand=("width",))),
        ({"width": "o.w", "height": "o.h"}, "o: {w: 1}", Declared(1, unnamed=("cached",))),
        ({"width": "w", "height": "h", "cached": "c"}, "w: 1", Declared(1)),
        ({"width": "w", "height": "h", "cached": "c", "add": False}, "w: 1",
         Declared(1, unnamed=("cached",))),
        ({"width": "w", "height": "h", "cached": "c", "add": False}, "w: 1, c: yes", Declared(1)),
        ({"width": "w", "height": "h", "cached": "o.c"}, "w: 1", Declared(1, unnamed=("cached",))),
        ({"width": "w", "height": "h", "cached": "o.c"}, "o: {}", Declared(unnamed=("cached",))),
        ({"width": "w", "height": "h", "cached": "o.c"}, "o: {a: 1}", Declared()),
    ],
)  # fmt: skip
def test_what_a_place_does_not_name_does_not_exist(
    keys: dict[str, Any], written: str, declared: Declared
) -> None:
    (entry,) = article(f"cover: {{url: x, {written}}}", places({"at": "cover", **keys})).entries
    assert entry.declared == declared


def test_a_string_declares_nothing() -> None:
    usual = {"at": "cover", "width": "width", "height": "height", "cached": "isCached"}
    (entry,) = article("cover: x", places(usual)).entries
    assert entry.declared == Declared(unnamed=NONE)


def test_entries_stand_in_document_order() -> None:
    text = "a: {url: u1}\nog: u2\nb: {more: {url: u3}, url: u4}\nlast: u5"
    tables = [{"at": "last"}, {"at": "b"}, {"at": "*.more"}, {"at": "", "url": "og"}, {"at": "a"}]
    assert [url for _, url in found(text, *tables)] == ["u1", "u2", "u3", "u4", "u5"]


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("cover: x", 2, 8),
        ("cover: &a\n  'x'", 3, 3),
        ("u: &u x\ncover: *u", 3, 8),
        ("list: [a, \U0001f600, !!str x]", 2, 20),
    ],
)
def test_a_string_is_reported_where_it_stands(text: str, line: int, column: int) -> None:
    entries = article(text, places({"at": "cover"}, {"at": "list[]"})).entries
    assert (entries[-1].line, entries[-1].column) == (line, column)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("cover: x\ncover: y", [3]),
        ("cover: x\ncover: 3", [3]),
        ("title: x\ntitle: y\ncover: z", []),
        ("a: {cover: x, cover: y}", []),
        ("gallery: [{o: {c: x}, o: {c: y}}]", [2]),
        ("gallery: [{o: {c: x,\n c: y}, s: u}]", [3]),
        ("gallery: [{s: u, z: 1, z: 2}]", []),
        ("gallery: [{s: {p: u,\n p: v}}]", [3]),
        ("gallery: [{s: u}]\ngallery: []", [3]),
        ("gallery: []\ngallery: [x]", [3]),
        ("d: &d {cover: x, cover: y}\n<<: *d", [2]),
        ("<<: {cover: x}\n<<: {title: y}", [3]),
        ("d: {cover: x, cover: y}", []),
        ("b: {q: [{cover: x}]}\nb: {q: []}", []),
    ],
)
def test_repeated_keys_on_the_way_to_an_entry_are_problems(text: str, lines: list[int]) -> None:
    tables: list[dict[str, Any]] = [
        {"at": "cover"},
        {"at": "gallery[]", "url": ["s.p", "s", "o.c"], "cached": "o.c2"},
    ]
    read_here = article(text, places(*tables))
    assert [one.line for one in read_here.problems] == lines


def test_the_usual_place_is_the_configured_one_but_for_strings() -> None:
    text = "images: [{url: x}]\na: {images: [{url: y, width: 3, isCached: true}]}"
    usual, same = article(text, places_of(None)), article(text, places_of((USUAL,)))
    assert usual.entries == same.entries


_KEYS = st.sampled_from(["images", "a", "b", "url"])
_LEAVES = st.sampled_from(["x", "y", "1", "true", "~"])
_TREES = st.recursive(
    _LEAVES,
    lambda below: (
        st.lists(below, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(st.tuples(_KEYS, below), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda pairs: f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"
        )
    ),
    max_leaves=12,
)
_STEPS = st.sampled_from(["images", "a", "*", "b[]", "images[]", "a[]", "*[][]"])
_PATTERNS = st.builds(
    lambda first, steps: ".".join([*first, *steps]),
    st.sampled_from([[], ["**"]]),
    st.lists(_STEPS, min_size=1, max_size=3),
)


@given(_TREES, st.lists(_PATTERNS, min_size=1, max_size=4))
def test_many_places_find_what_each_of_them_finds(tree: str, patterns: list[str]) -> None:
    text = f"root: {tree}\nimages: {tree}"
    tables = [{"at": at, "url": ["url", "a"]} for at in patterns]
    alone = {one for table in tables for one in found(text, table)}
    together = found(text, *tables)
    assert set(together) <= alone
    # The same URL as a string, and as that of its mapping, is one entry.
    assert {url for _, url in together} == {url for _, url in alone}
    assert len(together) == len(set(together))
