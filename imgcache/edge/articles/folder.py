"""A folder on the way of the search: it names the files in it without asking the disk for each."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct

# A backslash that would be taken for the beginning of an escape.
_LITERAL = re.compile(r"\\(?=x[0-9a-f]{2})")


class Folder(Struct, frozen=True):
    """A folder, reached from the PATH `root` without following links.

    `place` is its path as the search came to it, `real` the one without links. The others begin
    the names of what is in it: `start` the path, `below` the path from `root`, `shown_start` the
    path for reports; None where the working folder is below it, as `..` leads there too.
    """

    root: Path
    place: str
    real: str
    start: str
    below: str
    shown_start: str | None

    @classmethod
    def at(cls, root: Path) -> Folder:
        """The folder that was given."""
        place = os.fspath(root)
        # `pathlib` writes no `./` before a name.
        start = "" if place == "." else _start(place)
        return cls(root, place, os.path.realpath(place), start, "", _shown_start(place))

    def inner(self, name: str) -> Folder:
        """A folder in it that is no link."""
        place = self.start + name
        shown_start = (
            _shown_start(place)
            if self.shown_start is None
            else f"{self.shown_start}{_printable(name)}/"
        )
        below = f"{self.below}{name}/"
        return Folder(self.root, place, self.real_of(name), f"{place}/", below, shown_start)

    def names_of(self, name: str) -> tuple[str, str]:
        """The path of a file in it, and that for reports: if they are equal, one string for both.

        There may be 100,000 of them in memory.
        """
        place = self.start + name
        if self.shown_start is None:
            return place, shown(place)
        if self.shown_start == self.start and name.isascii() and "\\" not in name:
            return place, place
        return place, self.shown_start + _printable(name)

    def real_of(self, name: str) -> str:
        """The path without links of what is in it and is no link."""
        return _start(self.real) + name

    def has(self, real: str) -> bool:
        """Whether a path without links is this folder, or leads to something below it."""
        return real == self.real or real.startswith(_start(self.real))


def shown(path: str | Path) -> str:
    """A path for reports: relative to the working folder, with escapes for what is not UTF-8."""
    return _printable(Path(os.path.relpath(path)).as_posix())


def _shown_start(folder: str) -> str | None:
    text = shown(folder)
    if text == ".." or text.endswith("/.."):
        return None
    return "" if text == "." else f"{text}/"


def _start(folder: str) -> str:
    return folder if folder.endswith("/") else f"{folder}/"


def _printable(text: str) -> str:
    r"""With `\xff` for a byte that is not UTF-8; a name that has this in it is told apart."""
    if "\\" in text:
        text = _LITERAL.sub(r"\\x5c", text)
    return text if text.isascii() else os.fsencode(text).decode("utf-8", "backslashreplace")
