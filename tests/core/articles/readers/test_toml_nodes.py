from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from imgcache.config import LimitSettings
from imgcache.core.articles.document import Document, Language, NotAnArticle, parse
from imgcache.errors import ArticleError
from tests.core.articles.readers.toml_strategies import FRAGMENTS, Written, texts

LIMITS = LimitSettings()
TAGS = {str: "str", int: "int", bool: "bool", float: "float"}


def document(text: str, limits: LimitSettings = LIMITS) -> Document:
    found = parse(text.encode(), whole=True, limits=limits, language=Language.TOML)
    assert isinstance(found, Document)
    return found


def error(text: str, limits: LimitSettings = LIMITS) -> ArticleError:
    with pytest.raises(ArticleError) as caught:
        document(text, limits)
    return caught.value


def same(found: Document, node: Node, value: Any) -> bool:
    """Whether nodes say what `tomllib` says, by their tags, their values and their own text."""
    if isinstance(value, dict):
        assert isinstance(node, MappingNode)
        keys = [key.value for key, _ in node.value]
        pairs = zip(node.value, value.values(), strict=True)
        return keys == list(value) and all(same(found, inner, item) for (_, inner), item in pairs)
    if isinstance(value, list):
        assert isinstance(node, SequenceNode)
        pairs = zip(node.value, value, strict=True)
        return all(same(found, inner, item) for inner, item in pairs)
    assert isinstance(node, ScalarNode)
    again = tomllib.loads(f"x = {found.source(node)}")["x"]
    return (
        node.tag == f"tag:yaml.org,2002:{TAGS.get(type(value), 'timestamp')}"
        and repr(again) == repr(value)
        and node.value == (value if isinstance(value, str) else found.source(node))
        and node.style == (found.source(node)[0] if isinstance(value, str) else None)
    )


def unmarked(text: str) -> str:
    """Without a byte order mark at its beginning: a file may have one, a text has none."""
    return text.lstrip("\ufeff")


@given(texts())
def test_nodes_say_what_tomllib_says_and_stand_where_it_is_written(written: Written) -> None:
    found = document(written.text)
    assert found.root is not None
    assert same(found, found.root, tomllib.loads(written.text))
    starts = {found.source(node): node.start_mark.index for node in scalars(found.root)}
    assert {one: starts.get(one) for one in written.markers} == {
        one: written.text.index(one) for one in written.markers
    }


def scalars(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        return [one for _, value in node.value for one in scalars(value)]
    if isinstance(node, SequenceNode):
        return [one for value in node.value for one in scalars(value)]
    return [node]


def check_against_tomllib(text: str) -> None:
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        value = None
    if value is None:
        assert error(text).message.startswith("its front matter is not valid TOML: ")
    else:
        found = document(text)
        assert found.root is not None
        assert same(found, found.root, value)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join).map(unmarked))
def test_what_tomllib_refuses_is_refused_and_nothing_else(text: str) -> None:
    check_against_tomllib(text)


@given(texts(), st.data())
def test_a_text_with_a_character_too_few_or_too_many_is_judged_by_tomllib(
    written: Written, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(written.text)))
    new = data.draw(st.sampled_from(["", *FRAGMENTS]))
    check_against_tomllib(unmarked(written.text[:at] + new + written.text[at + 1 :]))


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a = 1\nb = \n", 2, 5, "Invalid value"),
        ("a = 1\r\nb = x\r\n", 2, 5, "Invalid value"),
        ("\U0001f600 = 1\n", 1, 1, "Invalid statement"),
        ("a = 1\na = 2\n", 2, 6, "Cannot overwrite a value"),
        ("[a]\n[a]\n", 2, 3, "twice"),
        ("a = [\n1,\n", 3, 1, ""),
        ("a = 2024-02-30\n", 1, 5, "Invalid date or datetime"),
        ("a = 1\nb = " + "9" * 5000, 2, 5, "limit"),
        ("a = 1\n\ufeffb = 1\n", 2, 1, "Invalid statement"),
        ("a = 1\n\x00\n", 2, 1, "Invalid"),
        ("[[a]]\n[a]\n", 2, 3, ""),
        ("a = [{}]\n[[a]]\n", 2, 4, "immutable"),
        ("b = 1\na = 'x\n", 2, 5, "the quote that opens here is never closed"),
        ('b = 1\na = """\nx\n\n', 2, 5, "the quote that opens here is never closed"),
    ],
)
def test_broken_toml_is_an_error_with_its_line(
    text: str, line: int, column: int, words: str
) -> None:
    found = error(text)
    assert found.message.startswith("its front matter is not valid TOML: ")
    assert words in found.message
    assert (found.line, found.column) == (line, column)
    assert found.excerpt == text.split("\n")[line - 1].removesuffix("\r")


