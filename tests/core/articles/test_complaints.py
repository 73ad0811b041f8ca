from __future__ import annotations

import pytest

from imgcache.config import LimitSettings
from imgcache.core.articles.document import parse
from imgcache.errors import ArticleError


def error(text: str) -> ArticleError:
    with pytest.raises(ArticleError) as caught:
        parse(f"---\n{text}---\n".encode(), whole=False, limits=LimitSettings())
    return caught.value


QUOTE, COLON, TAB = "the quote that opens here", "this colon begins a value", "a tab character"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        # a quote inside of quotes
        ('a: 1\ntitle: "He said "hi" to me"\n', 3, 8, f'{QUOTE} is closed before `hi"`'),
        ("title: 'it's'\n", 2, 8, "write a quote inside of it as ''"),
        ('title: "a": b\n', 2, 8, 'write a quote inside of it as \\"'),
        ("- url: x\n  alt: 'a' b\n", 3, 8, QUOTE),
        ('x: [a, "b"c"]\n', 2, 8, QUOTE),
        # a quote without end, also where another one ends it lines below
        ('a: 1\nalt: "abc\nb: 1\nc: 2\n', 3, 6, "never closed"),
        ('alt: "abc\nb: "x"\nc: 2\n', 2, 6, f'{QUOTE} is closed before `x"`'),
        ('x: {a: "b\n', 2, 8, "never closed"),
        # brackets
        ("x: [1, 2\n\nb: 1\n", 2, 4, "the bracket that opens here is not closed: in line 4"),
        ("x: {a: 1, b: [2}\n", 2, 14, "the bracket that opens here is not closed: in line 2"),
        ('x: {url: "a" width: 5}\n', 2, 4, "did not find expected ',' or '}'"),
        # text that looks like a key
        ("title: Foo: bar\n", 2, 11, COLON),
        ("\t\n- title: Foo: bar\n", 3, 13, COLON),
        ("a: {b: c: d}\n", 2, 9, COLON),
        # tabs
        ("a:\n\tb: 1\n", 3, 1, TAB),
        ("a: x\n\ty\n", 3, 1, TAB),
        ("a: |\n  x\n\ty\n", 4, 1, TAB),
        ("a:\n-\tb: 1\n", 3, 2, TAB),
        # what has another cause is told in the parser's words
        ("a: 1\n b: 2\n", 3, 3, "mapping values are not allowed"),
        ("a: @x\n", 2, 4, "cannot start any token"),
        ("a: *x\n", 2, 4, "undefined alias"),
        ("a: '\x07'\n", 2, 5, "control character U+0007"),
    ],
)
def test_the_place_is_where_the_mistake_is(text: str, line: int, column: int, words: str) -> None:
    found = error(text)
    assert (found.line, found.column) == (line, column)
    assert words in found.message
    assert found.message.isprintable()
    assert found.excerpt == f"---\n{text}".split("\n")[line - 1]


def test_the_line_is_quoted_without_its_end() -> None:
    assert error("a: 'b\r\n\r\n").excerpt == "a: 'b"
