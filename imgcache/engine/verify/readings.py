"""Readings of a verify: what its articles say, and the URLs that they name.

The first ones are kept from asking to judging.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from imgcache.engine.catalog.declared import DeclaredArticles
from imgcache.engine.run.articles import LoadedArticle, ReadArticle
from imgcache.engine.run.targets import Targets

# So many are kept in memory: most sites have no more, and the catalog has them all.
KEPT = 500


class Readings:
    """What the articles say, by their numbers; `targets` are what those name that were noted."""

    def __init__(self, articles: DeclaredArticles, roots: Sequence[Path]) -> None:
        self.targets = Targets(paths=tuple(roots))
        self._articles = articles
        self._kept: dict[int, ReadArticle] = {}
        self._noted: set[int] = set()

    def note(self, number: int, read: LoadedArticle) -> None:
        """An article was taken apart."""
        if number < KEPT:
            self._kept[number] = replace(read, data=None, parsed=None)
        self._noted.add(number)
        self._add(read)

    def not_noted(self) -> Sequence[int]:
        """The numbers of all others."""
        return [one for one in range(len(self._articles.found)) if one not in self._noted]

    def note_known(self, numbers: Sequence[int]) -> None:
        """The catalog knows these articles."""
        for number in numbers:
            read = self._articles.read(number)
            if number < KEPT:
                self._kept[number] = read
            if isinstance(read, LoadedArticle):
                self._add(read)

    def _add(self, read: LoadedArticle) -> None:
        for _, entry, location in read.judged:
            self.targets.add(entry, location)

    def last(self, number: int) -> ReadArticle:
        """What is judged: the file as it is by now."""
        kept = self._kept.pop(number, None)
        if kept is not None and self._articles.is_as_it_was(number):
            return kept
        return self._articles.read(number)
