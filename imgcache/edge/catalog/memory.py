"""Memory of what was counted of one edition of a catalog, for all who ask for it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

# Another selection is a new key, and anybody may ask for one. A list may have some 100,000 ids.
_COUNTS, _LISTS = 2000, 16
T = TypeVar("T")


class Memory:
    """What was counted of one edition. For any thread; two may count the same at once."""

    def __init__(self, edition: str) -> None:
        self.edition = edition
        self._counts: dict[object, object] = {}
        self._lists: dict[object, object] = {}

    def recall(self, what: object, count: Callable[[], T]) -> T:
        """What was counted before under this key, or is counted now."""
        return _recall(self._counts, what, count, _COUNTS)

    def recall_list(self, what: object, find: Callable[[], T]) -> T:
        """The same of what takes more room."""
        return _recall(self._lists, what, find, _LISTS)


def _recall(known: dict[object, object], what: object, make: Callable[[], T], most: int) -> T:
    try:
        return cast("T", known[what])
    except KeyError:
        found = make()
    if len(known) >= most:
        known.clear()
    known[what] = found
    return found
