"""Odd and hostile front matter, row by row: the right edit to the byte, or an error with a line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from imgcache.config import LimitSettings
from imgcache.core.articles.changes import Change
from imgcache.core.articles.document import NotAnArticle
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.writeback import apply
from imgcache.errors import ArticleError

PLACES, LIMITS = places_of(None), LimitSettings()
HEAD = "---\ntitle: '\U0001f600'\t# isCached: false\nimages:\n"
TAIL = "---\nBody: isCached: false\n"


def parsed(text: str) -> Article:
    article = read(text.encode(), whole=False, places=PLACES, limits=LIMITS)
    assert isinstance(article, Article)
    return article


def flagged(text: str, *, flag: bool = True) -> str:
    """The text with all flags so."""
    article = parsed(text)
    change = Change(cached=flag)
    return apply(article, dict.fromkeys(range(len(article.entries)), change)).data.decode()


PLAIN = [
    *("false", "False", "FALSE", "no", "off", "n", "0", "1", "~", "null", "Null", "maybe so"),
    *("'false'", '"false"', "'true'", '"tr\\u0075e"', "''", '""', "[]", "{}", "[a, [b]]"),
    *("{a: {b: c}}", "2024-02-30", "0x1F", "1e999", "9" * 5000, ".inf", "'a: b # c'", "=", "é"),
    *("\U0001f600", "a b  c", "<", "a#b", "12:30:45", "'it''s'", '"a \\" b"'),
]


@pytest.mark.parametrize("value", PLAIN)
@pytest.mark.parametrize("end", ["", "  ", "  # kept: [{", "\t#\u00fc"])
def test_any_plain_quoted_or_flow_flag_is_replaced_and_nothing_else(value: str, end: str) -> None:
    entry = f"  - url: https://a.example/\n    isCached: {value}{end}\n    width: 5\n"
    expected = entry.replace(f"isCached: {value}{end}", f"isCached: true{end}")
    assert flagged(HEAD + entry + TAIL) == HEAD + expected + TAIL


@pytest.mark.parametrize("value", ["|\n      false", ">-\n      false\n\n      more"])
def test_a_block_scalar_in_place_of_a_flag_is_replaced_as_a_whole(value: str) -> None:
    entry = f"  - url: https://a.example/\n    isCached: {value}\n    width: 5\n"
    expected = "  - url: https://a.example/\n    isCached: true\n    width: 5\n"
    assert flagged(HEAD + entry + TAIL) == HEAD + expected + TAIL


@pytest.mark.parametrize(
    "value",
    [
        *("!!bool false", "! false", "!t false", "&a false", "!!str false", "&a !!bool false"),
        *("*w", "!!python/object/apply:os.system [id]", "!"),
    ],
)
def test_a_tag_anchor_or_alias_in_place_of_a_flag_is_refused_with_its_line(value: str) -> None:
    text = f"{HEAD}  - url: https://a.example/\n    width: &w 5\n    isCached: {value}\n{TAIL}"
    with pytest.raises(ArticleError) as caught:
        flagged(text)
    assert caught.value.line == 6


SIZES = {
    "1": 1,
    "640": 640,
    "'640'": 640,
    '"640"': 640,
    "999999999": 999_999_999,
    "!!int 5": 5,
    "!!str 5": 5,
} | dict.fromkeys(
    [
        *("0", "-1", "+5", "05", "012", "0x10", "0b1", "1_000", "1e3", "5.0", "5px", "' 5'"),
        *("'5 '", "1000000000", "9" * 5000, "true", "null", "~", "", "[5]", "{5}", "1:30"),
        *(".nan", "!!float 5", "!t 5", "'5\n\n      '", "|\n      5", "2024-02-30", "<<", "="),
        *("\u0663", "\u4e94", "'\uff10'"),  # digits of other scripts
    ]
)


@pytest.mark.parametrize(("value", "side"), SIZES.items())
def test_a_size_is_what_the_grammar_says_or_not_declared(value: str, side: int | None) -> None:
    (entry,) = parsed(f"{HEAD}  - url: https://a.example/\n    width: {value}\n{TAIL}").entries
    assert entry.declared.width == side


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("''", ""),
        ("https://a.example/#f", "https://a.example/#f"),
        ("'https://a.example/ '", "https://a.example/ "),
        ('"https://a.example/\\x00\\n"', "https://a.example/\x00\n"),
        (">-\n      https://a.example/\n      b", "https://a.example/ b"),
        ("!!str 5", "5"),
        *((value, None) for value in ("", "~", "null", "5", "1.5", "true", "2024-02-03", "[x]")),
        *((value, None) for value in ("{x: y}", "[[[x]]]", "!!binary aGk=", "!t x", "0x1F")),
    ],
)
def test_a_url_is_a_string_or_told_as_what_it_is(value: str, url: str | None) -> None:
    (entry,) = parsed(f"{HEAD}  - url: {value}\n{TAIL}").entries
    assert entry.url == url
    assert isinstance(entry.url_text, str)


BOMBS = {
    "aliases": "a0: &a0 [x, x]\n"
    + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)),
    "merges": "m0: &m0 {a: 1}\n"
    + "".join(f"m{i}: &m{i}\n  <<: [{', '.join([f'*m{i - 1}'] * 9)}]\n" for i in range(1, 60)),
    "flow depth": f"a: {'[' * 500}\n",
    "block depth": "".join(f"{' ' * level}a:\n" for level in range(500)),
    "list depth": f"{'- ' * 5000}x\n",
    "mapping depth": f"{'{a: ' * 5000}\n",
    "nodes": f"a: [{'x, ' * 60_000}]\n",
    "keys": "".join(f"k{i}: v\n" for i in range(60_000)),
    "bytes": f"a: {'x' * (1 << 20)}\n",
    "recursion": "a: &a [*a]\n",
    "recursive entry": "images: &i\n  - url: x\n    more: *i\n",
    "two documents": "a: 1\n--- b\n",
    "a directive": "%YAML 9.9\n--- a\n",
    "no such anchor": "images: [*nobody]\n",
    "a tab": "images:\n\t- url: x\n",
    "a tab in an entry": "images:\n  - url: x\n  \twidth: 5\n",
    "control characters": "a: '\x07'\n",
    "a nul": "a: \x00\n",
    "a surrogate escape": 'a: "\\ud800"\nb: [\n',
    "an unclosed list": "images: [{url: x}\n",
    "an unclosed quote": "images: [{url: 'x}]\n",
    "a byte order mark inside": "\ufeffimages: []\n",
    "a template": "images: {{ page.images }}\n{% for %}\n",
    "a key without colon": "images\nurl\n  x: y\n",
    "an anchor of no value": "a: & b\n",
    "a long key": f"? {'k' * 2000}\n: v\n{'k' * 2000}: v\n",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_or_broken_text_is_an_error_with_its_line(name: str) -> None:
    text = f"---\n{BOMBS[name]}---\nBody\n"
    with pytest.raises(ArticleError) as caught:
        parsed(text)
    assert caught.value.line is not None
    assert 1 <= caught.value.line <= text.count("\n") + 1
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("images:\n  - {url: x, isCached: true, isCached: false}\n", 3),
        ("images:\n  - url: x\n    isCached: false\n    'isCached': false\n", 5),
        ("images:\n  - url: x\nimages:\n  - url: y\n", 4),
        ("w: &w {isCached: true, isCached: false}\nimages:\n  - <<: *w\n    url: x\n", 2),
        ("images:\n  - url: x\n    <<: {width: 1}\n    <<: {height: 1}\n", 5),
    ],
)
def test_a_duplicate_key_on_the_way_to_an_entry_is_an_error_with_its_line(
    text: str, line: int
) -> None:
    whole = f"---\n{text}---\n"
    assert [problem.line for problem in parsed(whole).problems] == [line]
    with pytest.raises(ArticleError) as caught:
        flagged(whole)
    assert caught.value.line == line


SHARED = "pool:\n  - &e {url: 'https://a.example/', isCached: false}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # one entry, met three times: changed once, where it is written
        (
            f"{SHARED}images: [*e, *e]\n",
            f"{SHARED.replace('false', 'true')}images: [*e, *e]\n",
        ),
        # an heir gets a key of its own, what it inherits from is no entry and stays
        (
            "d: &d {isCached: false}\nimages:\n  - url: x\n    <<: *d\n",
            "d: &d {isCached: false}\nimages:\n  - url: x\n    isCached: true\n    <<: *d\n",
        ),
    ],
)
def test_what_is_shared_is_changed_where_it_is_written_and_once(before: str, after: str) -> None:
    assert flagged(f"---\n{before}---\n") == f"---\n{after}---\n"


def test_a_shared_value_whose_users_need_different_ones_is_refused() -> None:
    text = "---\nimages:\n  - {url: x, isCached: &f false}\n  - {url: y, isCached: *f}\n---\n"
    with pytest.raises(ArticleError) as caught:
        apply(parsed(text), {0: Change(cached=True), 1: Change(cached=False)})
    assert caught.value.line is not None


@pytest.mark.parametrize("fence", ["+++", ";;;", "{", '{"a"', "---js", "---toml", "--- json"])
def test_foreign_fences_are_told_apart(fence: str) -> None:
    found = read(f"{fence}\nimages = []\n".encode(), whole=False, places=PLACES, limits=LIMITS)
    assert isinstance(found, NotAnArticle)


MEMORY = """
import resource
from tests.core.articles.test_hostile import BOMBS, PLACES, LIMITS, LARGEST, read
from imgcache.errors import ArticleError

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

read(b"---\\nimages: [{url: x}]\\n---\\n", whole=False, places=PLACES, limits=LIMITS)
before = peak()
for text in [*BOMBS.values(), *LARGEST]:
    try:
        read(f"---\\n{text}---\\n".encode(), whole=False, places=PLACES, limits=LIMITS)
    except ArticleError:
        pass
print(peak() - before)
"""
# What the limits of bytes and nodes just let through.
LARGEST = [
    f"images: [{'{url: x}, ' * 16_000}]\n",
    f"images: [{'{}, ' * 49_990}]\n",
    "\n" * 1_040_000,
    f"a: '{chr(0x1F600) * 260_000}'\n",
]


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux only")
def test_no_front_matter_costs_64_megabytes() -> None:
    command = [sys.executable, "-c", MEMORY]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert 0 <= int(done.stdout) < 64 << 10
