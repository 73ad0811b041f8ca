"""Articles that are passed over: drafts and the like, by a key at the top of the front matter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import yaml
from yaml import MappingNode, ScalarNode

from imgcache.config_images import Scalar
from imgcache.core.articles.merge_keys import ResolvedMappings

_BOOLEANS = {"true": True, "false": False}


def is_skipped(
    root: yaml.Node | None, resolved: ResolvedMappings, skip: Mapping[str, tuple[Scalar, ...]]
) -> bool:
    """Whether a front matter has one of these keys with one of its values.

    A text stands for what is written, whatever its type; other values for those of their type.
    """
    if not skip or not isinstance(root, MappingNode):
        return False
    pairs = resolved.pairs(root)
    return any(
        key in pairs and any(_says(pairs[key].value, value) for value in values)
        for key, values in skip.items()
    )


def _says(node: yaml.Node, value: Scalar) -> bool:
    if not isinstance(node, ScalarNode):
        return False
    if isinstance(value, str):
        return bool(node.value == value)
    if node.style:
        return False
    if isinstance(value, bool):
        return _BOOLEANS.get(node.value.lower()) is value
    if isinstance(value, dt.date):
        return _moment(node.value, value) == value
    return _number(node.value) == value


def _number(text: str) -> float | None:
    """A number as any of the three languages writes it, also `0x10` and `1_000`."""
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str, like: dt.date) -> dt.date | None:
    """A day, or a day and a time, whichever the other one is; they are never the same."""
    try:
        return type(like).fromisoformat(text)
    except ValueError:
        return None
