from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from imgcache.config import LimitSettings
from imgcache.core.articles.document import Document, Language, NotAnArticle, parse
from imgcache.errors import ArticleError

LIMITS = LimitSettings()
TAGS = {str: "str", int: "int", bool: "bool", float: "float", type(None): "null"}
FRAGMENTS = [
    *("{", "}", "[", "]", ":", ",", '"', "\\", " ", "\n", "\r\n", "\t", "\r", "\x0b", "\x00"),
    *('"a"', '"a":', '{"a": 1}', "[1, 2]", "1", "-", "0", ".5", "e9", "true", "null", "NaN"),
    *("-Infinity", '"\\u00e9"', '"\\ud83d\\ude00"', '"\\x"', "é", "\ufeff", "/*x*/", "'a'", "{}"),
]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def document(text: str, limits: LimitSettings = LIMITS) -> Document:
    data = text.encode()
    found = parse(data, whole=True, limits=limits, language=Language.JSON)
    assert isinstance(found, Document)
    assert found.data == data
    return found


def error(text: str, limits: LimitSettings = LIMITS) -> ArticleError:
    with pytest.raises(ArticleError) as caught:
        document(text, limits)
    return caught.value


def same(found: Document, node: Node, value: Any) -> bool:
    """Whether nodes say what `json` says, by their tags, their values and their own text."""
    if isinstance(value, dict):
        assert isinstance(node, MappingNode)
        last = {key.value: inner for key, inner in node.value}
        assert [json.loads(found.source(key)) for key, _ in node.value] == [
            key.value for key, _ in node.value
        ]
        return last.keys() == value.keys() and all(same(found, last[k], value[k]) for k in value)
    if isinstance(value, list):
        assert isinstance(node, SequenceNode)
        pairs = zip(node.value, value, strict=True)
        return all(same(found, inner, item) for inner, item in pairs)
    assert isinstance(node, ScalarNode)
    source = found.source(node)
    return (
        node.tag == f"tag:yaml.org,2002:{TAGS[type(value)]}"
        and repr(json.loads(source)) == repr(value)
        and node.value == (value if isinstance(value, str) else source)
        and node.style == ('"' if isinstance(value, str) else None)
    )


@given(VALUES, st.sampled_from([None, 0, 2, "\t"]), st.booleans(), st.booleans())
def test_nodes_say_what_json_says(
    value: Any, indent: int | str | None, escaped: bool, crlf: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    found = document(text.replace("\n", "\r\n") if crlf else text)
    assert found.root is not None
    assert same(found, found.root, json.loads(text))


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join))
def test_what_json_refuses_is_refused_and_nothing_else(text: str) -> None:
    text = text.lstrip("\ufeff")  # a file may have one, a text has none
    try:
        value, refused = json.loads(text), None
    except json.JSONDecodeError as exc:
        value, refused = None, exc
    if refused is None:
        read = document(text)
        assert read.root is not None
        assert same(read, read.root, value)
    else:
        found = error(text)
        assert found.message.startswith("its front matter is not valid JSON: ")
        assert found.line == text.count("\n", 0, refused.pos) + 1


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('{"a": 1,\n "b" 2}', 2, 6, "':' delimiter"),
        ('{\r\n"a": 1,\r\n}', 3, 1, "not valid JSON"),
        ("", 1, 1, "Expecting value"),
        ('{"a": 1} {', 1, 10, "Extra data"),
        ("{\"\U0001f600\": 'x'}", 1, 7, "Expecting value"),
        ('{"a": "x\ty"}', 1, 9, "Invalid control character"),
        ('{"a":\n "b}\n', 2, 2, "the quote that opens here is never closed"),
    ],
)
def test_broken_json_is_an_error_with_its_line(
    text: str, line: int, column: int, words: str
) -> None:
    found = error(text)
    assert words in found.message
    assert (found.line, found.column) == (line, column)
    assert found.excerpt == text.split("\n")[line - 1].removesuffix("\r")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 100_000,
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        '[{"a":' * 100_000,
    ],
)
def test_depth_is_refused_before_anything_recurses(text: str) -> None:
    assert "deeper than 64 levels" in error(text).message
    assert "deeper than 128 levels" in error(text, LimitSettings(depth=10**6)).message


def test_a_level_more_than_the_limit_is_refused_at_its_line() -> None:
    limits = LimitSettings(depth=3)
    assert document('{"a": [{"b": 1}]}', limits).root is not None
    assert error('{"a": [\n{"b":\n[]}]}', limits).line == 3


def test_a_node_more_than_the_limit_is_refused() -> None:
    # a mapping, its key, its list and three scalars
    assert document('{"a": [1, "b", null]}', LimitSettings(nodes=6)).root is not None
    assert "5 nodes" in error('{"a": [1, "b", null]}', LimitSettings(nodes=5)).message


def test_a_number_of_any_length_is_no_error() -> None:
    assert document("[" + "9" * 5000 + "]").root is not None


def test_a_repeated_key_stays_as_it_is_written() -> None:
    root = document('{"a": 1, "a": 2}').root
    assert isinstance(root, MappingNode)
    assert [(key.value, value.value) for key, value in root.value] == [("a", "1"), ("a", "2")]


def test_a_text_that_is_misread_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda _, **__: [2])
    assert "can't follow this JSON" in error("[true]").message
    assert "can't follow this JSON" in error("[!]").message


def test_the_front_matter_ends_at_the_brace_that_closes_it() -> None:
    text = b'{"a": {"b": "}\\"}"}, "c": "{"\r\n}'
    found = parse(b"\xef\xbb\xbf" + text + b"\r\ncaf\xe9 }", whole=False, limits=LIMITS)
    assert not isinstance(found, NotAnArticle)
    assert (found.language, found.text.encode(), found.rest) == (
        Language.JSON,
        text,
        b"\r\ncaf\xe9 }",
    )
