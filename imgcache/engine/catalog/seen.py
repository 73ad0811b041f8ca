"""Articles as they were seen last: a look at all of them costs a `stat` each, and no more."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from imgcache.config import Settings
from imgcache.edge.articles import files
from imgcache.edge.articles.files import Found
from imgcache.edge.safe_fs import is_older
from imgcache.engine.run.articles import listed


class Look(Struct, frozen=True):
    """The articles that are there, those that may have changed, and whether any came or went."""

    found: Sequence[Found]
    changed: Sequence[Found]
    is_same_list: bool
    notes: Sequence[str]


class SeenArticles:
    """Remembers sixteen bytes of each article: hashes of its path and of its identity."""

    def __init__(self, paths: Sequence[Path], settings: Settings) -> None:
        self._paths = paths
        self._cache = settings.cache.folder
        self._listed = listed(settings)
        self._names = array("q")
        self._looks = array("q")
        self._new: tuple[array[int], array[int]] | None = None

    def look(self, now: int) -> Look:
        """Look at all articles; `now` (ns) is the file system's clock. LocalError."""
        survey = files.survey(self._paths, cache_dir=self._cache, listed=self._listed)
        names = array("q", (hash(one.place) for one in survey.found))
        looks = array("q", (_look(one, now) for one in survey.found))
        is_same_list = names == self._names
        changed = [
            one
            for one, before, after in zip(survey.found, self._looks, looks, strict=False)
            if before != after or not after
        ]
        self._new = (names, looks)
        return Look(
            survey.found, changed if is_same_list else survey.found, is_same_list, survey.notes
        )

    def accept(self) -> None:
        """What was seen last was understood: from now on it is no news."""
        if self._new is not None:
            self._names, self._looks = self._new
            self._new = None


def _look(file: Found, now: int) -> int:
    """What differs when the file does; 0 where the next change might not be seen."""
    there = file.identity()
    if there is None:
        return hash(there)
    return hash(there) if is_older(there, now) else 0
