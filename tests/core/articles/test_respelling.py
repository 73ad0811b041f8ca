r"""Tabs and names that libyaml refuses; the data are what js-yaml 4.1 and yaml 2.8 (npm) read."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imgcache.config import LimitSettings
from imgcache.core.articles.changes import Change
from imgcache.core.articles.document import Document, parse
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.respelling import respelt
from imgcache.core.articles.writeback import apply
from imgcache.errors import ArticleError

LIMITS = LimitSettings()


def spelt(text: str) -> str:
    return respelt(text, LIMITS.depth, LIMITS.nodes)


def loaded(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CBaseLoader)  # noqa: S506  it makes strings only


def document(text: str) -> Document:
    found = parse(f"---\n{text}---\n".encode(), whole=False, limits=LIMITS)
    assert isinstance(found, Document)
    return found


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 1\n\t\nb: 2\n", {"a": "1", "b": "2"}),
        ("a:\n  b: 1\n\t\n  c: 2\n", {"a": {"b": "1", "c": "2"}}),
        ("\t\r\n \t \r\na: 1\r\n", {"a": "1"}),
        ("\t\t# c\na: 1\n\t# d\nb: 2\n", {"a": "1", "b": "2"}),
        ("a:\n-\tx\n- \ty\n-\t\n-\t# c\n  z\n", {"a": ["x", "y", "", "z"]}),
        ("a:\n-\t{url: x}\n-\t'\ty'\n-\t[z]\n", {"a": [{"url": "x"}, "\ty", ["z"]]}),
        ("- -\tx\n  -\ty\n", [["x", "y"]]),
        ("?\ta\n:\tb\n", {"a": "b"}),
        ("a: [\n\t1,\n\t2\n\t]\n", {"a": ["1", "2"]}),
        ("a: x\n\t\n  y\n", {"a": "x\ny"}),
        ("a: |\n  x\n\t\nb: '\t'\n", {"a": "x\n", "b": "\t"}),
        ("a: >-\n  x\n\t# c\nb: 1\n", {"a": "x", "b": "1"}),
        ("a: &größe 1\nb: *größe\n", {"a": "1", "b": "1"}),
        ("a: &日本 [1]\nb: [*日本, *日本]\n", {"a": ["1"], "b": [["1"], ["1"]]}),
        ("- &é 1\n- &a 2\n- &ö 3\n- [*é, *a, *ö]\n", ["1", "2", "3", ["1", "2", "3"]]),
        ("a: &g.x/y 1\nb: {c: *g.x/y}\n", {"a": "1", "b": {"c": "1"}}),
        ("- '&é *é'\n- x &é\n- |\n  *é\n- &é 1\n", ["&é *é", "x &é", "*é\n", "1"]),
    ],
)  # fmt: skip
def test_what_other_parsers_read_is_read(text: str, data: Any) -> None:
    with pytest.raises(yaml.YAMLError):
        loaded(text)
    assert len(spelt(text)) == len(text)
    assert loaded(spelt(text)) == data
    assert document(text).root is not None


@pytest.mark.parametrize(
    "text",
    [
        "a:\n\tb: 1\n",
        "a:\n-\turl: x\n",
        "a:\n- \turl: x\n  w: 1\n",
        "-\t- a\n",
        "a: x\n\ty\n",
        "a: |\n  x\n\t\n  y\n",
        "a: |\n  x\n\ty\n",
        "a: |\n\t\n  x\n",
        "a: |+\n  x\n\t\nb: 1\n",
        "a: >-\n \t\n",
        "a: *größe\n",
        "a: &größe\tb: 1\n",
    ],
)
def test_what_no_parser_reads_stays_refused(text: str) -> None:
    with pytest.raises(ArticleError):
        document(text)


@pytest.mark.parametrize(
    "text", ["a: [\n", "a: 'x\n", "a: \t[\n", "\t\na: 'x\n", "*é\n", "&é \n" * 60_000]
)
def test_broken_text_is_left_to_the_parser(text: str) -> None:
    with pytest.raises(ArticleError):
        document(text)


def test_there_are_as_many_names_as_libyaml_has() -> None:
    names = [chr(0x100 + number) for number in range(65)]
    texts = ["".join(f"- &{name} x\n" for name in names[:count]) for count in (64, 65)]
    assert loaded(spelt(texts[0])) == ["x"] * 64
    with pytest.raises(ArticleError):
        document(texts[1])


@given(text=st.text("\t\t  -?:#&*é'\"|>+[]{},a\n\n\r", max_size=40))
def test_the_same_places_and_only_tabs_and_names_differ(text: str) -> None:
    new = spelt(text)
    assert len(new) == len(text)
    assert all(
        old == now or (old == "\t" and now == " ") or (old not in " \t\n\r" and now.isalnum())
        for old, now in zip(text, new, strict=True)
    )


@given(text=st.text("\t\t  -é:#&*'|a1\n\n", max_size=30))
def test_no_scalar_is_changed(text: str) -> None:
    try:
        found = document(text + "\n")
    except ArticleError:
        return
    stack = [] if found.root is None else [found.root]
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.ScalarNode):
            source = found.source(node)
            # In single quotes a quote is doubled.
            source = source.replace("''", "'") if node.style == "'" else source
            assert all(word in source for word in node.value.split())
            quoted = found.source(node).partition("'")[2]
            if node.style == "'" and "\n" not in quoted:
                assert node.value.count("\t") == quoted.count("\t")
        else:
            pairs = node.value if isinstance(node, yaml.SequenceNode) else sum(node.value, ())
            stack.extend(pairs)


ARTICLE = (
    "---\n\t\ntitle: &größe x\t# c\nimages:\n\t# all of them\n"
    "-\t&höhe\t\n  url: 'https://a.example/\t'\n  width: 5\n\t\t\n  isCached: false\t# c\n"
    "- {url: x, alt: *größe}\n\t\nmore: *höhe\n---\n\tBody\n"
)


def test_an_edit_keeps_the_tabs_and_the_names() -> None:
    article = read(ARTICLE.encode(), whole=False, places=places_of(None), limits=LIMITS)
    assert isinstance(article, Article)
    assert [(one.line, one.column) for one in article.entries] == [(7, 8), (11, 9)]
    changes = {0: Change(cached=True, height=7), 1: Change(cached=False)}
    assert apply(article, changes).data.decode() == ARTICLE.replace("false", "true").replace(
        "  width: 5\n", "  width: 5\n  height: 7\n"
    ).replace("*größe}", "*größe, isCached: false}")
