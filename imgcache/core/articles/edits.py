"""Edits that write one field of one entry: its value's token is replaced, or the field is added.

This file is not trusted: writeback.py proves that nothing else changes in the new text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml
from msgspec import Struct, field
from yaml import CollectionNode, MappingNode, ScalarNode

from imgcache.config_images import USUAL
from imgcache.core.articles.document import Document
from imgcache.core.articles.spans import (
    after_colon,
    alias_token,
    end_of_line,
    has_properties,
    value_start,
    value_token,
)
from imgcache.core.articles.yaml_nodes import children
from imgcache.errors import ArticleError

_USUAL_KEYS = frozenset({USUAL.width, USUAL.height, USUAL.cached})
_PLAIN_KEY = re.compile(r"[A-Za-z_][0-9A-Za-z_-]*")
# What YAML 1.1 or 1.2 takes for something else than text.
_NO_TEXT = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


class Edit(NamedTuple):
    """`new` in the place of `text[start:end]`."""

    start: int
    end: int
    new: str


class KeyStyle(Struct):
    """What is known of the keys of a mapping that may be written.

    `order`: those that go before others; `flags`: those whose values are booleans; `texts`: those
    whose values are texts, which are quoted.
    """

    order: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)


class Aliases:
    """Which keys and values are written as an alias: their node has been met before."""

    def __init__(self, root: yaml.Node | None) -> None:
        self._found: set[tuple[int, int]] = set()
        seen: set[int] = set()
        stack = [] if root is None else [(0, 0, root)]
        while stack:
            # Popped in the order of the text: an anchor always comes before its aliases.
            parent, position, node = stack.pop()
            if id(node) in seen:
                self._found.add((parent, position))
                continue
            seen.add(id(node))
            below = [(id(node), at, child) for at, child in enumerate(children(node))]
            stack.extend(reversed(below))

    def has_key(self, mapping: MappingNode, index: int) -> bool:
        """Whether the key of this pair is an alias."""
        return (id(mapping), 2 * index) in self._found

    def has_value(self, mapping: MappingNode, index: int) -> bool:
        """Whether the value of this pair is an alias."""
        return (id(mapping), 2 * index + 1) in self._found


class MappingWriter:
    """Makes the edits of one mapping, in the style in which it is written."""

    def __init__(
        self,
        document: Document,
        node: MappingNode,
        keys: KeyStyle,
        aliases: Aliases,
    ) -> None:
        self._document = document
        self._node = node
        self._keys = keys
        self._aliases = aliases

    def edit(self, key: str, text: str) -> Edit:
        """The edit that gives the mapping `key: text`. Raises ArticleError where none is exact."""
        for index, (key_node, _) in enumerate(self._node.value):
            if isinstance(key_node, ScalarNode) and key_node.value == key:
                return self._replacement(index, key, text)
        for index in self._neighbours(key):
            edit = self._insertion(index, key, text)
            if edit is not None:
                return edit
        edit = None if self._node.flow_style else self._insertion_before_last(key, text)
        if edit is not None:
            return edit
        raise ArticleError(
            f"no place to add `{key}` exactly; add it to this entry by hand",
            self._document.line_of(self._node),
        )

    def _replacement(self, index: int, key: str, text: str) -> Edit:
        key_node, value = self._node.value[index]
        document = self._document
        if self._aliases.has_key(self._node, index) or self._aliases.has_value(self._node, index):
            alias = alias_token(document, key_node)
            line = document.line(alias.start) if alias else document.line_of(self._node)
            raise ArticleError(f"`{key}` shares its value through an alias; write it out", line)
        if has_properties(document, value):
            line = document.line(value_start(document, key_node, value))
            raise ArticleError(f"the value of `{key}` has a tag or an anchor; remove it", line)
        if isinstance(value, ScalarNode) and not document.source(value):
            return self._filling(key_node, key, text)
        # A list or mapping under a key of the site's own holds what nobody wants to lose.
        is_foreign = not isinstance(value, ScalarNode) and key not in _USUAL_KEYS
        if is_foreign or not _is_replaceable(document, value):
            raise ArticleError(
                f"the value of `{key}` can't be replaced exactly; replace it by hand",
                document.line_of(value),
            )
        quote = value.style if isinstance(value, ScalarNode) and value.style in {"'", '"'} else ""
        if key in self._keys.flags:
            quote = ""
        if key in self._keys.texts:
            quote = quote or '"'
        token = value_token(document, value)
        return Edit(token.start, token.end, f"{quote}{text}{quote}")

    def _filling(self, key_node: yaml.Node, key: str, text: str) -> Edit:
        """A value for a key that has none, right after its colon."""
        colon = after_colon(self._document, key_node)
        if colon is not None:
            return Edit(colon, colon, f" {self._valued(key, text)}")
        end = self._document.start + key_node.end_mark.index
        if self._node.flow_style:
            return Edit(end, end, f": {self._valued(key, text)}")
        line = self._document.line_of(key_node)
        raise ArticleError(f"`{key}` has neither a colon nor a value; write them", line)

    def _neighbours(self, key: str) -> Iterator[int]:
        """The pairs after which a new key may stand, the best place first."""
        places = {
            node.value: index
            for index, (node, _) in enumerate(self._node.value)
            if isinstance(node, ScalarNode)
        }
        if not (self._node.flow_style and key in self._keys.flags):
            before = self._keys.order[: self._keys.order.index(key)]
            yield from (places[name] for name in reversed(before) if name in places)
        yield from reversed(range(len(self._node.value)))

    def _insertion(self, index: int, key: str, text: str) -> Edit | None:
        """`key: text` after the pair at `index`, None if its end is not certain."""
        end = self._end_of_pair(index)
        if end is None:
            return None
        key_node = self._node.value[index][0]
        pair = f"{_spelt(key, key_node)}: {self._valued(key, text)}"
        if self._node.flow_style:
            comma = " ," if self._document.text[end - 1] == ":" else ","
            return Edit(end, end, f"{comma} {pair}")
        indentation = self._indentation(key_node)
        line = end_of_line(self._document, end)
        if indentation is None or line is None:
            return None
        return Edit(line.end, line.end, f"{line.newline}{indentation}{pair}")

    def _insertion_before_last(self, key: str, text: str) -> Edit | None:
        """`key: text` on the line of the last key, which moves to the next one.

        For entries where the end of no value is certain, as in `- url: >-`.
        """
        index = len(self._node.value) - 1
        key_node = self._node.value[index][0]
        indentation = self._indentation(key_node)
        if indentation is None or self._aliases.has_key(self._node, index):
            return None
        start = self._document.start + key_node.start_mark.index
        newline = self._document.newline
        pair = f"{_spelt(key, key_node)}: {self._valued(key, text)}"
        return Edit(start, start, f"{pair}{newline}{indentation}")

    def _valued(self, key: str, text: str) -> str:
        """A new value as it is written; texts have nothing in them that quotes would change."""
        return f'"{text}"' if key in self._keys.texts else text

    def _end_of_pair(self, index: int) -> int | None:
        key_node, value = self._node.value[index]
        document = self._document
        if self._aliases.has_key(self._node, index):
            return None
        if self._aliases.has_value(self._node, index):
            alias = alias_token(document, key_node)
            return alias.end if alias else None
        if isinstance(value, CollectionNode):
            return document.end_of(value) if value.flow_style else None
        if value.style in {"|", ">"}:
            return None
        return document.end_of(value) if document.source(value) else self._end_of_empty(index)

    def _end_of_empty(self, index: int) -> int:
        """The same of a pair without a value."""
        (key_node, value), document = self._node.value[index], self._document
        colon, end = after_colon(document, key_node), document.end_of(value)
        if self._node.flow_style and (colon is None or "\n" not in document.text[colon:end]):
            return end  # where the next comma or brace stands
        # Right behind the colon: a comma on the line of the brace may stand too far left.
        return document.end_of(key_node) if colon is None else colon

    def _indentation(self, key_node: yaml.Node) -> str | None:
        """The blanks before a key of a block mapping; None if it is written as `? key`."""
        start = self._document.start + key_node.start_mark.index
        column = key_node.start_mark.column
        before = self._document.text[start - column : start]
        return None if before.rstrip().endswith("?") else " " * column


def _is_replaceable(document: Document, value: Any) -> bool:
    """Whether the value is one token, or a flow collection without comment, anchor and alias."""
    source = document.source(value)
    if isinstance(value, ScalarNode):
        if value.style in {"|", ">"}:
            return "#" not in source.splitlines()[0]
        if value.style:
            return bool(source[0] == source[-1] == value.style)
        return bool(source.split() == value.value.split())
    return bool(value.flow_style) and not set("#&*") & set(source)


def _spelt(key: str, neighbour: yaml.Node) -> str:
    """A key in the quotes of its neighbour, or in those that it needs."""
    style = neighbour.style if isinstance(neighbour, ScalarNode) else None
    if style == "'" and "'" not in key:
        return f"'{key}'"
    if style != '"' and _PLAIN_KEY.fullmatch(key) and key.lower() not in _NO_TEXT:
        return key
    return json.dumps(key, ensure_ascii=False)