def test_lines_of_an_error_count_from_the_top_of_the_file() -> None:
    with pytest.raises(ArticleError) as caught:
        parse(b"\xef\xbb\xbf+++\r\na = 1\r\nb = \xc3\xa9\r\n+++\r\n", whole=False, limits=LIMITS)
    assert (caught.value.line, caught.value.column, caught.value.excerpt) == (3, 5, "b = é")


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "[" * 100_000 + "]" * 100_000,
        "a = " + "{a=" * 100_000 + "1" + "}" * 100_000,
        "a" + ".a" * 200_000 + " = 1",
        "[a" + ".a" * 200_000 + "]",
        "[[a" + ".a" * 200_000 + "]]",
        "\n".join(f"[{'.'.join('a' * n)}]" for n in range(1, 200)),
        "\n".join(f"[[{'.'.join('a' * n)}]]" for n in range(1, 200)),
    ],
)
def test_depth_is_refused_before_anything_recurses(text: str) -> None:
    assert "deeper than 64 levels" in error(text).message
    assert "deeper than 128 levels" in error(text, LimitSettings(depth=10**6)).message


def test_a_level_more_than_the_limit_is_refused_at_its_line() -> None:
    limits = LimitSettings(depth=4)
    assert document("[[a]]\nb = [1]\n", limits).root is not None
    assert document("a.b.c.d = 1\n", limits).root is not None
    assert error("x = 1\n[[a]]\nb = [\n[1]]\n", limits).line == 4
    assert error("x = 1\na.b.c.d.e = 1\n", limits).line == 2
    assert error("a = {b = {c = {d = {}}}}\n", limits).line == 1


def test_a_node_more_than_the_limit_is_refused() -> None:
    # a table, its key, its list and three scalars
    assert document("a = [1, 'b', 2]\n", LimitSettings(nodes=6)).root is not None
    assert "5 nodes" in error("a = [1, 'b', 2]\n", LimitSettings(nodes=5)).message


def test_a_table_goes_from_its_name_to_the_end_of_what_is_in_it() -> None:
    text = "a.b = 1\n[[c]]\nd = 1\n[e]\n[[c]]\nd = [ 2, ]\n"
    found = document(text)
    assert isinstance(found.root, MappingNode)
    sources = {key.value: found.source(value) for key, value in found.root.value}
    assert sources == {
        "a": "a.b = 1",
        "c": "c]]\nd = 1\n[e]\n[[c]]\nd = [ 2, ]",
        "e": "e",
    }
    assert found.source(found.root.value[1][1].value[1]) == "[[c]]\nd = [ 2, ]"
    assert found.source(found.root) == text.removesuffix("\n")


def test_a_text_that_is_misread_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tomllib, "loads", lambda _, **__: {"a": 2})
    assert "can't follow this TOML" in error("a = 1\n").message
    assert "can't follow this TOML" in error("a ! 1\n").message


@pytest.mark.parametrize("text", ["", "# nothing\n", "\r\n"])
def test_a_text_of_nothing_is_an_empty_table(text: str) -> None:
    root = document(text).root
    assert isinstance(root, MappingNode)
    assert root.value == []


def test_the_language_is_that_of_the_fence() -> None:
    found = parse(b"+++\na = 1\n+++\nb = ", whole=False, limits=LIMITS)
    assert not isinstance(found, NotAnArticle)
    assert (found.language, found.text, found.rest) == (
        Language.TOML,
        "+++\na = 1\n",
        b"+++\nb = ",
    )
