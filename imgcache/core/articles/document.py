r"""From an article's bytes to the nodes of its front matter, with exact spans.

TOML and JSON become the nodes that YAML is composed to, so that one walk finds the entries of all
three. YAML itself takes a lone `\r`, U+0085, U+2028 and U+2029 for line ends too, so the parsers'
own line numbers are never used.

Only the front matter is text and has to be UTF-8; the body is bytes and is never decoded.
"""

from __future__ import annotations

import yaml
from msgspec import Struct

from imgcache.config import LimitSettings
from imgcache.core.articles import yaml_nodes
from imgcache.core.articles.fences import Language, NotAnArticle, Span, find
from imgcache.errors import ArticleError

__all__ = ["Document", "Language", "NotAnArticle", "parse"]

_BOM = b"\xef\xbb\xbf"


class Document(Struct, frozen=True):
    """An article, taken apart. Nothing is lost: `data` gives back the bytes that were parsed.

    `text` begins behind the BOM and ends with the front matter; `rest` is what follows, a closing
    line first. `text[start:]` is the front matter, and the marks of `root` (None: YAML of nothing
    but comments) count from `start`, in characters.
    """

    language: Language
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
        """The index in `text` at which the front matter ends: behind its last character."""
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


def parse(
    data: bytes, *, whole: bool, limits: LimitSettings, language: Language = Language.YAML
) -> Document | NotAnArticle:
    """Find and compose the front matter.

    `whole`: the file is of one `language` from top to bottom; in all others the fences tell it.
    Raises ArticleError for a front matter that is not UTF-8 or no valid text of its language, and
    for what goes beyond the limits. A caller that merely found a whole file takes all of these
    for 'no article' (contract section 1).
    """
    bom = data.startswith(_BOM)
    inner = data[len(_BOM) :] if bom else data
    span = Span(language, 0, len(inner)) if whole else find(inner)
    if isinstance(span, NotAnArticle):
        return span
    text = _decoded(inner[: span.end])
    # The opening line is ASCII, so that `start` counts characters, too.
    root = _composed(text, span, limits)
    return Document(span.language, text, inner[span.end :], bom, span.start, whole, root)


def _composed(text: str, span: Span, limits: LimitSettings) -> yaml.Node | None:
    if span.end - span.start > limits.front_matter:
        raise ArticleError(f"its front matter is longer than {limits.front_matter} bytes", 1)
    if span.language is Language.YAML:
        return yaml_nodes.compose(text, span.start, limits)
    # Imported late: most articles are YAML.
    from imgcache.core.articles.readers import composer  # noqa: PLC0415

    return composer.compose(text, span.start, span.language, limits)


def _decoded(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ArticleError(
            f"its front matter is not UTF-8 (byte 0x{data[exc.start]:02x}); save it as UTF-8", line
        ) from exc
