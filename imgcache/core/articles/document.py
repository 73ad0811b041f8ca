r"""From an article's bytes to the nodes of its front matter, with exact spans.

Fences are found by `\n` and `\r\n` alone, as editors and site generators do; YAML itself takes a
lone `\r`, U+0085, U+2028 and U+2029 for line ends too, so its own line numbers are never used.

Only the front matter is text and has to be UTF-8; the body is bytes and is never decoded.
"""

from __future__ import annotations

import re
from enum import Enum, auto

import yaml
from msgspec import Struct

from imgcache.config import LimitSettings
from imgcache.core.articles.yaml_nodes import compose
from imgcache.errors import ArticleError

_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe-\x00-\x00-\x00", b"\xfe\xff\x00-\x00-\x00-")
_OPENING = re.compile(rb"---[ \t]*(?:\r?\n|\Z)")
_CLOSING = re.compile(rb"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
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


class Document(Struct, frozen=True):
    """An article, taken apart. Nothing is lost: `data` gives back the bytes that were parsed.

    `text` begins behind the BOM and ends with the YAML; `rest` is what follows, the closing line
    first. `text[start:]` is the YAML, and the marks of `root` (None: nothing but comments) count
    from `start`, in characters.
    """

    text: str
    rest: bytes
    bom: bool
    start: int
    whole: bool
    root: yaml.Node | None

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.encoded(self.text)

    def encoded(self, text: str) -> bytes:
        """Another text above the same body as bytes, with the BOM where there was one."""
        return (_BOM if self.bom else b"") + text.encode() + self.rest

    @property
    def end(self) -> int:
        """The index in `text` at which the YAML ends: behind its last character."""
        return len(self.text)

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

    `whole`: the file is YAML from top to bottom. Raises ArticleError for a front matter that is
    not UTF-8, no YAML or more than one document of it, and for what goes beyond the limits. A
    caller that merely found a whole file takes all of these for 'no article' (contract section 1).
    """
    bom = data.startswith(_BOM)
    inner = data[len(_BOM) :] if bom else data
    start, end = 0, len(inner)
    if not whole:
        other = _other_than_yaml(inner)
        if other is not None:
            return other
        span = _between_fences(inner)
        if span is None:
            return NotAnArticle.UNCLOSED
        start, end = span
    text = _decoded(inner[:end])
    # The opening line is ASCII, so that `start` counts characters, too.
    return Document(text, inner[end:], bom, start, whole, compose(text, start, limits))


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
            f"its front matter is not UTF-8 (byte 0x{data[exc.start]:02x}); save it as UTF-8", line
        ) from exc


def _between_fences(data: bytes) -> tuple[int, int] | None:
    """None without a closing line: the first one may be a horizontal rule as well."""
    newline = data.find(b"\n")
    start = newline + 1 if newline >= 0 else len(data)
    closing = _CLOSING.search(data, start)
    return None if closing is None else (start, closing.start())
