r"""From an article's bytes to the nodes of its front matter, with exact spans.

Fences are found by `\n` and `\r\n` alone, as editors and site generators do; YAML itself takes a
lone `\r`, U+0085, U+2028 and U+2029 for line ends too, so its own line numbers are never used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

import yaml

from imgcache.config import LimitSettings
from imgcache.core.articles.yaml_nodes import compose
from imgcache.errors import ArticleError

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe-\x00-\x00-\x00", b"\xfe\xff\x00-\x00-\x00-")
_OPENING = re.compile(rb"---[ \t]*(?:\r?\n|\Z)")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
# TOML, JSON and JavaScript front matter of other generators: `{` counts only where JSON can
# follow, because templates begin with `{%` and `{{`.
_FOREIGN = re.compile(
    rb"(?:\+\+\+|;;;)[ \t]*(?:\r?\n|\Z)|---[ \t]?[A-Za-z]\w*[ \t]*(?:\r?\n|\Z)|\{\s*[\"}]"
)


class NotAnArticle(Enum):
    """Why a file is passed over: no front matter, that of another language, or one without end."""

    PLAIN = auto()
    FOREIGN = auto()
    UNCLOSED = auto()


@dataclass(frozen=True, slots=True)
class Document:
    """An article, taken apart. Nothing is lost: `data` gives back the bytes that were parsed.

    `text` is without the BOM; `text[start:end]` is the YAML between the fences, and the marks of
    `root` (None: nothing but comments) count from `start`, in characters.
    """

    text: str
    bom: bool
    start: int
    end: int
    whole: bool
    root: yaml.Node | None

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.encoded(self.text)

    def encoded(self, text: str) -> bytes:
        """Another text of this article as bytes, with the BOM where there was one."""
        return (_BOM if self.bom else b"") + text.encode()

    def source(self, node: yaml.Node) -> str:
        """The text of a node; that of its anchor's place, where the node is an alias."""
        return self.text[self.start + node.start_mark.index : self.start + node.end_mark.index]

    def end_of(self, node: yaml.Node) -> int:
        """The index in `text` at which a node's mark ends."""
        return self.start + int(node.end_mark.index)

    @property
    def newline(self) -> str:
        """How the first line of the file ends; a line feed where it has one line."""
        first = self.text.find("\n")
        return "\r\n" if first > 0 and self.text[first - 1] == "\r" else "\n"

    def line(self, index: int) -> int:
        """The line, from 1 in the whole file, of a character of `text`."""
        return self.text.count("\n", 0, index) + 1

    def line_of(self, node: yaml.Node) -> int:
        """The line, from 1 in the whole file, at which a node begins."""
        return self.line(self.start + node.start_mark.index)


def parse(data: bytes, *, whole: bool, limits: LimitSettings) -> Document | NotAnArticle:
    """Find and compose the front matter.

    `whole`: the file is YAML from top to bottom. Raises ArticleError for a file that is not UTF-8,
    a front matter without closing line, what is no YAML or more than one document of it, and
    what goes beyond the limits. A caller that merely found a whole file takes all of these for
    'no article' (contract section 1); the first two are raised only for files that begin with
    `---`.
    """
    bom = data.startswith(_BOM)
    if not whole:
        other = _other_than_yaml(data[3:] if bom else data)
        if other is not None:
            return other
    text = _decoded(data[3:] if bom else data)
    span = (0, len(text)) if whole else _between_fences(text)
    if span is None:
        return NotAnArticle.UNCLOSED
    start, end = span
    return Document(text, bom, start, end, whole, compose(text, start, end, limits))


def _other_than_yaml(data: bytes) -> NotAnArticle | None:
    if data.startswith(_UTF16):
        raise ArticleError("is UTF-16; save it as UTF-8", 1)
    if _OPENING.match(data):
        return None
    return NotAnArticle.FOREIGN if _FOREIGN.match(data) else NotAnArticle.PLAIN


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ArticleError(
            f"is not UTF-8 (byte 0x{data[exc.start]:02x} at offset {exc.start}); save it as UTF-8",
            line,
        ) from exc


def _between_fences(text: str) -> tuple[int, int] | None:
    """None without a closing line: the first one may be a horizontal rule as well."""
    newline = text.find("\n")
    start = newline + 1 if newline >= 0 else len(text)
    closing = _CLOSING.search(text, start)
    return None if closing is None else (start, closing.start())
