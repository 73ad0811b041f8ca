"""A find: an image's URL in the text of a body, before its line and column are counted."""

from __future__ import annotations

from typing import NamedTuple


class Written(NamedTuple):
    """A value of an attribute: it stands in `[start, end)` of the body's text."""

    name: str
    start: int
    end: int


class Find(NamedTuple):
    """The URL stands in `[start, end)` of the body's text, as it is written there.

    `sides`: where its "width" and "height" stand.
    """

    start: int
    end: int
    url: str
    width: int | None = None
    height: int | None = None
    alt: str | None = None
    sides: tuple[Written, ...] = ()
