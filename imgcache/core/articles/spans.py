"""Spans of value tokens in an article's text; all indices count from the start of the text.

A node's own mark is not that span: for an alias it is that of the anchor, with a tag or an anchor
it begins there, and for a block scalar it ends where the next token begins.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import yaml
from msgspec import Struct
from yaml import ScalarNode

from imgcache.core.articles.document import Document
from imgcache.core.articles.respelling import NAME

_BLANKS = r"(?:[ \t\r\n\x85\u2028\u2029]|(?<=[ \t\r\n\x85\u2028\u2029])#[^\r\n\x85\u2028\u2029]*)*"
_COLON = re.compile(rf"{_BLANKS}:")
_REST_OF_LINE = re.compile(r"[ \t]*(?:(?<=[ \t])#[^\r\n\x85\u2028\u2029]*)?(?P<newline>\r?\n|\Z)")
_PROPERTY_MARKS = frozenset("&!")


# Few articles have either, and to compile it takes a millisecond.
@cache
def _alias() -> re.Pattern[str]:
    return re.compile(rf"{_BLANKS}:{_BLANKS}(\*{NAME})")


@cache
def _properties() -> re.Pattern[str]:
    return re.compile(rf"(?:(?:&{NAME}|!<[^>\s]*>|![^\s,\[\]{{}}]*){_BLANKS}){{1,2}}")


class Token(Struct, frozen=True):
    """The span of a value as it is written."""

    start: int
    end: int


class LineEnd(NamedTuple):
    """Where a line ends, before its line break, and how lines are broken there."""

    end: int
    newline: str


def alias_token(document: Document, key: yaml.Node) -> Token | None:
    """The `*name` that follows a key, if that is what follows."""
    match = _alias().match(document.text, document.start + key.end_mark.index, document.end)
    return Token(*match.span(1)) if match else None


def value_start(document: Document, key: yaml.Node, value: yaml.Node) -> int:
    """The first character of a value, its quote included, tag and anchor passed over."""
    start = document.start + value.start_mark.index
    if value.start_mark.index < key.start_mark.index:
        alias = alias_token(document, key)
        return alias.start if alias else start
    if document.text[start : start + 1] not in _PROPERTY_MARKS:
        return start
    match = _properties().match(document.text, start, document.start + value.end_mark.index)
    if match and match.end() < document.start + value.end_mark.index:
        return match.end()
    return start


def has_properties(document: Document, value: yaml.Node) -> bool:
    """Whether a tag or an anchor stands before a value."""
    return document.source(value)[:1] in _PROPERTY_MARKS


def value_token(document: Document, value: yaml.Node) -> Token:
    """The span of a value that is written in place, without the blanks that follow it."""
    start, end = document.start + value.start_mark.index, document.end_of(value)
    if isinstance(value, ScalarNode) and value.style in {"|", ">"}:
        end = start + len(document.source(value).rstrip())
    return Token(start, end)


def after_colon(document: Document, key: yaml.Node) -> int | None:
    """The place right after the colon of a key; None if it has none."""
    match = _COLON.match(document.text, document.start + key.end_mark.index, document.end)
    return match.end() if match else None


def end_of_line(document: Document, index: int) -> LineEnd | None:
    """The end of a line on which nothing but a comment follows `index`; None for any other."""
    text = document.text
    match = _REST_OF_LINE.match(text, index, document.end)
    if match is None:
        return None
    if match["newline"]:
        return LineEnd(match.start("newline"), match["newline"])
    return LineEnd(match.end(), document.newline)
