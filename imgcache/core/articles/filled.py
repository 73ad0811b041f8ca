"""Filled keys of an entry: which of the keys that a site's rules require it has, and not empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yaml import Node, ScalarNode

from imgcache.core.articles.merge_keys import Pair

_NULL = "tag:yaml.org,2002:null"


def filled(pairs: Mapping[str, Pair], noted: Iterable[str]) -> tuple[str, ...]:
    """Those of the noted keys that have a value; null, blanks, `[]` and `{}` are none."""
    return tuple(key for key in noted if key in pairs and not _is_empty(pairs[key].value))


def _is_empty(value: Node) -> bool:
    if isinstance(value, ScalarNode):
        return value.tag == _NULL or not value.value.strip()
    return not value.value
