"""YAML text to nodes, within bounds: whatever an article holds costs an error at most.

Only `compose` is ever called, never `load`: no constructor runs, no merge key is expanded, no
integer or date is made. libyaml's composer recurses on the C stack and ends the process where
that is used up (20,000 levels on Linux, fewer on a thread of macOS), so the depth is known
before it is called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

import yaml
from yaml import CSafeLoader, MappingNode, ScalarNode, SequenceNode

from imgcache.config import LimitSettings
from imgcache.core.articles.complaints import explained
from imgcache.core.articles.respelling import respelt
from imgcache.errors import ArticleError

# Deeper than this is never composed or walked, whatever the settings say.
_DEEPEST = 128
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = CSafeLoader.yaml_implicit_resolvers
_STRING: str = CSafeLoader.DEFAULT_SCALAR_TAG
_MAPPING: str = CSafeLoader.DEFAULT_MAPPING_TAG
_SEQUENCE: str = CSafeLoader.DEFAULT_SEQUENCE_TAG
# Articles have the same keys, and often the same numbers and words: their tags are remembered.
_SHORT = 32
_INDICATORS = " \t-?:"


class _Loader(CSafeLoader):
    """CSafeLoader with the same tags, a fifth faster: no resolver is registered by path here."""

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:
        """Called for every node; only path resolvers need it."""

    def ascend_resolver(self) -> None:
        """The way back."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: tuple[bool, bool]) -> str:
        """The tag of a node that has none: by its text where that is plain."""
        if kind is ScalarNode:
            if not implicit[0]:
                return _STRING
            return _known_tag(value) if len(value) < _SHORT else _plain_tag(value)
        return _MAPPING if kind is MappingNode else _SEQUENCE


def _plain_tag(text: str) -> str:
    for tag, pattern in _RESOLVERS.get(text[:1], ()):
        if pattern.match(text):
            return tag
    return _STRING


_known_tag = lru_cache(maxsize=4096)(_plain_tag)


def compose(text: str, start: int, limits: LimitSettings) -> yaml.Node | None:
    """The root node of the YAML document in `text[start:]`, None for an empty one.

    Raises ArticleError, its line counted from the beginning of `text`.
    """
    source = text[start:]
    if source.startswith("\ufeff"):
        # libyaml would pass over it and count one character too few ever after.
        raise ArticleError(
            "a byte order mark stands inside of the file", text.count("\n", 0, start) + 1
        )
    deepest = min(limits.depth, _DEEPEST)
    try:
        try:
            root = _composed(source, deepest, limits.nodes)
        except yaml.YAMLError:
            source = respelt(source, deepest, limits.nodes)
            root = _composed(source, deepest, limits.nodes)
    except _Excess as exc:
        raise ArticleError(str(exc), text.count("\n", 0, start + exc.index) + 1) from None
    except (yaml.YAMLError, ValueError) as exc:
        raise explained(exc, text, start, source) from exc
    if root is not None and "*" in source:
        _check_aliases(root, text, start, limits)
    return root


def _composed(source: str, deepest: int, most: int) -> yaml.Node | None:
    if _may_break(source, deepest, most):
        _check_events(source, deepest, most)
    root: yaml.Node | None = yaml.compose(source, Loader=_Loader)
    return root


class _Excess(Exception):  # noqa: N818 - a limit that was met; never leaves this file
    def __init__(self, message: str, event: yaml.Event) -> None:
        super().__init__(message)
        self.index = 0 if event.start_mark is None else event.start_mark.index


def _may_break(source: str, depth: int, nodes: int) -> bool:
    """Whether `source` could be beyond the limits; never wrong when it says no.

    A block collection begins after nothing but blanks and indicators, further right than its
    parent or (a list in a mapping) at the same column; a flow collection takes a bracket.
    """
    indent = max(
        (len(line) - len(line.lstrip(_INDICATORS)) for line in source.splitlines()), default=0
    )
    levels = 2 * (indent + 1) + source.count("[") + source.count("{")
    return levels > depth or 2 * len(source) > nodes


def _check_events(source: str, deepest: int, most: int) -> None:
    """Count levels and nodes in the stream of events, which needs neither stack nor memory."""
    depth = nodes = 0
    for event in yaml.parse(source, Loader=CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
            continue
        elif not isinstance(event, yaml.NodeEvent):
            continue
        nodes += 1
        if depth > deepest:
            raise _Excess(_too_deep(deepest), event)
        if nodes > most:
            raise _Excess(_too_many(most), event)


def _too_deep(deepest: int) -> str:
    return f"its front matter is nested deeper than {deepest} levels (limits.depth)"


def _too_many(most: int) -> str:
    return (
        f"its front matter has more than {most} nodes, each alias counted as all that it "
        "stands for (limits.nodes)"
    )


def _check_aliases(root: yaml.Node, text: str, start: int, limits: LimitSettings) -> None:
    """Depth and nodes with every alias written out, counted once per anchor."""
    deepest = min(limits.depth, _DEEPEST)
    sizes: dict[int, tuple[int, int]] = {}

    def refuse(node: yaml.Node, message: str) -> ArticleError:
        return ArticleError(message, text.count("\n", 0, start + node.start_mark.index) + 1)

    def measure(node: yaml.Node) -> tuple[int, int]:
        if isinstance(node, ScalarNode):
            return 1, 0
        known = sizes.get(id(node))
        if known is None:
            sizes[id(node)] = (0, 0)
            known = sizes[id(node)] = _sum(node, measure)
            if known[0] > limits.nodes:
                raise refuse(node, _too_many(limits.nodes))
            if known[1] > deepest:
                raise refuse(node, _too_deep(deepest))
        elif known == (0, 0):
            raise refuse(node, "an alias stands inside of what it is an alias for")
        return known

    measure(root)


def _sum(node: yaml.Node, measure: Callable[[yaml.Node], tuple[int, int]]) -> tuple[int, int]:
    """Nodes and levels of a collection, given those of its children."""
    nodes, depth = 1, 0
    for child in children(node):
        below = measure(child)
        nodes += below[0]
        depth = max(depth, below[1])
    return nodes, depth + 1


def children(node: yaml.Node) -> Iterator[yaml.Node]:
    """The nodes directly below a node, keys included, as they are written."""
    if isinstance(node, MappingNode):
        yield from chain.from_iterable(node.value)
    elif isinstance(node, SequenceNode):
        yield from node.value
