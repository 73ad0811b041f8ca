"""TOML text to nodes, each where it stands (https://toml.io/en/v1.0.0).

It takes more than TOML allows, because `tomllib` judges each text too: what matters here is that
no valid text is misread, and that a later edition of TOML needs no change.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from imgcache.core.articles.readers.tokens import (
    BOOLEAN,
    FLOAT,
    INTEGER,
    MOMENT,
    STRING,
    Bounds,
    Reader,
)
from imgcache.core.articles.readers.toml_tables import Table

_BLANKS = re.compile(r"[ \t]*+")
# Blanks, line ends and comments: between statements and in brackets.
_BETWEEN = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_QUOTED = (
    r'"""(?:[^"\\]++|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']++|'(?!''))*+'{3,5}"
    r'|"(?!"")(?:[^"\\\n]++|\\.)*+"'
    r"|'(?!'')[^'\n]*+'"
)
_KEY = re.compile(rf"{_QUOTED}|[^\s=.,\[\]{{}}\"'#]++", re.DOTALL)
# A date may have its time behind a blank.
_VALUE = re.compile(
    rf"{_QUOTED}|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9]{{2}}:[^\s,\]}}#]*+|[^\s=,\[\]{{}}\"'#]++",
    re.DOTALL,
)
STRINGS = re.compile(_QUOTED, re.DOTALL)
_PLAIN_STRING = re.compile(r"\"(?!\"\")[^\"\\\n]*+\"|'(?!'')[^'\n]*+'")
_DECIMAL = re.compile(r"[1-9][0-9]{0,17}")
_TAGS: dict[type, str] = {
    str: STRING,
    bool: BOOLEAN,
    int: INTEGER,
    dt.date: MOMENT,
    dt.time: MOMENT,
    dt.datetime: MOMENT,
}


def read(text: str, bounds: Bounds) -> Node:
    """The table of a whole text. Raises Lost and Excess."""
    reader = Reader(text, bounds)
    root = table = Table(reader, 0, 1)
    reader.skip(_BETWEEN)
    while reader.index < len(text):
        if reader.peek() == "[":
            table = _header(reader, root)
        else:
            _pair(reader, table)
        reader.skip(_BETWEEN)
    root.stretch()
    return root.node


def _header(reader: Reader, root: Table) -> Table:
    """The table that a line in brackets opens."""
    start = reader.index
    brackets = 2 if reader.peek(2) == "[[" else 1
    reader.index += brackets
    reader.skip(_BLANKS)
    *path, last = _path(reader)
    parent = root
    for key in path:
        parent = parent.table(key)
    reader.expect("]" * brackets)
    return parent.next_table(last, start) if brackets > 1 else parent.table(last)


def _path(reader: Reader) -> list[ScalarNode]:
    """The parts of a dotted key, and the blanks behind it."""
    start, parts = reader.index, [_key(reader)]
    while reader.peek() == ".":
        reader.expect(".")
        reader.skip(_BLANKS)
        parts.append(_key(reader))
        reader.check_depth(len(parts), start)
    return parts


def _key(reader: Reader) -> ScalarNode:
    start = reader.index
    raw = reader.take(_KEY)
    text = _meaning(reader, raw, start) if raw[0] in "\"'" else raw
    key = reader.scalar(STRING, text, start)
    reader.skip(_BLANKS)
    return key


def _pair(reader: Reader, table: Table) -> None:
    *path, last = _path(reader)
    for key in path:
        table = table.table(key)
    reader.expect("=")
    reader.skip(_BLANKS)
    table.put(last, _value(reader, table.depth + 1))


def _value(reader: Reader, depth: int) -> Node:
    opening = reader.peek()
    if opening == "[":
        return _array(reader, depth)
    return _inline_table(reader, depth) if opening == "{" else _scalar(reader)


def _array(reader: Reader, depth: int) -> SequenceNode:
    node = reader.sequence(reader.index, depth)
    reader.expect("[")
    while not _is_at(reader, "]"):
        node.value.append(_value(reader, depth + 1))
        _separate(reader, "]")
    reader.expect("]")
    reader.close(node)
    return node


def _inline_table(reader: Reader, depth: int) -> MappingNode:
    table = Table(reader, reader.index, depth)
    reader.expect("{")
    while not _is_at(reader, "}"):
        _pair(reader, table)
        _separate(reader, "}")
    reader.expect("}")
    table.stretch()
    reader.close(table.node)
    return table.node


def _is_at(reader: Reader, closing: str) -> bool:
    reader.skip(_BETWEEN)
    return reader.peek() == closing


def _separate(reader: Reader, closing: str) -> None:
    """Step over the comma behind an item; the last one may have none."""
    if not _is_at(reader, closing):
        reader.expect(",")


def _scalar(reader: Reader) -> ScalarNode:
    start = reader.index
    raw = reader.take(_VALUE)
    value = _meaning(reader, raw, start)
    tag = _TAGS.get(type(value), FLOAT)
    return reader.scalar(tag, value if tag == STRING else raw, start)


def _meaning(reader: Reader, raw: str, start: int) -> Any:
    """What a scalar means. Raises Lost for one that means nothing."""
    try:
        return meaning(raw)
    except ValueError:
        reader.lose(start)


def meaning(raw: str) -> Any:
    """What `tomllib` understands by one scalar; that of most of them is plain to see."""
    if _PLAIN_STRING.fullmatch(raw):
        return raw[1:-1]
    if _DECIMAL.fullmatch(raw):
        return int(raw)
    return judged(f"_ = {raw}")["_"]


class _Float(tuple[str]):
    """A number as it is written, for `nan` is not equal to itself."""

    __slots__ = ()


def judged(text: str) -> dict[str, Any]:
    """What `tomllib` understands. Raises ValueError (also TOMLDecodeError), RecursionError."""
    return tomllib.loads(text, parse_float=lambda raw: _Float((raw,)))


def understood(node: Node) -> Any:
    """What the nodes say, in the same words."""
    if isinstance(node, MappingNode):
        return {key.value: understood(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [understood(item) for item in node.value]
    return node.value if node.tag == STRING else meaning(node.value)
