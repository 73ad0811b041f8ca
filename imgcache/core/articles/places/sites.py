"""Sites of entries: in which mapping, under which key, each of their values is written."""

from __future__ import annotations

from msgspec import Struct
from yaml import MappingNode

from imgcache.core.articles.merge_keys import ResolvedMappings
from imgcache.core.articles.places.machine import WRITTEN, Place
from imgcache.core.articles.places.walk import Holder, holder, url_of
from imgcache.place_patterns import Keys


class Slot(Struct, frozen=True):
    """Where a value of an entry is written, or would be: a key in a mapping."""

    mapping: MappingNode
    key: str


class Site(Struct, frozen=True):
    """Where the values of an entry are written: its mapping, and the place that found it.

    An entry that stands in no mapping has neither, and is never written.
    """

    mapping: MappingNode | None = None
    place: Place | None = None

    def url(self, resolved: ResolvedMappings) -> Slot | None:
        """Where its URL is written."""
        if self.mapping is None or self.place is None:
            return None
        found = url_of(self.mapping, self.place, resolved)
        return None if found is None else Slot(found.mapping, found.key)

    def slots(self, resolved: ResolvedMappings) -> dict[str, Slot]:
        """Where its "width", "height", "cached" and "placeholder" are written, or would be.

        What has no slot can't be written: its place does not name it, or there is no mapping to
        write it into.
        """
        if self.mapping is None or self.place is None:
            return {}
        slots: dict[str, Slot] = {}
        for role in WRITTEN:
            keys: Keys | None = getattr(self.place, role)
            found = None if keys is None else holder(self.mapping, keys, resolved)
            if found is not None and is_writable(found, role, self.place):
                slots[role] = Slot(found.mapping, found.key)
        return slots


def is_writable(found: Holder, role: str, place: Place) -> bool:
    """Whether this value of an entry is there, or may be added."""
    if found.pair is not None:
        return True
    return bool(found.mapping.value) and (place.add or role not in {"cached", "placeholder"})
