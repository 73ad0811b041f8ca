from __future__ import annotations

from typing import Any

import pytest

from imgcache.config import LimitSettings
from imgcache.config_images import ImagePlace
from imgcache.core.articles.changes import Change
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.writeback import apply
from imgcache.errors import ArticleError

LIMITS = LimitSettings()
DOTTED = {"at": "photos[]", "url": "src", "width": "o.w", "height": "o.h", "cached": "o.kept"}
FLAT = {"at": "photos[]", "url": "src", "width": "w", "height": "h", "cached": "kept"}
DEEP = {"at": "photos[]", "url": "src", "width": "o.p.w", "cached": "o.p.kept"}
HEAD = {"at": "", "url": "og", "width": "og_w", "cached": "og_kept"}
TWEET = {"at": "", "url": "tw", "cached": "tw_kept"}


def article(text: str, *tables: dict[str, Any]) -> Article:
    places = places_of(tuple(ImagePlace.model_validate(one) for one in tables))
    found = read(f"---\n{text}\n---\nbody \n".encode(), whole=False, places=places, limits=LIMITS)
    assert isinstance(found, Article)
    return found


def edited(text: str, change: Change | dict[int, Change], *tables: dict[str, Any]) -> str:
    found = article(text, *tables)
    changes = change if isinstance(change, dict) else dict.fromkeys(range(9), change)
    out = apply(found, changes).data.decode()
    assert out.startswith("---\n")
    assert out.endswith("\n---\nbody \n")
    return out[4:-11]


CACHED = Change(cached=True)


@pytest.mark.parametrize(
    ("table", "before", "after"),
    [
        (DOTTED, "photos:\n- src: x\n  o: {kept: no} # c",
         "photos:\n- src: x\n  o: {kept: true} # c"),
        (DOTTED, "photos:\n- src: x\n  o: {w: 1, a: b}",
         "photos:\n- src: x\n  o: {w: 1, a: b, kept: true}"),
        (DOTTED, "photos:\n- src: x\n  o:\n    h: 1\n    a: b",
         "photos:\n- src: x\n  o:\n    h: 1\n    kept: true\n    a: b"),
        (DOTTED, "photos:\n- o:\n    a: b # c\n  src: x",
         "photos:\n- o:\n    a: b # c\n    kept: true\n  src: x"),
        (DOTTED, "photos: [{src: x, o: {'w': 1}}]",
         "photos: [{src: x, o: {'w': 1, 'kept': true}}]"),
        (FLAT, "photos:\n- src: x\n  h: 2\n  alt: y",
         "photos:\n- src: x\n  h: 2\n  kept: true\n  alt: y"),
        (FLAT, "photos: [y, {src: x}, z]", "photos: [y, {src: x, kept: true}, z]"),
        ({**FLAT, "cached": '"is.kept"'}, "photos: [{src: x}]",
         'photos: [{src: x, "is.kept": true}]'),
        ({**FLAT, "url": "f.src"}, "photos:\n- f:\n    src: x\n  alt: y",
         "photos:\n- f:\n    src: x\n  alt: y\n  kept: true"),
        ({**FLAT, "url": "f.src", "cached": "f.kept"},
         "photos:\n- f:\n    src: x\n    t: |\n      u",
         "photos:\n- f:\n    src: x\n    kept: true\n    t: |\n      u"),
        (HEAD, "title: a\nog: x # c\nz: b", "title: a\nog: x # c\nog_kept: true\nz: b"),
        (HEAD, "og: x\nog_w: 3\nz: b", "og: x\nog_w: 3\nog_kept: true\nz: b"),
        # an entry that is shared, and a part of it that is
        (DOTTED, "photos: [&a {src: x, o: {w: 1}}, *a]",
         "photos: [&a {src: x, o: {w: 1, kept: true}}, *a]"),
        (DOTTED, "photos: [{src: x, o: &o {w: 1}}, {src: y, o: *o}]",
         "photos: [{src: x, o: &o {w: 1, kept: true}}, {src: y, o: *o}]"),
        (DOTTED, "d: &d {kept: no}\nphotos: [{src: x, o: {<<: *d, w: 1}}]",
         "d: &d {kept: no}\nphotos: [{src: x, o: {<<: *d, w: 1, kept: true}}]"),
        # all who share it are entries: by an alias of it, of what it is in, by inheritance
        (DOTTED, "photos: [&a {src: x, o: {w: 1}}, {<<: *a, src: y}]",
         "photos: [&a {src: x, o: {w: 1, kept: true}}, {<<: *a, src: y}]"),
        (DEEP, "photos: [{src: x, o: &o {p: {w: 1}}}, {src: y, o: *o}]",
         "photos: [{src: x, o: &o {p: {w: 1, kept: true}}}, {src: y, o: *o}]"),
        (DEEP, "photos: [{src: x, o: {p: &p {w: 1}}}, {src: y, o: {p: *p}}]",
         "photos: [{src: x, o: {p: &p {w: 1, kept: true}}}, {src: y, o: {p: *p}}]"),
        # an entry is one wherever it is, so are those of a list
        (DOTTED, "hero: &a {src: x, o: {w: 1}}\nphotos: [*a]",
         "hero: &a {src: x, o: {w: 1, kept: true}}\nphotos: [*a]"),
        (DOTTED, "photos: &p [{src: x, o: {w: 1}}]\nmore: *p",
         "photos: &p [{src: x, o: {w: 1, kept: true}}]\nmore: *p"),
        # what is shared with others is not written, or hidden by a value of their own
        (DOTTED, "photos: [{src: x, z: &z {w: 1}, o: {w: 1}}]\nz: *z",
         "photos: [{src: x, z: &z {w: 1}, o: {w: 1, kept: true}}]\nz: *z"),
        (DOTTED, "photos: [&a {src: x, o: {w: 1}}]\nhero: {<<: *a, o: 3}",
         "photos: [&a {src: x, o: {w: 1, kept: true}}]\nhero: {<<: *a, o: 3}"),
    ],
)  # fmt: skip
def test_a_flag_is_written_where_its_key_leads(
    table: dict[str, Any], before: str, after: str
) -> None:
    assert edited(before, CACHED, table) == after
    assert edited(after, CACHED, table) == after


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"at": "photos[]"}, "photos: [x, {url: y}, {url: z, isCached: false}]"),
        ({**FLAT, "add": False}, "photos: [{src: x}, {src: y, w: 1}]"),
        ({**DOTTED, "add": False}, "photos: [{src: x, o: {w: 1}}]"),
        (DOTTED, "photos: [{src: x}, {src: y, o: 3}, {src: z, o: {}}, u]"),
        ({"at": "photos"}, "photos: x"),
    ],
)
def test_where_no_flag_can_stand_nothing_is_written(table: dict[str, Any], text: str) -> None:
    assert edited(text, CACHED, table) == text
    assert edited(text, Change(cached=False), table) == text


