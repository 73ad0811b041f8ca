"""Sights of a front matter: where images are seen in it, whatever the configured places are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml
from yaml import MappingNode, ScalarNode, SequenceNode

from imgcache.core.articles.merge_keys import MERGE_TAG
from imgcache.core.articles.places.walk import STRING
from imgcache.core.articles.shapes.addresses import Looks, looks
from imgcache.core.articles.shapes.key_words import Says, says
from imgcache.place_patterns import Pattern, Step, spelt

_SIZE = re.compile(r"[1-9][0-9]{0,8}")
_BOOLEAN = re.compile(r"true|false", re.IGNORECASE)
_WIDTH = re.compile(r"w|.*width", re.IGNORECASE)
_HEIGHT = re.compile(r"h|.*height", re.IGNORECASE)
_CACHED = re.compile(r".*cache.*", re.IGNORECASE)
# Mappings under these keys have one value a person.
_PEOPLE = frozenset({"authors", "people", "team", "members", "contributors", "speakers", "users"})
_ALIKE = 2


class Sight(NamedTuple):
    """A mapping with images, or one image in a list: `at` leads to it.

    `urls` are the keys of the images inside, `widths` to `flags` those that may declare something.
    A string of a list has none of them.
    """

    at: Pattern
    urls: tuple[str, ...] = ()
    widths: tuple[str, ...] = ()
    heights: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The places of its images, as `cover.image` or `photos[]`; one for each."""
        if not self.urls:
            return (spelled(self.at),)
        return tuple(spelled((*self.at, key)) for key in self.urls)


class Seen(NamedTuple):
    """A sight, and the texts of its images."""

    sight: Sight
    texts: tuple[str, ...]


class Looked(NamedTuple):
    """The images of a front matter; and where other texts stand, for a place reads them, too."""

    seen: tuple[Seen, ...]
    others: tuple[Pattern, ...]


def spelled(steps: Pattern) -> str:
    """Steps as `at` spells them."""
    text = ""
    for step in steps:
        if step is Step.ITEM:
            text += "[]"
        else:
            text += "." if text else ""
            text += step.value if isinstance(step, Step) else spelt(step)
    return text


def look(root: yaml.Node | None, *, whole: bool) -> Looked:
    """All images that are seen in a front matter, or in a `whole` file of data.

    Each node is looked at once, without recursion, however many aliases it has.
    """
    view = _View(whole=whole)
    seen: set[int] = set()
    stack: list[tuple[yaml.Node, Pattern]] = [] if root is None else [(root, ())]
    while stack:
        node, at = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, MappingNode):
            stack += [*view.of_mapping(node, at)][::-1]
        elif isinstance(node, SequenceNode):
            stack += [*view.of_list(node, (*at, Step.ITEM))][::-1]
    return Looked(tuple(view.seen), tuple(view.others))


class _View:
    """Collects what is seen; each look at a node gives what is below it."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self.seen: list[Seen] = []
        self.others: list[Pattern] = []

    def of_list(self, node: SequenceNode, at: Pattern) -> Iterator[tuple[yaml.Node, Pattern]]:
        keys = _keys(at)
        for item in node.value:
            if not isinstance(item, ScalarNode):
                yield item, at
            elif item.tag == STRING and looks(keys, item.value):
                self.seen.append(Seen(Sight(at), (item.value,)))
            elif item.tag == STRING and item.value:
                self.others.append(at)

    def of_mapping(self, node: MappingNode, at: Pattern) -> Iterator[tuple[yaml.Node, Pattern]]:
        """What it inherits counts as its own."""
        texts = {
            key.value: value
            for key, value in node.value
            if isinstance(key, ScalarNode) and isinstance(value, ScalarNode)
        }
        images = _images(texts, _keys(at))
        if images:
            self.seen.append(Seen(_sight(at, texts, images), tuple(images.values())))
        each = _is_keyed_by_names(node, at, whole=self._whole)
        self.others += [
            (*at, key)
            for key, value in texts.items()
            if key not in images and value.tag == STRING and value.value
        ]
        for key, value in node.value:
            if isinstance(value, ScalarNode):
                continue
            if key.tag == MERGE_TAG:
                inherited = value.value if isinstance(value, SequenceNode) else [value]
                yield from ((one, at) for one in inherited)
            elif isinstance(key, ScalarNode):
                yield value, (*at, Step.EACH if each else key.value)


def _keys(at: Pattern) -> tuple[str, ...]:
    return tuple(step for step in at if isinstance(step, str))


def _images(texts: dict[str, ScalarNode], above: tuple[str, ...]) -> dict[str, str]:
    found = {
        key: how
        for key, value in texts.items()
        if value.tag == STRING and (how := looks((*above, key), value.value))
    }
    if Looks.SURE in found.values():
        # Beside an image that is named as one, `url` is where a click leads.
        found = {key: how for key, how in found.items() if how is Looks.SURE}
    return {key: texts[key].value for key in found}


def _sight(at: Pattern, texts: dict[str, ScalarNode], images: dict[str, str]) -> Sight:
    return Sight(
        at,
        tuple(images),
        _fitting(texts, _WIDTH, _SIZE),
        _fitting(texts, _HEIGHT, _SIZE),
        _fitting(texts, _CACHED, _BOOLEAN),
    )


def _fitting(
    texts: dict[str, ScalarNode], name: re.Pattern[str], value: re.Pattern[str]
) -> tuple[str, ...]:
    return tuple(
        key for key, node in texts.items() if name.fullmatch(key) and value.fullmatch(node.value)
    )


def _is_keyed_by_names(node: MappingNode, at: Pattern, *, whole: bool) -> bool:
    """Whether a mapping has names of things for keys (`authors.ann`), and not names of fields."""
    values = [value for _, value in node.value if isinstance(value, MappingNode)]
    if not values or len(values) < len(node.value):
        return False
    if any(says(key.value) is not Says.NOTHING for key, _ in node.value if _is_text(key)):
        return False
    if (whole and not at) or (at and isinstance(at[-1], str) and at[-1].lower() in _PEOPLE):
        return True
    fields = [{key.value for key, _ in value.value if _is_text(key)} for value in values]
    return len(values) > 1 and len(set.intersection(*fields)) >= _ALIKE


def _is_text(node: yaml.Node) -> bool:
    return isinstance(node, ScalarNode)
