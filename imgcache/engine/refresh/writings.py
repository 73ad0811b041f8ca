"""Writings of articles: the story of each is a generator, and files are written for many at once.

A writing yields each new text that it wants in its file, and is told whether the file still held
the old one; what the file refuses is thrown into it. It ends with its result.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Generic, TypeVar

from imgcache.edge.articles.together import NewText, Outcome, replace_all

R = TypeVar("R")
Writing = Generator[NewText, bool, R]

# So many files are written side by side, or so many bytes of them: each is kept in memory, and
# so is what it was taken apart into.
_MOST = 16
_MOST_BYTES = 1 << 19


class Together(Generic[R]):
    """Runs writings in their order; each group of files that are to be written waits as one."""

    def __init__(self, writings: Mapping[int, Writing[R]]) -> None:
        self._writings = writings
        self._results: dict[int, R] = {}
        self._waiting: dict[int, NewText] = {}

    def run(self) -> dict[int, R]:
        """The results, by the writings' numbers."""
        for number in self._writings:
            self._go_on(number, None)
            bytes_ = sum(len(text.old) + len(text.new) for text in self._waiting.values())
            if len(self._waiting) >= _MOST or bytes_ >= _MOST_BYTES:
                self._settle()
        self._settle()
        return self._results

    def _settle(self) -> None:
        """Write all files that wait, and those that wait after that."""
        while self._waiting:
            group, self._waiting = self._waiting, {}
            for number, outcome in zip(group, replace_all(list(group.values())), strict=True):
                self._go_on(number, outcome)

    def _go_on(self, number: int, outcome: Outcome | None) -> None:
        """To the next text of a writing, or to its end; None begins it."""
        writing = self._writings[number]
        try:
            if outcome is None:
                text = next(writing)
            elif isinstance(outcome, bool):
                text = writing.send(outcome)
            else:
                text = writing.throw(outcome)
        except StopIteration as end:
            self._results[number] = end.value
        else:
            self._waiting[number] = text
