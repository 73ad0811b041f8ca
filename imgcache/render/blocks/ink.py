"""Ink of a text report: colours, links and wrapped lines, as far as where it is read has them.

The colours are basic ones that can be read on dark and light ground; none says what words don't.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from msgspec import Struct

from imgcache.core.http.url import WebUrl, parse_web
from imgcache.render.phrases import printable

# Bold, and red, magenta and green, of the eight that each terminal has (ECMA-48, SGR).
_STYLES = {"strong": "1", "error": "1;31", "warning": "1;35", "ok": "32"}
# The longest that terminals take (the terminal library VTE cuts there).
_LONGEST = 2083
# Of a longer URL the beginning and the end are shown.
_SHOWN, _START = 200, 160
_NARROWEST = 20
# A number stays with what it counts, and a short command is whole.
_WORD = re.compile(r"lines? \d+(?:, \d+)?\S*|\d[\d,]* \S+|`[^`]{1,60}`\S*|\S+")


class Word(NamedTuple):
    """What is never broken over two lines: its text, its style, where it leads, and a comma."""

    text: str
    style: str | None = None
    link: str | None = None
    after: str = ""


class Ink(Struct, frozen=True):
    """What the reader's terminal has; by default nothing, as in a pipe or a file.

    `width`: columns to which prose is wrapped, None: not at all. `folder`: the absolute working
    folder, and `host` this machine, for links to articles; None: no links. `to_lines`: a link to
    a file may name the line.
    """

    colour: bool = False
    width: int | None = None
    folder: str | None = None
    host: str = ""
    to_lines: bool = False

    def painted(self, style: str | None, text: str) -> str:
        """The text in the colour of its style."""
        if not self.colour or style not in _STYLES or not text:
            return text
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m"

    def to_file(self, article: str, line: int | None = None) -> str | None:
        """The link to an article; None without links."""
        if self.folder is None:
            return None
        path = article if article.startswith("/") else f"{self.folder}/{article}"
        mark = f"#{line}" if self.to_lines and line else ""
        return _safe(f"file://{quote(self.host)}{quote(path, errors='surrogatepass')}{mark}")

    def to_url(self, url: str) -> str | None:
        """The link to an image on the web; None for all else, and without links.

        A URL in which a password is hidden would lead elsewhere: like all with one, it has none.
        """
        if self.folder is None:
            return None
        found = parse_web(url)
        return _safe(found.href) if isinstance(found, WebUrl) else None

    def written(self, words: Iterable[Word], indent: int, more: int | None = None) -> Iterator[str]:
        """Words in lines from column `indent` on, from `more` on those after the first.

        Each line ends with a line end. A word that is too long for any line has its own.
        """
        later = indent if more is None else more
        line, column, margin = "", indent, indent
        for word in words:
            size = cells(word.text) + len(word.after)
            if line and self.width is not None and column + 1 + size > self._edge(margin):
                yield f"{' ' * margin}{line}\n"
                line, column, margin = "", later, later
            line += f"{' ' if line else ''}{self._inked(word)}"
            column += size + (column > margin)
        if line:
            yield f"{' ' * margin}{line}\n"

    def _edge(self, margin: int) -> int:
        return max(self.width or 0, margin + _NARROWEST)

    def _inked(self, word: Word) -> str:
        text = self.painted(word.style, word.text)
        if word.link is not None:
            # OSC 8 (gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda).
            text = f"\x1b]8;;{word.link}\x1b\\{text}\x1b]8;;\x1b\\"
        return text + word.after


PLAIN = Ink()


def words(text: str, style: str | None = None) -> Iterator[Word]:
    """The words of a text, made printable."""
    return (Word(one, style) for one in _WORD.findall(printable(text)))


def cells(text: str) -> int:
    """How many columns of a terminal a printable text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  most texts do without

    return cell_len(text)


def shown_url(url: str) -> str:
    """A URL for people: printable, and cut in its middle where it is endless (`data:`)."""
    text = printable(url[: 2 * _SHOWN] if len(url) > 2 * _SHOWN else url)
    if len(text) <= _SHOWN and len(url) <= 2 * _SHOWN:
        return text or "(empty)"
    return f"{text[:_START]}...{printable(url[-(_SHOWN - _START) :])}"


def _safe(link: str) -> str | None:
    """The link, if a terminal can take nothing in it for anything else."""
    plain = link.isascii() and link.isprintable() and " " not in link
    return link if plain and len(link) <= _LONGEST else None
