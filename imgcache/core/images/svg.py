"""SVG reader; its parser fetches nothing and expands no entity that can grow."""

from __future__ import annotations

import codecs
import re
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from msgspec import Struct, field

from imgcache.core.images.formats.structure import Structure, truncated
from imgcache.core.images.svg_animation import ANIMATIONS, StartValues
from imgcache.core.images.svg_size import intrinsic_size
from imgcache.core.images.svg_uses import Uses
from imgcache.model import Verdict

_NAMESPACE = "{http://www.w3.org/2000/svg}svg"
# Adobe's editors declare their namespaces as entities; such plain ones are harmless.
_ENTITY = re.compile(r"<!ENTITY\s")
_PLAIN_ENTITY = re.compile(r"""<!ENTITY\s+[\w.-]+\s+(?:"[^"&%]{0,255}"|'[^'&%]{0,255}')\s*>""")
_MOST_ENTITIES = 64
# expat's codes for text that stops: no element found, unclosed token, unclosed CDATA section.
_ENDS_EARLY = frozenset({3, 5, 20})
_UNDECLARED = 11
# Browsers trust a byte order mark and take all else for UTF-8, whatever the declaration says.
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


# Copies of elements, by `use`, that a browser still makes: 100,000 take it half a minute and a
# gigabyte. Charts with a mark of their own for each of many points stay below it.
_MOST_COPIES = 1_000_000


class _Document(Struct):
    """A parser target that keeps the first element and what other elements do to it."""

    tag: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    animations: StartValues = field(default_factory=StartValues)
    uses: Uses = field(default_factory=Uses)

    @property
    def is_closed(self) -> bool:
        """Whether all of it has been there."""
        return self.tag is not None and not self.uses.depth

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.tag is None:
            self.tag, self.attributes = tag, attributes
        if tag in ANIMATIONS:
            self.animations.note(tag, attributes, self.attributes, is_child=self.uses.depth == 1)
        self.uses.start(tag, attributes)

    def end(self, _tag: str) -> None:
        self.uses.end()

    def close(self) -> None:
        """Required by the parser."""


def walk(data: bytes) -> Structure:
    """The size; a flaw where the document is not well-formed or its root is no `svg`.

    Any element can animate the root, so all of them decide the size.
    """
    document = _Document()
    flaw: Verdict | None = None
    detail = ""
    text, is_text = _text(data)
    try:
        _parse(text, document)
    except DefusedXmlException:
        flaw, detail = Verdict.CORRUPT, "it declares entities that are not expanded here"
    except ParseError as exc:
        flaw, detail = Verdict.CORRUPT, f"it is no well-formed XML (line {exc.position[0]})"
        if exc.code in _ENDS_EARLY:
            flaw, detail = truncated()
    if not is_text:
        flaw, detail = Verdict.CORRUPT, "its text is not in UTF-8"
    if document.tag != _NAMESPACE:
        if document.tag is not None:
            flaw, detail = Verdict.CORRUPT, "its root is no svg element of SVG's namespace"
        return Structure(headed=document.is_closed, flaw=flaw, detail=detail)
    if flaw is None and (copies := document.uses.made()) > _MOST_COPIES:
        flaw = Verdict.TOO_MANY_PIXELS
        detail = f"its use elements make {copies:,} copies; the limit is {_MOST_COPIES:,}"
    size = intrinsic_size(document.animations.applied(document.attributes))
    return Structure(size=size, headed=document.is_closed, flaw=flaw, detail=detail)


def _text(data: bytes) -> tuple[str, bool]:
    """The text up to an invalid byte, and whether that is all; it may end within a character."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data).removeprefix("\ufeff"), True
    except UnicodeDecodeError as exc:
        return data[: exc.start].decode(encoding).removeprefix("\ufeff"), False


def _parse(text: str, document: _Document) -> None:
    plain = len(_PLAIN_ENTITY.findall(text))
    harmless = 0 < plain <= _MOST_ENTITIES and plain == len(_ENTITY.findall(text))
    parser: Any = DefusedXMLParser(target=document, forbid_entities=not harmless)
    expat = parser.parser

    def refuse(name: str, _is_parameter: int) -> None:
        """An entity that only an external document type could declare: it is not fetched."""
        error = ParseError(f"undeclared entity {name}")
        error.code = _UNDECLARED
        error.position = expat.CurrentLineNumber, expat.CurrentColumnNumber
        raise error

    expat.SkippedEntityHandler = refuse
    parser.feed(text)
    parser.close()