def test_a_flag_that_is_there_is_kept_true_without_add() -> None:
    table = {**FLAT, "add": False}
    text = "photos: [{src: x, kept: yes}, {src: y, kept: false}, {src: z}]"
    after = "photos: [{src: x, kept: true}, {src: y, kept: true}, {src: z}]"
    assert edited(text, CACHED, table) == after


@pytest.mark.parametrize(
    ("table", "before", "after"),
    [
        (
            DOTTED,
            "photos:\n- src: x\n  o:\n    h: 1",
            "photos:\n- src: x\n  o:\n    h: 40\n    w: 30",
        ),
        (DOTTED, "photos: [{src: x, o: {w: '1'}}]", "photos: [{src: x, o: {w: '30', h: 40}}]"),
        (HEAD, "og: x", "og: x\nog_w: 30"),
        ({"at": "photos[]"}, "photos: [x, {url: y, width: 1}]", "photos: [x, {url: y, width: 1}]"),
    ],
)
def test_only_named_sides_are_written(table: dict[str, Any], before: str, after: str) -> None:
    assert edited(before, Change(width=30, height=40), table) == after


def test_two_images_of_one_mapping_have_a_flag_each() -> None:
    text = "og: x\ntw: y\nog_w: 1\ntw_kept: true"
    change = {0: Change(cached=True), 1: Change(cached=False)}
    after = "og: x\ntw: y\nog_w: 1\nog_kept: true\ntw_kept: false"
    assert edited(text, change, HEAD, TWEET) == after


