"""Repeated keys that leave open what an entry says, or which entries there are."""

from __future__ import annotations

from collections.abc import Iterator

import yaml
from yaml import MappingNode, ScalarNode, SequenceNode

from imgcache.core.articles.merge_keys import MERGE_TAG, Duplicate, ResolvedMappings
from imgcache.core.articles.places.machine import Place, Places, State
from imgcache.core.articles.places.walk import STRING

_Stand = tuple[yaml.Node, State]


def on_the_way(
    root: yaml.Node | None, resolved: ResolvedMappings, places: Places, read: set[int]
) -> Iterator[Duplicate]:
    """Those of the repeated keys that stand on the way to an entry.

    `read`: the mappings in which entries and their values were looked for.
    """
    if not resolved.duplicates or root is None:
        return
    own, named = read | resolved.merged, places.fields | {"<<"}
    states = _states(root, places.start)
    for duplicate in resolved.duplicates:
        mapping, text, _ = duplicate
        if (text in named and id(mapping) in own) or any(
            _holds(mapping, text, state) for state in states.get(id(mapping), ())
        ):
            yield duplicate


def _states(root: yaml.Node, start: State) -> dict[int, list[State]]:
    """The states in which each mapping is met, repeated and inherited ones included."""
    found: dict[int, list[State]] = {}
    for node, state in _walk(root, start):
        if isinstance(node, MappingNode):
            found.setdefault(id(node), []).append(state)
    return found


def _holds(mapping: MappingNode, text: str, state: State) -> bool:
    """Whether any of the values of a repeated key is an image entry, or holds one."""
    return any(
        _is_entry(node, met)
        for key, value in mapping.value
        if isinstance(key, ScalarNode) and key.value == text
        for below, reached in _values(key, value, state)
        for node, met in _walk(below, reached)
    )


def _is_entry(node: yaml.Node, state: State) -> bool:
    if isinstance(node, ScalarNode):
        return bool(state.accepts) and node.tag == STRING
    return isinstance(node, MappingNode) and any(_may_be(node, one) for one in state.accepts)


def _may_be(node: MappingNode, place: Place) -> bool:
    urls = [keys[0] for keys in place.url]
    return any(key.tag == MERGE_TAG or key.value in urls for key, _ in node.value)


def _walk(root: yaml.Node, start: State) -> Iterator[_Stand]:
    """Each node below, as it is written, in each state in which it is met."""
    seen: dict[int, int] = {}
    stack: list[_Stand] = [(root, start)]
    while stack:
        node, state = stack.pop()
        if not state.mask & ~seen.get(id(node), 0):
            continue
        seen[id(node)] = seen.get(id(node), 0) | state.mask
        yield node, state
        if isinstance(node, SequenceNode):
            stack += ((item, state.item) for item in node.value)
        elif isinstance(node, MappingNode):
            for key, value in node.value:
                stack += _values(key, value, state)


def _values(key: yaml.Node, value: yaml.Node, state: State) -> Iterator[_Stand]:
    if key.tag == MERGE_TAG:
        below = value.value if isinstance(value, SequenceNode) else [value]
        yield from ((one, state) for one in below)
    elif isinstance(key, ScalarNode):
        yield value, state.key(key.value)
