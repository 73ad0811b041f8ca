"""The walk through a front matter that finds its image entries, each at its first place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import yaml
from msgspec import Struct
from yaml import MappingNode, ScalarNode, SequenceNode

from imgcache.core.articles.merge_keys import Pair, ResolvedMappings
from imgcache.core.articles.places.machine import Place, Places, State
from imgcache.place_patterns import Keys

STRING = "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"


class Holder(Struct, frozen=True):
    """Where a value of an entry is, or would be: a mapping, the key in it, and the pair."""

    mapping: MappingNode
    key: str
    pair: Pair | None


class Found(Struct, frozen=True):
    """An entry: `mapping` is what it is in, None where it is nothing but a URL.

    `value` is that of the URL, `key` what stands before it; an item of a list has no key and
    stands for itself. `heir`: the mapping that inherits the pair of the URL, 0 where it is its own.
    """

    pointer: str
    place: Place
    mapping: MappingNode | None
    key: yaml.Node
    value: yaml.Node
    heir: int

    @property
    def mark(self) -> tuple[int, int]:
        """The same for a URL however it is found: as a string, in a mapping, by dotted keys."""
        return self.heir, id(self.key)

    @property
    def identity(self) -> tuple[int, int]:
        """The same for an entry wherever aliases share it."""
        return (id(self.value), 0) if self.mapping is None else (id(self.mapping), id(self.key))

    @property
    def rank(self) -> tuple[int, bool]:
        """Lower for an earlier place; of one place a mapping counts before the string in it."""
        return self.place.number, self.mapping is None


class Finds(Struct, frozen=True):
    """The entries in the order of the walk; `strays` are strings amid mappings that are none."""

    entries: tuple[Found, ...]
    strays: tuple[ScalarNode, ...]


def holder(mapping: MappingNode, keys: Keys, resolved: ResolvedMappings) -> Holder | None:
    """Follow dotted keys inside of an entry; None where a mapping is missing on the way."""
    for key in keys[:-1]:
        pair = resolved.pairs(mapping).get(key)
        if pair is None or not isinstance(pair.value, MappingNode):
            return None
        mapping = pair.value
    return Holder(mapping, keys[-1], resolved.pairs(mapping).get(keys[-1]))


def url_of(mapping: MappingNode, place: Place, resolved: ResolvedMappings) -> Holder | None:
    """The first URL of an entry that is there; an empty one only where there is no other."""
    empty = None
    for keys in place.url:
        found = holder(mapping, keys, resolved)
        if found is not None and found.pair is not None:
            if found.pair.value.tag != _NULL:
                return found
            empty = empty or found
    return empty


def find(root: yaml.Node | None, resolved: ResolvedMappings, places: Places) -> Finds:
    """All entries; each once, for the first of the places that find it."""
    walk = _Walk(resolved, places)
    found = tuple(walk.entries(root))
    entries = tuple(_first_of_each(found if places.is_usual else _of_first_places(found)))
    return Finds(entries, tuple(_unclaimed(walk.strays, entries)))


def _of_first_places(entries: tuple[Found, ...]) -> Iterator[Found]:
    """Without those whose URL is that of an entry of an earlier place, however it was found."""
    first: dict[tuple[int, int], tuple[int, bool]] = {}
    for one in entries:
        first[one.mark] = min(first.get(one.mark, one.rank), one.rank)
    return (one for one in entries if first[one.mark] == one.rank)


def _first_of_each(entries: Iterable[Found]) -> Iterable[Found]:
    """One of those that are shared through aliases: that of the first place."""
    first: dict[tuple[int, int], Found] = {}
    for one in entries:
        known = first.setdefault(one.identity, one)
        if one.rank < known.rank:
            first[one.identity] = one
    return first.values()


def _unclaimed(strays: list[ScalarNode], entries: tuple[Found, ...]) -> Iterator[ScalarNode]:
    claimed = {id(one.value) for one in entries} if strays else set()
    unclaimed = {id(one): one for one in strays if id(one) not in claimed}
    return iter(unclaimed.values())


# A node with its pointer and the state in which it is met, the key that stands before it (or the
# node itself), and the mapping that inherits that pair, else 0. Of these there are many.
_Visit = tuple[yaml.Node, str, State, yaml.Node, int]


class _Walk:
    """One walk, without recursion. A mapping or list is visited again only where more is found."""

    def __init__(self, resolved: ResolvedMappings, places: Places) -> None:
        self._resolved = resolved
        self._start = places.start
        self._seen: dict[int, int] = {}
        self.strays: list[ScalarNode] = []

    def entries(self, root: yaml.Node | None) -> Iterator[Found]:
        stack: list[_Visit] = []
        if isinstance(root, MappingNode | SequenceNode):
            stack.append((root, "", self._start, root, 0))
        seen = self._seen
        while stack:
            node, pointer, state, key, heir = stack.pop()
            if isinstance(node, ScalarNode):
                # Each alias of a string is another way to it. Places come by number.
                yield Found(pointer, state.accepts[0], None, key, node, heir)
                continue
            known = seen.get(id(node), 0)
            if not state.mask & ~known:
                continue
            seen[id(node)] = known | state.mask
            if isinstance(node, MappingNode):
                if state.accepts:
                    yield from self._mappings(node, pointer, state.accepts)
                stack += self._values(node, pointer, state)[::-1]
            elif isinstance(node, SequenceNode):
                stack += self._items(node, pointer, state.item)[::-1]

    def _mappings(
        self, node: MappingNode, pointer: str, accepts: tuple[Place, ...]
    ) -> Iterator[Found]:
        for place in accepts:
            url = url_of(node, place, self._resolved)
            if url is not None and url.pair is not None:
                pair = url.pair
                heir = 0 if pair.owner is url.mapping else id(url.mapping)
                yield Found(pointer, place, node, pair.key, pair.value, heir)

    def _values(self, node: MappingNode, pointer: str, state: State) -> list[_Visit]:
        below: list[_Visit] = []
        finds, keys, other = state.finds_values, state.keys, state.other
        for text, pair in self._resolved.pairs(node).items():
            value = pair.value
            if isinstance(value, ScalarNode) and not (
                finds and value.tag == STRING and keys.get(text, other).accepts
            ):
                continue
            step = text.replace("~", "~0").replace("/", "~1")
            heir = 0 if pair.owner is node else id(node)
            below.append((value, f"{pointer}/{step}", keys.get(text, other), pair.key, heir))
        return below

    def _items(self, node: SequenceNode, pointer: str, state: State) -> list[_Visit]:
        below: list[_Visit] = []
        takes = self._taken_strings(node, state) if state.is_listed else None
        for index, item in enumerate(node.value):
            if isinstance(item, ScalarNode):
                if takes is None or item.tag != STRING:
                    continue
                if not takes:
                    self.strays.append(item)
                    continue
            below.append((item, f"{pointer}/{index}", state, item, 0))
        return below

    @staticmethod
    def _taken_strings(node: SequenceNode, state: State) -> bool | None:
        """Whether strings of a list are entries; None: they are none, and nobody expects them."""
        if any(isinstance(item, MappingNode) for item in node.value):
            return any(place.amid_mappings for place in state.accepts)
        return True if state.accepts else None
