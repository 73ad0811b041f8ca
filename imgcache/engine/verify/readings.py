"""Readings of a verify: what its articles say, the first ones kept from asking to judging."""

from __future__ import annotations

from msgspec.structs import replace

from imgcache.engine.catalog.declared import DeclaredArticles
from imgcache.engine.run.articles import LoadedArticle, ReadArticle

# So many are kept in memory: most sites have no more, and the catalog has them all.
KEPT = 500


class Readings:
    """What the articles say, by their numbers."""

    def __init__(self, articles: DeclaredArticles) -> None:
        self._articles = articles
        self._kept: dict[int, ReadArticle] = {}

    def note(self, number: int, read: LoadedArticle) -> None:
        """An article was taken apart."""
        if number < KEPT:
            self._kept[number] = replace(read, data=None, parsed=None)

    def first(self, number: int) -> ReadArticle:
        """What is asked for."""
        kept = self._kept.get(number)
        if kept is not None:
            return kept
        read = self._articles.read(number)
        if number < KEPT:
            self._kept[number] = read
        return read

    def last(self, number: int) -> ReadArticle:
        """What is judged: the file as it is by now."""
        kept = self._kept.pop(number, None)
        if kept is not None and self._articles.is_as_it_was(number):
            return kept
        return self._articles.read(number)
