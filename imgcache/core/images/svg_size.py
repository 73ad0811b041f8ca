"""The size that browsers give an SVG image by the attributes of its root element.

Sources: SVG 2 sections 4.2, 8.2 and 8.4; CSS Values 4 sections 5 and 6; CSS Images 3 section 4
(default sizing); CSS 2.2 section 10.3.2 (300 x 150 where nothing is known). Style sheets and
`style` attributes do not change it: an image has no box that they could size.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping

from imgcache.model import Size

_DEFAULT = (300.0, 150.0)
_FONT = 16.0
# CSS Values 4 section 6.2: absolute lengths, in CSS pixels.
_UNITS = {
    "": 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54,
    "q": 2.4 / 2.54,
}  # fmt: skip
# Section 6.1.1, in font sizes: what browsers measure in the serif font that is their default.
_OF_FONT = {"em": 1.0, "ex": 0.459, "ch": 0.5, "ic": 1.0, "cap": 0.6548, "lh": 1.125}
# Section 6.1.2 and CSS Contain 3: an image that is not yet laid out has no viewport to measure.
_OF_VIEWPORT = re.compile(r"[sld]?v(?:w|h|i|b|min|max)|cq(?:w|h|i|b|min|max)")
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_BLANK = r"[ \t\n\r\f]"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_LENGTH = re.compile(rf"{_BLANK}*({_NUMBER})([a-zA-Z]*|%){_BLANK}*")
_STYLED_FONT = re.compile(rf"(?:^|;){_BLANK}*font-size{_BLANK}*:([^;]*)", re.IGNORECASE)
_COMMA = rf"{_BLANK}*+,?{_BLANK}*+"
# Numbers are atomic: the matching does not backtrack into them.
_BOX = re.compile(rf"{_BLANK}*+" + _COMMA.join([rf"((?>{_NUMBER}))"] * 4) + rf"{_BLANK}*+")
_STRETCHED = re.compile(rf"{_BLANK}*none(?:{_BLANK}+(?:meet|slice))?{_BLANK}*")
# The largest length of the layout engine, in 64ths of a pixel, and the largest single float.
_LARGEST_SIDE = 33_554_428
_LARGEST_FLOAT = 3.4028234e38


def intrinsic_size(attributes: Mapping[str, str]) -> Size:
    """What browsers report as natural size of an image with such a root element."""
    font = _font(attributes)
    width, height = (_length(attributes.get(side, ""), font) for side in ("width", "height"))
    if width is None or height is None:
        # An image that may be stretched has no size of its own at all.
        stretched = _STRETCHED.fullmatch(attributes.get("preserveAspectRatio", ""))
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
    """Width by height of a viewBox; None where it is no box, or has no ratio."""
    match = _BOX.fullmatch(view_box)
    box = [float(number) for number in match.groups()] if match else [0.0]
    if min(box[-2:]) <= 0 or max(map(abs, box)) > _LARGEST_FLOAT:
        return None
    ratio = box[2] / box[3]
    return ratio if 0 < ratio <= _LARGEST_FLOAT else None


def _font(attributes: Mapping[str, str]) -> float:
    """The font size of the root element in CSS pixels; a keyword counts as the default."""
    styled = _STYLED_FONT.findall(attributes.get("style", ""))
    for text in (*reversed(styled), attributes.get("font-size", "")):
        match = _LENGTH.fullmatch(text)
        if match and match[2] == "%":
            return max(float(match[1]) * _FONT / 100, 0.0)
        if (length := _length(text, _FONT)) is not None:
            return length
    return _FONT


def _length(text: str, font: float) -> float | None:
    """A length in CSS pixels; None for `auto`, percentages and what is no plain length."""
    match = _LENGTH.fullmatch(_COMMENT.sub("", text))
    if match is None:
        return None
    unit = match[2].lower()
    if _OF_VIEWPORT.fullmatch(unit):
        return 0.0
    of_font = _OF_FONT.get(unit) or _OF_FONT.get(unit.removeprefix("r"))
    scale = of_font * font if of_font else _UNITS.get(unit)
    return None if scale is None else max(float(match[1]) * scale, 0.0)


def _rounded(length: float) -> int:
    """The length in whole pixels, as the layout engine has it: in single precision, and bounded."""
    if math.isnan(length):
        return 0
    (single,) = struct.unpack("f", struct.pack("f", min(length, _LARGEST_SIDE)))
    return int(single + 0.5)
