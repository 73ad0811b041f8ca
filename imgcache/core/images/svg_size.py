"""The size that browsers give an SVG image by the attributes of its root element.

Sources: SVG 2 sections 4.2, 8.2 and 8.4; CSS Images 3 section 4 (default sizing); CSS 2.2 section
10.3.2 (300 x 150 where nothing is known). Style sheets and `style` attributes size no box here: an
image has none. Browsers compute in single precision, so each step is rounded to it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from imgcache.core.images.svg_length import BLANK, NUMBER, Font, font_of, measured, single
from imgcache.model import Size

_DEFAULT = (300.0, 150.0)
_COMMA = rf"{BLANK}*+,?{BLANK}*+"
# Numbers are atomic: the matching does not backtrack into them.
_BOX = re.compile(rf"{BLANK}*+" + _COMMA.join([rf"((?>{NUMBER}))"] * 4) + rf"{BLANK}*+")
_NUMBER_PARTS = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_FIT = re.compile(
    rf"{BLANK}*(none|x(?:Min|Mid|Max)Y(?:Min|Mid|Max))(?:{BLANK}+(?:meet|slice))?{BLANK}*"
)
# Single precision: most digits before the point, those behind it that count, the largest exponent.
_MOST_DIGITS, _MOST_DECIMALS, _MOST_EXPONENT = 39, 50, 128
# What is not larger is nothing in the layout engine.
_TRIVIAL = 8 * 2.0**-23
# The largest side of a box of the layout engine.
_LARGEST_SIDE = 33_554_432

Box = tuple[float, float, float, float]


def intrinsic_size(attributes: Mapping[str, str]) -> Size:
    """What browsers report as natural size of an image with such a root element."""
    font = font_of(attributes)
    width, height = (_side(attributes.get(side, ""), font) for side in ("width", "height"))
    if width is None or height is None:
        # An image that may be stretched has no size of its own at all.
        stretched = fit(attributes.get("preserveAspectRatio", "")) == "none"
        ratio = _ratio(view_box(attributes.get("viewBox", "")))
        width, height = _DEFAULT if stretched else _resolved(width, height, ratio)
    return Size(_rounded(width), _rounded(height))


def _side(text: str, font: Font) -> float | None:
    length = measured(text, font)
    return 0.0 if length is not None and length <= _TRIVIAL else length


def view_box(text: str) -> Box | None:
    """The four numbers of a viewBox; None where it is none."""
    match = _BOX.fullmatch(text)
    numbers = [_number(part) for part in match.groups()] if match else []
    left, top, width, height = numbers or (None,) * 4
    if left is None or top is None or width is None or height is None:
        return None
    return left, top, width, height


def fit(text: str) -> str | None:
    """The alignment of a preserveAspectRatio; None where it is none."""
    match = _FIT.fullmatch(text)
    return match[1] if match else None


def _resolved(
    width: float | None, height: float | None, ratio: tuple[float, float] | None
) -> tuple[float, float]:
    """CSS Images 3 section 4.3 against a default object size of 300 x 150."""
    if ratio is None:
        return (
            _DEFAULT[0] if width is None else width,
            _DEFAULT[1] if height is None else height,
        )
    across, down = ratio
    if width is not None:
        return width, _scaled(width, down, across)
    if height is not None:
        return _scaled(height, across, down), height
    fitting = _scaled(_DEFAULT[1], across, down)
    if fitting <= _DEFAULT[0]:
        return fitting, _DEFAULT[1]
    return _DEFAULT[0], _scaled(_DEFAULT[0], down, across)


def _scaled(side: float, by: float, to: float) -> float:
    return single(single(side * by) / to)


def _ratio(box: Box | None) -> tuple[float, float] | None:
    """Width and height of a viewBox; None where it has no area."""
    return None if box is None or min(box[2:]) <= _TRIVIAL else box[2:]


def _number(text: str) -> float | None:
    """A number as browsers add it up in single precision, digit by digit; None where it is none.

    That is not always the nearest one: of the sizes close to a half, 1 in 80 depends on it.
    """
    match = _NUMBER_PARTS.fullmatch(text)
    if match is None or len(match[2]) > _MOST_DIGITS:
        return None
    whole, place = 0.0, 1.0
    for digit in reversed(match[2]):
        whole, place = single(whole + single(place * int(digit))), single(place * 10)
    decimals, place = 0.0, 1.0
    for digit in (match[3] or "")[:_MOST_DECIMALS]:
        place = single(place * single(0.1))
        decimals = single(decimals + single(int(digit) * place))
    number = single(whole + decimals)
    if exponent := match[4]:
        digits = exponent.lstrip("+-").lstrip("0") or "0"
        if len(digits) > len(str(_MOST_EXPONENT)) or int(digits) > _MOST_EXPONENT:
            return None
        power = int(digits) * (-1 if exponent.startswith("-") else 1)
        number = single(number * single(10.0**power)) if power else number
    if not math.isfinite(number):
        return None
    return -number if match[1] == "-" else number


def _rounded(length: float) -> int:
    """The length in whole pixels, as the layout engine has it: bounded."""
    return 0 if math.isnan(length) else int(min(length, _LARGEST_SIDE) + 0.5)
