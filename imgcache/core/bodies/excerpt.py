"""An excerpt of a body: a text put together from pieces of it, which knows where each stood.

Block quotes and lists put marks before each line of what they hold; parsers take them off.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple, Self


class Excerpt(NamedTuple):
    """`text[starts[i]:]` up to the next start is what stands at `places[i]` of the body."""

    text: str
    starts: tuple[int, ...]
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str, place: int = 0) -> Self:
        """A text that stands in one piece."""
        return cls(text, (0,), (place,))

    @classmethod
    def joined(cls, pieces: Iterable[tuple[str, int]]) -> Self:
        """Texts with their places, one after the other."""
        texts, starts, places, length = [], [], [], 0
        for text, place in pieces:
            texts.append(text)
            starts.append(length)
            places.append(place)
            length += len(text)
        return cls("".join(texts), tuple(starts), tuple(places))

    def place(self, index: int) -> int:
        """Where in the body a character of the excerpt stands."""
        piece = bisect_right(self.starts, index) - 1
        return self.places[piece] + index - self.starts[piece]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the body, from its first to behind its last."""
        place = self.place(start)
        return place, self.place(end - 1) + 1 if end > start else place


def lines_of(text: str, source: str, place: int) -> list[tuple[str, int]]:
    """The pieces of a text that is `source`, at `place`, without the marks before its lines."""
    if text == source:
        return [(text, place)]
    pieces = []
    taken, written = text.splitlines(keepends=True), source.splitlines(keepends=True)
    if len(taken) != len(written):
        return [(text, place)]
    for line, whole in zip(taken, written, strict=True):
        place += len(whole)
        pieces.append((line, place - len(line)))
    return pieces
