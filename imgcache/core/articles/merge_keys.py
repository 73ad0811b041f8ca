"""Merge keys: the pairs of a mapping with them resolved (https://yaml.org/type/merge.html).

Explicit keys win, and earlier mappings of a list win over later ones. Among repeated keys the last
one wins, as in PyYAML's loader.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import yaml
from msgspec import Struct
from yaml import MappingNode, ScalarNode, SequenceNode

from imgcache.core.articles.document import Document

MERGE_TAG = "tag:yaml.org,2002:merge"


class Pair(Struct, frozen=True):
    """A key and its value, and the mapping in which they are written."""

    key: yaml.Node
    value: yaml.Node
    owner: MappingNode


class Duplicate(NamedTuple):
    """A key that one mapping holds twice; `key` is the later one."""

    mapping: MappingNode
    text: str
    key: yaml.Node


def merge_sources(value: yaml.Node) -> list[MappingNode]:
    """The mappings that a merge key's value names, the strongest last."""
    listed = reversed(value.value) if isinstance(value, SequenceNode) else [value]
    return [source for source in listed if isinstance(source, MappingNode)]


class ResolvedMappings:
    """The pairs of each mapping of a document as a loader sees them; each is resolved once.

    It costs no more than the document has nodes with its aliases written out, which is bounded.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._pairs: dict[int, dict[str, Pair]] = {}
        self.duplicates: list[Duplicate] = []
        self.merged: set[int] = set()

    def pairs(self, mapping: MappingNode) -> dict[str, Pair]:
        """The pairs by the text of their keys, inherited ones first."""
        resolved = self._pairs.get(id(mapping))
        if resolved is None:
            resolved = self._pairs[id(mapping)] = self._resolve(mapping)
        return resolved

    def _resolve(self, mapping: MappingNode) -> dict[str, Pair]:
        own: dict[str, Pair] = {}
        merges: list[yaml.Node] = []
        for key, value in mapping.value:
            if key.tag == MERGE_TAG:
                if merges:
                    self.duplicates.append(Duplicate(mapping, "<<", key))
                merges.append(value)
                continue
            text = key.value if isinstance(key, ScalarNode) else self._document.source(key)
            if text in own:
                self.duplicates.append(Duplicate(mapping, text, key))
            own[text] = Pair(key, value, mapping)
        return {**self._inherited(merges), **own} if merges else own

    def _inherited(self, merges: list[yaml.Node]) -> dict[str, Pair]:
        inherited: dict[str, Pair] = {}
        for value in merges:
            for source in merge_sources(value):
                self.merged.add(id(source))
                inherited.update(self.pairs(source))
        return inherited


def written(mapping: MappingNode, text: str) -> Iterator[yaml.Node]:
    """All values that a mapping itself gives for a key, in the order in which they stand."""
    for key, value in mapping.value:
        if isinstance(key, ScalarNode) and key.value == text:
            yield value
