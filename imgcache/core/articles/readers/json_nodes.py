"""JSON text to nodes, each where it stands (RFC 8259, and what Python's `json` takes beyond it)."""

from __future__ import annotations

import json
import re

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from imgcache.core.articles.readers.tokens import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    NULL,
    STRING,
    Bounds,
    Reader,
)

_BLANKS = re.compile(r"[ \t\r\n]*+")
STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_WORD = re.compile(r"[-+.0-9A-Za-z]++")
_TAGS = {"true": BOOLEAN, "false": BOOLEAN, "null": NULL}
_INTEGER = re.compile(r"-?[0-9]+")


def read(text: str, bounds: Bounds) -> Node:
    """The one value of a text. Raises Lost and Excess."""
    reader = Reader(text, bounds)
    reader.skip(_BLANKS)
    root = _value(reader, 1)
    reader.skip(_BLANKS)
    if reader.index < len(text):
        reader.lose()
    return root


def _value(reader: Reader, depth: int) -> Node:
    opening = reader.peek()
    if opening == "{":
        return _object(reader, depth)
    if opening == "[":
        return _array(reader, depth)
    return _string(reader) if opening == '"' else _word(reader)


def _object(reader: Reader, depth: int) -> MappingNode:
    node = reader.mapping(reader.index, depth)
    while _goes_on(reader, "{", "}", is_first=not node.value):
        key = _string(reader)
        reader.skip(_BLANKS)
        reader.expect(":")
        reader.skip(_BLANKS)
        node.value.append((key, _value(reader, depth + 1)))
    reader.close(node)
    return node


def _array(reader: Reader, depth: int) -> SequenceNode:
    node = reader.sequence(reader.index, depth)
    while _goes_on(reader, "[", "]", is_first=not node.value):
        node.value.append(_value(reader, depth + 1))
    reader.close(node)
    return node


def _goes_on(reader: Reader, opening: str, closing: str, *, is_first: bool) -> bool:
    """Step over the bracket or comma before the next item, or over the closing bracket."""
    if is_first:
        reader.expect(opening)
    reader.skip(_BLANKS)
    if reader.peek() == closing:
        reader.expect(closing)
        return False
    if not is_first:
        reader.expect(",")
        reader.skip(_BLANKS)
    return True


def _string(reader: Reader) -> ScalarNode:
    start = reader.index
    raw = reader.take(STRINGS)
    if "\\" not in raw:
        return reader.scalar(STRING, raw[1:-1], start)
    try:
        return reader.scalar(STRING, json.loads(raw), start)
    except ValueError:
        reader.lose(start)


def _word(reader: Reader) -> ScalarNode:
    start = reader.index
    raw = reader.take(_WORD)
    number = INTEGER if _INTEGER.fullmatch(raw) else FLOAT
    return reader.scalar(_TAGS.get(raw, number), raw, start)


class _Pairs(tuple[tuple[str, object], ...]):
    """An object as it is written, repeated keys included; no list is equal to it."""

    __slots__ = ()


class _Number(tuple[str]):
    """A number as it is written; no string is equal to it."""

    __slots__ = ()


def judged(text: str) -> object:
    """What Python's `json` understands. Raises JSONDecodeError and RecursionError."""
    return json.loads(
        text,
        object_pairs_hook=_Pairs,
        parse_int=_number,
        parse_float=_number,
        parse_constant=_number,
    )


def understood(node: Node) -> object:
    """What the nodes say, in the same words."""
    if isinstance(node, MappingNode):
        return _Pairs((key.value, understood(value)) for key, value in node.value)
    if isinstance(node, SequenceNode):
        return [understood(item) for item in node.value]
    if node.tag == STRING:
        return node.value
    return {"true": True, "false": False, "null": None}.get(node.value, _number(node.value))


def _number(raw: str) -> _Number:
    return _Number((raw,))
