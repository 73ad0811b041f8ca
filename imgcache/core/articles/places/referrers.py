"""Referrers of the parts of entries: who else would see what is written into them.

A part of an entry (`original` for `original.width`) may be part of something else, too: through an
alias, or a merge key of what inherits it. Then nobody but entries that have the value there, too,
may see it change. An entry as a whole is an entry wherever it is referred to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import yaml
from msgspec import Struct, field
from yaml import CollectionNode, MappingNode, SequenceNode

from imgcache.core.articles.entries import Article
from imgcache.core.articles.merge_keys import ResolvedMappings
from imgcache.core.articles.places.sites import Site, Slot
from imgcache.core.articles.proof import News
from imgcache.errors import ArticleError
from imgcache.place_patterns import Keys

# A mapping or list by its identity, and the key in it that leads on; None for all but values.
_Way = tuple[int, str | None]


class _Part(Struct):
    """A mapping into which a value is written, as the entries know it that have the value there.

    `name` and `line` are those of the first; `ways` lead from `entries`, by their identity, to it.
    """

    name: str
    line: int
    ways: set[_Way] = field(default_factory=set)
    entries: set[int] = field(default_factory=set)


def check_parts(article: Article, places: Sequence[Mapping[str, Slot]], news: News) -> None:
    """Raises ArticleError where what is written into entries would change something else.

    `places`: where the values of each entry are written.
    """
    # Neither an alias nor a merge key leads to another place without an asterisk.
    if "*" not in article.document.text:
        return
    parts = _parts(article, places, news)
    if not any(part.ways for part in parts.values()):
        return
    referrers = _referrers(article.document.root, article.resolved)
    for (number, _), part in parts.items():
        if _is_seen_outside(number, part, referrers):
            raise ArticleError(
                f"`{part.name}` is shared with what is no image entry, by an alias or a merge key; "
                "write it out",
                part.line,
            )


def _parts(
    article: Article, places: Sequence[Mapping[str, Slot]], news: News
) -> dict[tuple[int, str], _Part]:
    """By the identity of the mapping that is written, and the key in it."""
    parts: dict[tuple[int, str], _Part] = {}
    for entry, site, slots in zip(article.entries, article.sites, places, strict=True):
        for role, slot in slots.items():
            if slot.key not in news.get(id(slot.mapping), ()):
                continue
            keys: Keys = getattr(site.place, role)
            part = _Part(".".join(keys[:-1]), entry.line)
            part = parts.setdefault((id(slot.mapping), slot.key), part)
            part.entries.add(id(site.mapping))
            part.ways.update(_ways(site, keys, article.resolved))
    return parts


def _ways(site: Site, keys: Keys, resolved: ResolvedMappings) -> Iterator[_Way]:
    """The steps from an entry to the mapping that holds the last of these keys."""
    node: yaml.Node | None = site.mapping
    for key in keys[:-1]:
        if isinstance(node, MappingNode):
            yield id(node), key
            node = resolved.pairs(node)[key].value


def _referrers(root: yaml.Node | None, resolved: ResolvedMappings) -> dict[int, set[_Way]]:
    """The last steps to each mapping and list, as a loader sees them: merge keys are resolved."""
    referrers: dict[int, set[_Way]] = {}
    stack = [] if root is None else [root]
    while stack:
        node = stack.pop()
        for key, child in _below(node, resolved):
            if isinstance(child, CollectionNode):
                if id(child) not in referrers:
                    stack.append(child)
                referrers.setdefault(id(child), set()).add((id(node), key))
    return referrers


def _below(node: yaml.Node, resolved: ResolvedMappings) -> Iterator[tuple[str | None, yaml.Node]]:
    if isinstance(node, MappingNode):
        for text, pair in resolved.pairs(node).items():
            yield None, pair.key
            yield text, pair.value
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield None, item


def _is_seen_outside(number: int, part: _Part, referrers: Mapping[int, set[_Way]]) -> bool:
    """Whether something else than its entries leads to a part."""
    stack = [number]
    while stack:
        number = stack.pop()
        if number in part.entries:
            continue
        ways = referrers.get(number, set())
        if not ways <= part.ways:
            return True
        stack += {parent for parent, _ in ways}
    return False
