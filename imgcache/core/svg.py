"""The intrinsic size of an SVG image, by a parser that fetches nothing.

Sources: SVG 2 section 8.2, CSS Images 3 section 4 (default sizing), CSS 2.2 section 10.3.2
(300 x 150 where nothing is known).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from imgcache.core.formats.structure import Structure, truncated
from imgcache.model import Size, Verdict

_NAMESPACE = "{http://www.w3.org/2000/svg}svg"
_DEFAULT = (300.0, 150.0)
# CSS Values 4 section 6: absolute lengths, and a font of 16 px.
_UNITS = {
    "": 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54,
    "q": 2.4 / 2.54, "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0,
}  # fmt: skip
_LENGTH = re.compile(r"\s*\+?((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?)\s*([a-z]*)\s*", re.IGNORECASE)
_STYLE = re.compile(r"(?:^|;)\s*(width|height)\s*:\s*([^;!]+)", re.IGNORECASE)
_NUMBERS = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?", re.IGNORECASE)
# Adobe's editors declare their namespaces as entities; such plain ones are harmless.
_ENTITY = re.compile(rb"<!ENTITY\s")
_PLAIN_ENTITY = re.compile(rb"""<!ENTITY\s+[\w.-]+\s+(?:"[^"&%]{0,255}"|'[^'&%]{0,255}')\s*>""")
_MOST_ENTITIES = 64
# expat's codes for text that stops: no element found, unclosed token, unclosed CDATA section.
_ENDS_EARLY = frozenset({3, 5, 20})
_LARGEST_SIDE = 2**31 - 1


@dataclass(slots=True)
class _Root:
    """A parser target that keeps the first element and forgets all else."""

    tag: str | None = None
    attributes: dict[str, str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.tag is None:
            self.tag, self.attributes = tag, attributes

    def close(self) -> None:
        """What the parser asks of a target."""


def walk(data: bytes) -> Structure:
    """The size; a flaw where the document is not well-formed or its root is no `svg`."""
    root = _Root()
    flaw: Verdict | None = None
    detail = ""
    try:
        _parse(data, root)
    except DefusedXmlException:
        flaw, detail = Verdict.CORRUPT, "it declares entities that are not expanded here"
    except ParseError as exc:
        flaw, detail = Verdict.CORRUPT, f"it is no well-formed XML (line {exc.position[0]})"
        if exc.code in _ENDS_EARLY:
            flaw, detail = truncated()
    except (ValueError, LookupError):
        flaw, detail = Verdict.CORRUPT, "its text encoding is unknown"
    if root.tag is None:
        return Structure(flaw=flaw or Verdict.CORRUPT, detail=detail or "it has no root element")
    if root.tag != _NAMESPACE:
        return Structure(
            flaw=Verdict.CORRUPT, detail="its root is no svg element of SVG's namespace"
        )
    return Structure(size=intrinsic_size(root.attributes or {}), flaw=flaw, detail=detail)


def _parse(data: bytes, root: _Root) -> None:
    plain = len(_PLAIN_ENTITY.findall(data))
    harmless = 0 < plain <= _MOST_ENTITIES and plain == len(_ENTITY.findall(data))
    parser: Any = DefusedXMLParser(target=root, forbid_entities=not harmless)
    parser.feed(data)
    parser.close()


def intrinsic_size(attributes: dict[str, str]) -> Size:
    """What browsers report as natural size of an image with such a root element."""
    declared = {name: attributes.get(name, "") for name in ("width", "height")}
    for name, value in _STYLE.findall(attributes.get("style", "")):
        declared[name.lower()] = value
    width, height = _length(declared["width"]), _length(declared["height"])
    if width is None or height is None:
        # A picture that may be stretched has no size of its own at all.
        stretched = attributes.get("preserveAspectRatio", "").strip().startswith("none")
        ratio = _ratio(attributes.get("viewBox", ""))
        width, height = _DEFAULT if stretched else _resolved(width, height, ratio)
    return Size(_rounded(width), _rounded(height))


def _resolved(
    width: float | None, height: float | None, ratio: float | None
) -> tuple[float, float]:
    """CSS Images 3 section 4.3 against a default object size of 300 x 150."""
    if ratio is None:
        return (
            _DEFAULT[0] if width is None else width,
            _DEFAULT[1] if height is None else height,
        )
    if width is not None:
        return width, width / ratio
    if height is not None:
        return height * ratio, height
    across, down = _DEFAULT
    return (across, across / ratio) if across / ratio <= down else (down * ratio, down)


def _ratio(view_box: str) -> float | None:
    """Width by height of a viewBox."""
    box = [float(number) for number in _NUMBERS.findall(view_box)]
    if len(box) != 4 or min(box[2:]) <= 0:  # noqa: PLR2004 - x, y, width, height
        return None
    ratio = box[2] / box[3]
    # Too small or too large for a float is no shape that anybody could see.
    return ratio if 0 < ratio < math.inf else None


def _length(text: str) -> float | None:
    """A length in CSS pixels; None for `auto`, percentages and what is no length."""
    match = _LENGTH.fullmatch(text)
    if match is None or match[2].lower() not in _UNITS:
        return None
    return float(match[1]) * _UNITS[match[2].lower()]


def _rounded(length: float) -> int:
    return 0 if math.isnan(length) else int(min(length, _LARGEST_SIDE) + 0.5)
