"""The link reference definitions of a Markdown body that its images use.

The URL is written in the definition, so that is an image's place, once for all that use it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imgcache.core.bodies.destinations import destination
from imgcache.core.bodies.finds import Find
from imgcache.core.bodies.pulldown import definitions_of
from imgcache.core.bodies.utf8 import Utf8Places

if TYPE_CHECKING:  # the types cost as much to import as the parser itself
    from pyromark.event import BrokenLink, BrokenLinkCallback

_LABEL = re.compile(r"\[(?:[^\[\]\\]|\\.)*\]:", re.DOTALL)
# Three times as fast as `in`.
_COLON = re.compile(r"\]:")


class Definitions:
    """Those of one body; looked for when the first one is needed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._has_some = _COLON.search(text) is not None
        self._known: dict[str, Find] | None = None
        self._used: dict[int, Find] = {}

    @property
    def callback(self) -> BrokenLinkCallback | None:
        """What a parser asks that sees a part of the body; None where no definition can be."""
        return self._resolved if self._has_some else None

    def use(self, label: str, alt: str) -> None:
        """Note that an image uses one; its text is that of the first image that does."""
        find = self._find(label)
        if find is not None:
            self._used.setdefault(find.start, find._replace(alt=alt))

    def used(self) -> list[Find]:
        """One for each definition that was used."""
        return list(self._used.values())

    def _resolved(self, link: BrokenLink) -> tuple[str, str] | None:
        find = self._find(link["reference"])
        return None if find is None else (find.url, "")

    def _find(self, label: str) -> Find | None:
        if self._known is None:
            self._known = self._all()
        return self._known.get(_folded(label))

    def _all(self) -> dict[str, Find]:
        places = Utf8Places(self._text, 0)
        known: dict[str, Find] = {}
        definitions = definitions_of(self._text)
        for label, told in definitions.items():
            start = places.character(told["span"]["start"])
            written = _LABEL.match(self._text, start)
            if written is not None:
                span = destination(self._text, written.end(), told["dest"])
                known[_folded(label)] = Find(*span, told["dest"])
        return known


def _folded(label: str) -> str:
    """Labels are one that differ in case and blanks alone."""
    return " ".join(label.split()).casefold()
