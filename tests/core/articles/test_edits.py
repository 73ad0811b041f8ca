from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from imgcache.config import LimitSettings
from imgcache.config_images import ImagePlace
from imgcache.core.articles.changes import Change
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import Places, places_of
from imgcache.core.articles.writeback import apply
from imgcache.errors import ArticleError

SAMPLE = (Path(__file__).parents[3] / "imgcache/cli/sample.md").read_bytes()
PLACES = places_of(None)
LIMITS = LimitSettings()


def parsed(data: bytes, *, whole: bool = False) -> Article:
    article = read(data, whole=whole, places=PLACES, limits=LIMITS)
    assert isinstance(article, Article)
    return article


def edited(data: bytes, change: Change, *, whole: bool = False) -> bytes:
    article = parsed(data, whole=whole)
    return apply(article, dict.fromkeys(range(len(article.entries)), change)).data


def front(text: str, change: Change) -> str:
    """What an edit makes of a front matter, given and returned without its fences."""
    out = edited(f"---\n{text}\n---\nbody \n".encode(), change).decode()
    assert out.startswith("---\n")
    assert out.endswith("\n---\nbody \n")
    return out[4:-11]


def refused(text: str, change: Change) -> tuple[int | None, str]:
    with pytest.raises(ArticleError) as caught:
        front(text, change)
    return caught.value.line, caught.value.message


def test_flipping_the_sample_changes_exactly_its_flags() -> None:
    out = edited(SAMPLE, Change(cached=False))
    assert out == SAMPLE.replace(b"isCached: true", b"isCached: false")
    assert out.count(b"isCached: false") == 4
    assert edited(out, Change(cached=True)) == SAMPLE


def test_the_sample_with_bom_and_crlf_keeps_both() -> None:
    data = b"\xef\xbb\xbf" + SAMPLE.replace(b"\n", b"\r\n")
    assert edited(data, Change(cached=False)) == data.replace(b"hed: true", b"hed: false")


@pytest.mark.parametrize("spelling", ["true", "True", "TRUE"])
def test_an_equal_flag_keeps_its_spelling(spelling: str) -> None:
    text = f"images:\n- url: x\n  isCached: {spelling}"
    assert front(text, Change(cached=True)) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # block, in the order url, width, height, isCached
        ("images:\n- url: x", "images:\n- url: x\n  isCached: true"),
        (
            "images:\n  -  alt: a\n     url: x # c\n     height: 1\n     z: |\n       t",
            (
                "images:\n  -  alt: a\n     url: x # c\n     height: 1\n     isCached: true\n"
                "     z: |\n       t"
            ),
        ),
        ('images:\n- "url": x', 'images:\n- "url": x\n  "isCached": true'),
        ("images:\n- 'url': x", "images:\n- 'url': x\n  'isCached': true"),
        ("images:\n- url: x\n\n# end", "images:\n- url: x\n  isCached: true\n\n# end"),
        ("images:\n- url: >-\n    x\n    y", "images:\n- isCached: true\n  url: >-\n    x\n    y"),
        ("images:\n- url: x  ", "images:\n- url: x  \n  isCached: true"),
        (
            "images:\n- - url: y\n- &a\n  url: x",
            "images:\n- - url: y\n- &a\n  url: x\n  isCached: true",
        ),
        ("images:\n- url:", "images:\n- url:\n  isCached: true"),
        ("u: &u x\nimages:\n- url: *u", "u: &u x\nimages:\n- url: *u\n  isCached: true"),
        # flow
        ("images: [{url: x}]", "images: [{url: x, isCached: true}]"),
        ("images: [{url: x, alt: y, }]", "images: [{url: x, alt: y, isCached: true, }]"),
        ("images: [{url: x, alt: }]", "images: [{url: x, alt: , isCached: true}]"),
        ('images: [{"url":"x"}]', 'images: [{"url":"x", "isCached": true}]'),
        ("images: [{url: x # c\n  }]", "images: [{url: x, isCached: true # c\n  }]"),
        # values that are no booleans
        ("images: [{url: x, isCached}]", "images: [{url: x, isCached: true}]"),
        ("images:\n- url: x\n  isCached:   # c", "images:\n- url: x\n  isCached: true   # c"),
        ("images:\n- url: x\n  isCached: yes  # c", "images:\n- url: x\n  isCached: true  # c"),
        ("images:\n- url: x\n  isCached: 'true'", "images:\n- url: x\n  isCached: true"),
        (
            "images:\n- url: x\n  isCached:\n    a\n    b",
            "images:\n- url: x\n  isCached:\n    true",
        ),
        ("images:\n- url: x\n  isCached: |\n    a\n\n", "images:\n- url: x\n  isCached: true\n\n"),
        ("images:\n- url: x\n  isCached: {a: [b]}", "images:\n- url: x\n  isCached: true"),
        # shared entries, and merge keys
        ("images: [&a {url: x}, *a]", "images: [&a {url: x, isCached: true}, *a]"),
        (
            "d: &d {isCached: false}\nimages:\n- <<: *d\n  url: x",
            "d: &d {isCached: false}\nimages:\n- <<: *d\n  url: x\n  isCached: true",
        ),
        (
            "d: &d {isCached: true}\nimages:\n- <<: [*d, {isCached: no}]\n  url: x",
            "d: &d {isCached: true}\nimages:\n- <<: [*d, {isCached: no}]\n  url: x",
        ),
    ],
)
def test_a_flag_is_written_in_the_style_of_its_entry(before: str, after: str) -> None:
    assert front(before, Change(cached=True)) == after
    assert front(after, Change(cached=True)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "images:\n- url: x\n  isCached: true # c",
            "images:\n- url: x\n  width: 30\n  height: 40\n  isCached: true # c",
        ),
        ('images: [{url: x, width: "1"}]', 'images: [{url: x, width: "30", height: 40}]'),
        ("images: [{height: '0', url: x}]", "images: [{height: '40', url: x, width: 30}]"),
        (
            "images: [{height: 40, width: '30', url: x}]",
            "images: [{height: 40, width: '30', url: x}]",
        ),
        (
            "images:\n- url: x\n  width:\n  height: ~",
            "images:\n- url: x\n  width: 30\n  height: 40",
        ),
    ],
)
def test_sizes_are_written_where_they_are_wanted(before: str, after: str) -> None:
    assert front(before, Change(width=30, height=40)) == after


