"""The places of a site as one machine: a walk asks it at each step where it stands by then.

All patterns are followed side by side, as states of a finite automaton that is made as far as the
front matters need it. A walk with many places costs what a walk with one does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from imgcache import place_patterns
from imgcache.config_images import USUAL, ImagePlace
from imgcache.place_patterns import Keys, Pattern, Step

# What an entry may declare of its image, and what else a refresh may write into it, in the order
# in which it is added.
FIELDS = ("width", "height", "cached")
WRITTEN = (*FIELDS, "placeholder")
# A place and how many steps of its pattern are taken.
_Position = tuple[int, int]


class Place(Struct, frozen=True):
    """One place: the keys inside of what is found there; None for what it does not name.

    The first one of `url` that is there counts. `unnamed`: those of "width", "height" and "cached"
    that an entry does not have here. `add`: an entry without the flag or the
    placeholder may get one. `amid_mappings`: a string counts as a URL even in a list that has
    mappings, too.
    """

    number: int
    url: tuple[Keys, ...]
    width: Keys | None
    height: Keys | None
    cached: Keys | None
    add: bool
    amid_mappings: bool
    unnamed: tuple[str, ...]
    placeholder: Keys | None = None


class State:
    """Where a walk stands: which places end here, and where each step from here leads.

    `mask` has a bit for each step of each pattern that is taken: a state whose bits another one
    has, too, finds nothing that this does not find. Nothing is below a state without bits.
    `is_listed`: it is an item of a list that a pattern names. `finds_values`: values of keys may
    be places. `item` follows for the items of a list, `keys` and `other` for the values of keys.
    """

    __slots__ = (
        "_places",
        "_positions",
        "accepts",
        "finds_values",
        "is_listed",
        "item",
        "keys",
        "mask",
        "other",
    )
    keys: dict[str, State]
    other: State
    item: State

    def __init__(self, places: Places, positions: frozenset[_Position]) -> None:
        self._places = places
        self._positions = positions
        steps = [(number, at, places.patterns[number]) for number, at in sorted(positions)]
        self.mask = sum(1 << (places.offsets[number] + at) for number, at, _ in steps)
        self.accepts = tuple(
            places.places[number] for number, at, pattern in steps if at == len(pattern)
        )
        self.is_listed = any(at and pattern[at - 1] is Step.ITEM for _, at, pattern in steps)
        self.finds_values = any(
            at == len(pattern) - 1 and pattern[at] is not Step.ITEM for _, at, pattern in steps
        )

    def __getattr__(self, name: str) -> object:
        """What follows is made when it is asked for first: there are more states than are met."""
        if name not in {"keys", "other", "item"}:
            raise AttributeError(name)
        self.item = self._after(Step.ITEM)
        self.other = self._after(Step.EACH)
        self.keys = {word: self._after(word) for word in self._places.words}
        return getattr(self, name)

    def key(self, text: str) -> State:
        """The state of the value of this key."""
        return self.keys.get(text, self.other)

    def _after(self, step: str | Step) -> State:
        return self._places.state(frozenset(self._following(step)))

    def _following(self, step: str | Step) -> Iterator[_Position]:
        for number, at in self._positions:
            pattern = self._places.patterns[number]
            wanted = pattern[at] if at < len(pattern) else None
            if wanted is Step.ANYWHERE:
                yield number, at
            elif wanted == step or (wanted is Step.EACH and step is not Step.ITEM):
                yield number, at + 1


class Places:
    """All places of a site. `is_usual`: none is configured, the usual one counts."""

    def __init__(self, configured: tuple[ImagePlace, ...] | None) -> None:
        self.is_usual = configured is None
        images = (USUAL,) if configured is None else configured
        self.patterns: tuple[Pattern, ...] = tuple(place_patterns.pattern(one.at) for one in images)
        self.places = tuple(
            _place(number, one, amid_mappings=not self.is_usual)
            for number, one in enumerate(images)
        )
        self.offsets = [
            sum(len(one) + 1 for one in self.patterns[:number]) for number in range(len(images))
        ]
        self.words = frozenset(
            step for one in self.patterns for step in one if isinstance(step, str)
        )
        self.fields = frozenset(word for one in self.places for word in _words(one))
        self._states: dict[frozenset[_Position], State] = {}
        self.start = self.state(frozenset((number, 0) for number in range(len(images))))

    def state(self, positions: frozenset[_Position]) -> State:
        """The state with these positions, and those that `**` passes over without a step."""
        known = self._states.get(positions)
        if known is None:
            passed = {
                (number, at + 1)
                for number, at in positions
                if self.patterns[number][at : at + 1] == (Step.ANYWHERE,)
            }
            known = self._states[positions] = State(self, positions | passed)
        return known


@lru_cache(maxsize=16)
def places_of(configured: tuple[ImagePlace, ...] | None) -> Places:
    """The machine of these settings (`images`); the same one for the same settings."""
    return Places(configured)


def _place(number: int, one: ImagePlace, *, amid_mappings: bool) -> Place:
    return Place(
        number,
        tuple(place_patterns.key_path(key) for key in one.url),
        _keys(one.width),
        _keys(one.height),
        _keys(one.cached),
        one.add,
        amid_mappings,
        tuple(role for role in FIELDS if getattr(one, role) is None),
        _keys(one.placeholder),
    )


def _keys(text: str | None) -> Keys | None:
    return None if text is None else place_patterns.key_path(text)


def _words(place: Place) -> Iterator[str]:
    """All keys that an entry's values may be found by."""
    named = (place.width, place.height, place.cached, place.placeholder)
    for path in (*place.url, *named):
        yield from path or ()
