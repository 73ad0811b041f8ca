"""Field name detection: how a site's articles name their images, from parsed front matters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from imgcache import place_patterns
from imgcache.config_images import USUAL, ImagePlace

_URL_KEYS = ("url", "src", "href", "image", "file", "path", "source")
_LOOKS_LIKE_AN_IMAGE = re.compile(
    r"\S+\.(?:jpe?g|png|gif|webp|avif|bmp|ico|svg)(?:[?#]\S*)?", re.IGNORECASE
)
_SIZE = re.compile(r"[1-9][0-9]{0,8}")
_WIDTH = re.compile(r"w|.*width", re.IGNORECASE)
_HEIGHT = re.compile(r"h|.*height", re.IGNORECASE)
_CACHED = re.compile(r".*cache.*", re.IGNORECASE)
_BOOLEAN = re.compile(r"true|false", re.IGNORECASE)


class Naming(NamedTuple):
    """The keys of one image entry; None where it has no such key."""

    images: str
    url: str
    width: str | None
    height: str | None
    cached: str | None


def place(roots: Iterable[Node]) -> ImagePlace | None:
    """The place of the most frequent way to name images; None where there are none."""
    seen = Counter(naming for root in roots for naming in _namings(root))
    if not seen:
        return None
    lists = Counter[tuple[str, str]]()
    for naming, count in seen.items():
        lists[naming.images, naming.url] += count
    (images, url), _ = lists.most_common(1)[0]
    # A key that the most frequent entries lack may stand in others.
    alike = [(one, count) for one, count in seen.items() if one[:2] == (images, url)]
    keys: dict[str, str] = {}
    for role in ("width", "height", "cached"):
        key = _most((getattr(one, role), count) for one, count in alike)
        if key is not None and key not in {url, *keys.values()}:
            keys[role] = key
    return _place(images, url, keys)


def _place(images: str, url: str, keys: dict[str, str]) -> ImagePlace:
    spelt = place_patterns.spelt
    named = {role: spelt(key) for role, key in keys.items()}
    found = ImagePlace.model_validate({"at": f"**.{spelt(images)}[]", "url": spelt(url), **named})
    usual = USUAL.model_dump(include={"at", "url", *keys})
    return USUAL if found.model_dump(include=set(usual)) == usual else found


def _most(counted: Iterable[tuple[str | None, int]]) -> str | None:
    names = Counter[str]()
    for name, count in counted:
        if name is not None:
            names[name] += count
    return names.most_common(1)[0][0] if names else None


def _namings(root: Node) -> Iterator[Naming]:
    """Each mapping in a list under a key that looks like an image entry; aliases count once."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, SequenceNode):
            waiting += node.value
        elif isinstance(node, MappingNode):
            for key, value in node.value:
                waiting.append(value)
                if isinstance(key, ScalarNode) and isinstance(value, SequenceNode):
                    yield from _entries(key.value, value)


def _entries(images: str, items: SequenceNode) -> Iterator[Naming]:
    for item in items.value:
        if not isinstance(item, MappingNode):
            continue
        texts = {
            key.value: value.value
            for key, value in item.value
            if isinstance(key, ScalarNode) and isinstance(value, ScalarNode)
        }
        url = next((key for key in _URL_KEYS if _is_image(texts.get(key, ""))), None)
        if url is not None:
            width, height = (_named(texts, pattern, _SIZE) for pattern in (_WIDTH, _HEIGHT))
            yield Naming(images, url, width, height, _named(texts, _CACHED, _BOOLEAN))


def _is_image(text: str) -> bool:
    return _LOOKS_LIKE_AN_IMAGE.fullmatch(text) is not None


def _named(texts: dict[str, str], name: re.Pattern[str], value: re.Pattern[str]) -> str | None:
    """The first key of that name with such a value."""
    fitting = (key for key, text in texts.items() if name.fullmatch(key) and value.fullmatch(text))
    return next(fitting, None)