def test_an_heir_of_a_changed_entry_gets_a_key_of_its_own() -> None:
    text = "---\nimages:\n- &a {url: x, isCached: %s}\n- &b {<<: *a, url: y%s}\n- <<: *b%s\n---\n"
    article = parsed((text % ("true", "", "")).encode())
    once = (text % ("false", ", isCached: true", "")).encode()
    assert apply(article, {0: Change(cached=False)}).data == once
    after = (text % ("false", ", isCached: true", "\n  isCached: false")).encode()
    assert apply(article, {0: Change(cached=False), 2: Change(cached=False)}).data == after


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("images:\n- url: x\n  isCached: &f false", 4),
        ("images:\n- url: x\n  isCached: !!bool false", 4),
        ("f: &f false\nimages:\n- url: x\n  isCached: *f", 5),
        ("images:\n- url: x\n  isCached: false\n  isCached: false", 5),
        ("images:\n- url: x\nimages:\n- url: y", 4),
        ("images:\n- url: x\n  isCached:\n  - a", 5),
        ("images:\n- url: x\n  isCached: | # c\n    a", 4),
        ("images:\n- url: x\n  isCached: [a, # c\n    b]", 4),
        ("images:\n- url: x\n  isCached: &m {a: b}\nz: *m", 4),
        ("images: [url: x]", 2),
        ("images:\n- ? url\n  : x", 3),
        ("images:\n- url: x\n  ? isCached", 4),
        # somebody who is no entry inherits the flag: that would change
        ("images:\n- &a {url: x, isCached: false}\nhero: {<<: *a}", 3),
        ("images:\n- &a {url: x}\nhero: {<<: *a}", 3),
    ],
)
def test_what_cannot_be_edited_exactly_is_refused_with_its_line(text: str, line: int) -> None:
    assert refused(text, Change(cached=True))[0] == line


@pytest.mark.parametrize("value", ["&f false", "!!bool false", "! false", "&f !!str x", "&f"])
def test_a_tag_or_an_anchor_is_named_as_the_reason(value: str) -> None:
    text = f"images:\n- url: x\n  isCached: {value}"
    assert refused(text, Change(cached=True)) == (
        4,
        "the value of `isCached` has a tag or an anchor; remove it",
    )


def test_an_alias_is_named_as_the_reason() -> None:
    text = "f: &f false\nimages:\n- url: x\n  isCached: # c\n    *f"
    line, message = refused(text, Change(cached=True))
    assert (line, "alias" in message) == (6, True)


def test_an_heir_that_inherits_another_spelling_of_the_same_is_left_alone() -> None:
    a, b, c = "&a {url: x, isCached: %s}", "&b {<<: *a, url: y%s}", "{<<: *b, url: z}"
    text = f"---\nimages:\n- {a}\n- {b}\n- {c}\n---\n"
    article = parsed((text % ("True", "")).encode())
    out = (text % ("false", ", isCached: true")).encode()
    assert apply(article, {0: Change(cached=False)}).data == out


def test_a_flag_that_need_not_change_is_no_reason_to_refuse() -> None:
    text = "images:\n- url: x\n  isCached: &f true\n  isCached: true\nz: *f"
    assert front(text, Change(cached=True)) == text


def test_an_edit_that_breaks_the_limits_is_refused() -> None:
    data = b"---\nimages: [{url: x}]\n---\n"
    tight = LimitSettings(front_matter=len("images: [{url: x}]\n"))
    article = read(data, whole=False, places=PLACES, limits=tight)
    assert isinstance(article, Article)
    with pytest.raises(ArticleError, match="longer"):
        apply(article, {0: Change(cached=True)})


def naming(flag: str) -> Places:
    return places_of((ImagePlace(at="images[]", cached=json.dumps(flag, ensure_ascii=False)),))


@pytest.mark.parametrize("key", ["is cached", "on", "a: b", "ünï", "123"])
def test_a_configured_key_is_quoted_where_it_must_be(key: str) -> None:
    article = read(
        b"---\nimages: [{url: x}]\n---\n", whole=False, places=naming(key), limits=LIMITS
    )
    assert isinstance(article, Article)
    out = apply(article, {0: Change(cached=True)}).data.decode()
    assert yaml.safe_load(out[4:-4]) == {"images": [{"url": "x", key: True}]}


def test_no_comma_stands_on_the_line_of_a_brace_that_is_not_indented() -> None:
    """Other parsers of YAML want all of a flow mapping indented, but for its last brace."""
    text = "images:\n- {\n  url: https://a.test/1.jpg,\n  alt:\n}"
    assert front(text, Change(cached=True)) == text.replace("alt:", "alt: , isCached: true")
