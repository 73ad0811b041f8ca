"""The link reference definitions of a Markdown body that its images use.

The URL is written in the definition, so that is an image's place, once for all that use it.
"""

from __future__ import annotations

import re

import pyromark

from imgcache.core.bodies.destinations import destination
from imgcache.core.bodies.finds import Find
from imgcache.core.bodies.options import OPTIONS
from imgcache.core.bodies.utf8 import Utf8Places

_LABEL = re.compile(r"\[(?:[^\[\]\\]|\\.)*\]:", re.DOTALL)


class Definitions:
    """Those of one body; looked for when the first one is needed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[str, Find] | None = None
        self._used: dict[int, Find] = {}

    def use(self, label: str, url: str, alt: str) -> None:
        """Note that an image uses one; its text is that of the first image that does."""
        if self._known is None:
            self._known = self._all()
        find = self._known.get(_folded(label))
        if find is not None and find.url == url:
            self._used.setdefault(find.start, find._replace(alt=alt))

    def used(self) -> list[Find]:
        """One for each definition that was used."""
        return list(self._used.values())

    def _all(self) -> dict[str, Find]:
        places = Utf8Places(self._text, 0)
        known: dict[str, Find] = {}
        definitions = pyromark.reference_definitions(self._text, options=OPTIONS)
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
