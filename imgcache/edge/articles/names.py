"""Names of files that may be articles, and the patterns of `articles` in the configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from msgspec import Struct

from imgcache.edge.articles.folder import Folder

_ENDINGS = frozenset({"md", "mdx", "markdown", "html", "htm", "txt", "yml", "yaml"})
# Most files of these suffixes are no articles: they are only looked at where they are named.
_NAMED_ENDINGS = frozenset({"toml", "json"})
# Its list of places looks like a list of images.
_OWN = "imgcache.toml"
_MAGIC = re.compile(r"[*?[]")


class Pattern(Struct, frozen=True):
    """A pattern of paths: a folder, and the names below it with `*`, `?`, `[...]` and `**`.

    It stands for the files that fit, and for all that is in the folders that fit.
    """

    folder: Path
    names: tuple[str, ...]

    @classmethod
    def of(cls, path: Path) -> Pattern | None:
        """None for a path that is there, or has none of these characters below what is there."""
        folder, names = path, list[str]()
        while not os.path.lexists(folder) and folder != folder.parent:
            names.insert(0, folder.name)
            folder = folder.parent
        return cls(folder, tuple(names)) if any(map(_MAGIC.search, names)) else None

    def fits(self, below: str) -> bool:
        """Whether it stands for the file of this path below its folder."""
        return _fits(below.split("/"), self.names)


def _fits(names: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_fits(names[skipped:], pattern[1:]) for skipped in range(len(names)))
    return bool(names) and fnmatchcase(names[0], pattern[0]) and _fits(names[1:], pattern[1:])


def base(path: Path) -> Path:
    """The folder in which a pattern finds what it finds; any other path itself."""
    pattern = Pattern.of(path)
    return path if pattern is None else pattern.folder


class ArticleNames:
    """Tells by its name whether a file that is met may be an article.

    `listed`: the paths and patterns that the configuration names as articles.
    """

    def __init__(self, listed: Iterable[Path]) -> None:
        self.patterns = {path: pattern for path in listed if (pattern := Pattern.of(path))}
        self._files: set[str] = set()
        self._data: list[tuple[str, Pattern]] = []
        for path in listed:
            if _ending(path.name) in _NAMED_ENDINGS:
                pattern = self.patterns.get(path)
                if pattern is None:
                    self._files.add(os.path.join(os.path.realpath(path.parent), path.name))  # noqa: PTH118  a string
                else:
                    self._data.append((os.path.join(os.path.realpath(pattern.folder), ""), pattern))  # noqa: PTH118

    def fit(self, name: str, folder: Folder) -> bool:
        """Whether a file of this name in this folder may be one."""
        ending = _ending(name)
        if ending in _ENDINGS:
            return True
        if ending not in _NAMED_ENDINGS or name == _OWN:
            return False
        return self._names(folder.real_of(name))

    def _names(self, real: str) -> bool:
        return real in self._files or any(
            real.startswith(folder) and pattern.fits(real[len(folder) :])
            for folder, pattern in self._data
        )


def _ending(name: str) -> str:
    """A suffix in small letters; a name of nothing else has none."""
    stem, _, ending = name.rpartition(".")
    return ending.lower() if stem.strip(".") else ""