@pytest.mark.parametrize(
    ("tables", "text", "line", "reason"),
    [
        ([DOTTED], "photos:\n- {src: x, o: &o {kept: true}}\n- {src: y, o: *o}", 4,
         "different values"),
        ([{**HEAD, "cached": "kept"}, {**TWEET, "cached": "kept"}], "og: x\ntw: y\nkept: true", 3,
         "different values"),
        ([DOTTED], "photos:\n- src: x\n  o: {kept: &f true}", 4, "a tag or an anchor"),
        ([DOTTED], "f: &f true\nphotos:\n- src: x\n  o: {kept: *f}", 5, "alias"),
        ([DOTTED], "photos:\n- src: x\n  o: {kept: true}\n  o: {kept: true}", 5, "stands twice"),
        ([DOTTED], "photos:\n- src: x\n  o: {kept: true,\n   kept: true}", 5, "stands twice"),
        # somebody who is no entry inherits the flag
        ([DOTTED], "photos:\n- {src: x, o: &o {kept: true}}\nhero: {<<: *o}", 3, "something else"),
    ],
)  # fmt: skip
def test_what_cannot_be_edited_exactly_is_refused_with_its_line(
    tables: list[dict[str, Any]], text: str, line: int, reason: str
) -> None:
    changes = {0: Change(cached=False), 1: Change(cached=True)}
    with pytest.raises(ArticleError, match=reason) as caught:
        edited(text, changes, *tables)
    assert caught.value.line == line


SHARED = "is shared with what is no image entry, .*; write it out"


@pytest.mark.parametrize(
    ("table", "text", "line"),
    [
        (DOTTED, "d: &d {w: 1}\nvideo: {src: z, o: *d}\nphotos:\n- {src: x, o: *d}", 5),
        (DOTTED, "d: &d {w: 1}\nphotos:\n- {src: x, o: *d}", 4),
        (DOTTED, "photos:\n- {src: x, o: &d {w: 1}}\nvideo: {src: z, o: *d}", 3),
        (DOTTED, "photos:\n- {src: x, o: &d {w: 1}, z: *d}", 3),
        (DOTTED, "photos:\n- {src: x, o: &d {w: 1}}\n- {z: y, o: *d}", 3),
        (DOTTED, "photos:\n- {src: x, o: &d {w: 1}}\nz: [*d]", 3),
        (DOTTED, "photos:\n- {src: x, o: &d {w: 1}}\n? *d\n: z", 3),
        # what inherits it
        (DOTTED, "photos:\n- &a {src: x, o: {w: 1}}\nvideo: {<<: *a}", 3),
        (DOTTED, "b: &b {o: {w: 1}}\nphotos:\n- {<<: *b, src: x}", 4),
        (DOTTED, "b: &b {o: {w: 1}}\nz: [{<<: [{y: z}, *b]}]\nphotos:\n- {<<: *b, src: x}", 5),
        # what holds it
        (DEEP, "photos:\n- {src: x, o: &o {p: {w: 1}}}\nvideo: {o: *o}", 3),
        (DEEP, "photos:\n- {src: x, o: &o {p: {w: 1}}}\nvideo: {o: {<<: *o}}", 3),
        (DEEP, "photos:\n- {src: x, o: {p: &p {w: 1}}}\nvideo: {p: *p}", 3),
    ],
)  # fmt: skip
def test_a_part_of_an_entry_that_is_part_of_something_else_is_refused(
    table: dict[str, Any], text: str, line: int
) -> None:
    with pytest.raises(ArticleError, match=SHARED) as caught:
        edited(text, CACHED, table)
    assert caught.value.line == line
    assert edited(text, Change(), table) == text


def test_what_an_entry_of_another_place_does_not_name_is_not_written_into_it() -> None:
    text = "photos:\n- {src: x, o: &o {w: 1}}\nog: {src: y, o: *o}"
    place = {"at": "og", "url": "src", "cached": "o.kept"}
    after = "photos:\n- {src: x, o: &o {w: 1, kept: true}}\nog: {src: y, o: *o}"
    assert edited(text, CACHED, DOTTED, place) == after
    with pytest.raises(ArticleError, match=SHARED):
        edited(text, CACHED, DOTTED, {**place, "cached": "kept"})


def test_a_size_that_has_no_place_is_refused() -> None:
    with pytest.raises(ArticleError, match="no place to add its width") as caught:
        edited("photos:\n- src: x", Change(width=1, height=2), DOTTED)
    assert caught.value.line == 3
