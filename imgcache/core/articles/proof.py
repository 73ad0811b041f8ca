"""The proof that an edit changed what it should and nothing else.

Two front matters are walked side by side, node by node: kinds, tags, values, styles, the order of
keys and which nodes are shared must be the same, but for the values that were to be written. What
mappings inherit through merge keys is compared as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import yaml
from yaml import MappingNode, ScalarNode

from imgcache.core.articles.document import Document
from imgcache.core.articles.merge_keys import MERGE_TAG, ResolvedMappings

# By the identity of a mapping in the old tree: its new texts by their keys.
News = Mapping[int, Mapping[str, str]]
_Nodes = tuple[yaml.Node, yaml.Node]
_WRITTEN_TAGS = frozenset(
    {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:str"}
)

_BOOLEANS = ({"true"}, {"false"})


def is_same_but(before: Document, after: Document, news: News) -> bool:
    """Whether `after` is `before` with the values of `news` written, all else unchanged."""
    if not _is_same_around(before, after) or before.root is None or after.root is None:
        return False
    pairs = _NodePairs()
    stack: list[_Nodes] = [(before.root, after.root)]
    while stack:
        old, new = stack.pop()
        known = pairs.add(old, new)
        if known is None or not _is_same_kind(old, new):
            return False
        if known or isinstance(old, ScalarNode):
            continue
        below = _below(old, new, news)
        if below is None:
            return False
        stack += below
    return pairs.inherit_alike(ResolvedMappings(before), ResolvedMappings(after), news)


def _is_same_around(before: Document, after: Document) -> bool:
    return (
        before.bom == after.bom
        and before.text[: before.start] == after.text[: after.start]
        and before.rest == after.rest
    )


def _is_same_kind(old: Any, new: Any) -> bool:
    if type(old) is not type(new) or old.tag != new.tag:
        return False
    if isinstance(old, ScalarNode):
        return bool(old.value == new.value and old.style == new.style)
    return bool(old.flow_style == new.flow_style)


def _below(old: Any, new: Any, news: News) -> list[_Nodes] | None:
    """The pairs of children to compare next; None if they don't go together."""
    texts = news.get(id(old))
    if texts:
        return _below_written(old, new, texts)
    if len(old.value) != len(new.value):
        return None
    if isinstance(old, MappingNode):
        return list(chain.from_iterable(map(zip, old.value, new.value)))
    return list(zip(old.value, new.value, strict=True))


def _below_written(
    old: MappingNode, new: MappingNode, texts: Mapping[str, str]
) -> list[_Nodes] | None:
    """The same of a mapping that gets these texts, by their keys."""
    below: list[_Nodes] = []
    rest: Iterator[_Nodes] = iter(old.value)
    own = {key.value for key, _ in old.value if isinstance(key, ScalarNode)}
    missing = set(texts)
    for new_key, new_value in new.value:
        text = new_key.value if isinstance(new_key, ScalarNode) else ""
        is_new = text in missing
        if is_new and not _is_written(new_value, texts[text]):
            return None
        missing.discard(text)
        if is_new and text not in own:
            continue
        old_key, old_value = next(rest, (None, None))
        if old_key is None or old_value is None:
            return None
        below.append((old_key, new_key))
        if not is_new:
            below.append((old_value, new_value))
    return below if not missing and next(rest, None) is None else None


def _is_written(node: yaml.Node, text: str) -> bool:
    return isinstance(node, ScalarNode) and node.value == text and node.tag in _WRITTEN_TAGS


class _NodePairs:
    """Which node of the new tree stands for which of the old one."""

    def __init__(self) -> None:
        self._new: dict[int, int] = {}
        self._old: dict[int, int] = {}
        self._mappings: list[tuple[MappingNode, MappingNode]] = []

    def add(self, old: yaml.Node, new: yaml.Node) -> bool | None:
        """Whether the two are a pair already; None if either belongs to another pair."""
        number, twin = id(old), id(new)
        known = self._new.get(number)
        if known is not None:
            return True if known == twin else None
        if self._old.setdefault(twin, number) != number:
            return None
        self._new[number] = twin
        if isinstance(old, MappingNode) and isinstance(new, MappingNode):
            self._mappings.append((old, new))
        return False

    def inherit_alike(self, before: ResolvedMappings, after: ResolvedMappings, news: News) -> bool:
        """Whether mappings with merge keys inherit what they did, unless they got a key of it."""
        keys = {key for texts in news.values() for key in texts}
        for old, new in self._mappings:
            if MERGE_TAG not in [key.tag for key, _ in old.value]:
                continue
            for key in keys - news.get(id(old), {}).keys():
                was, now = before.pairs(old).get(key), after.pairs(new).get(key)
                if (was is None) is not (now is None):
                    return False
                if was and now and not self._are_alike(was.value, now.value):
                    return False
        return True

    def _are_alike(self, was: yaml.Node, now: yaml.Node) -> bool:
        """Whether a mapping inherits the same node, or another scalar that says the same."""
        if self._new.get(id(was)) == id(now):
            return True
        if not isinstance(was, ScalarNode) or not isinstance(now, ScalarNode):
            return False
        if was.tag != now.tag or was.tag not in _WRITTEN_TAGS:
            return False
        texts = {was.value, now.value}
        return len(texts) == 1 or {text.lower() for text in texts} in _BOOLEANS
