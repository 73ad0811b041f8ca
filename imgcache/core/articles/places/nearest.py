"""Shapes of front matters: where texts stand that look like images, as places would name them."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator

import yaml
from yaml import MappingNode, ScalarNode, SequenceNode

from imgcache.config_images import ImagePlace
from imgcache.core.articles.places.walk import STRING
from imgcache.place_patterns import spelt

_IMAGE = re.compile(r"\S+\.(?:jpe?g|png|gif|webp|avif|bmp|ico|svg)(?:[?#]\S*)?", re.IGNORECASE)


def shapes(roots: Iterable[yaml.Node]) -> Counter[str]:
    """How many texts that look like images stand at each place, as `cover.image` or `images[]`."""
    return Counter(place for root in roots for place in _places(root))


def nearest(place: ImagePlace, seen: Counter[str]) -> str | None:
    """The place that is most like one that finds nothing; None where no image was seen."""
    named = [".".join(filter(None, (place.at, url))) for url in place.url]
    # Of places that are as much alike the most frequent one comes first.
    known = [shape for shape, _ in seen.most_common()]
    likeness = {
        shape: max(
            difflib.SequenceMatcher(None, shape, name).ratio() for name in (place.at, *named)
        )
        for shape in known
    }
    return max(known, key=lambda shape: likeness[shape], default=None)


def _places(root: yaml.Node) -> Iterator[str]:
    """Each node once, without recursion, however many aliases it has."""
    seen: set[int] = set()
    stack: list[tuple[yaml.Node, str]] = [(root, "")]
    while stack:
        node, place = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, MappingNode):
            for key, value in node.value:
                if isinstance(key, ScalarNode):
                    step = spelt(key.value)
                    stack.append((value, f"{place}.{step}" if place else step))
        elif isinstance(node, SequenceNode):
            stack += ((item, f"{place}[]") for item in node.value)
        elif node.tag == STRING and _IMAGE.fullmatch(node.value):
            yield place
