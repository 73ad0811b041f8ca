"""The CommonMark parser (pulldown-cmark), with the extensions that are read of every body."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyromark

if TYPE_CHECKING:  # the types cost as much to import as the parser itself
    from pyromark.event import BrokenLinkCallback, Event, LinkDef, Range

# Most site generators know both. What else they know changes nothing about images.
_OPTIONS = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_FOOTNOTES


def events_of(text: str, resolve: BrokenLinkCallback | None) -> Iterator[tuple[Event, Range]]:
    """The events of a text with their ranges, in bytes of UTF-8."""
    return pyromark.events_with_range(text, options=_OPTIONS, broken_link_callback=resolve)


def definitions_of(text: str) -> dict[str, LinkDef]:
    """The link reference definitions of a text, by label."""
    return pyromark.reference_definitions(text, options=_OPTIONS)
