"""A find: an image's URL in the text of a body, before its line and column are counted."""

from __future__ import annotations

from typing import NamedTuple


class Find(NamedTuple):
    """The URL stands in `[start, end)` of the body's text, as it is written there."""

    start: int
    end: int
    url: str
    width: int | None = None
    height: int | None = None
    alt: str | None = None
