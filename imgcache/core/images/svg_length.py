"""Lengths on the root element of an SVG, in CSS pixels, as browsers resolve them.

Sources: CSS Values 4 sections 5 and 6, CSS Syntax 3 section 4 (a comment ends a token), CSS Fonts 4
section 2.5, CSS Inline 3 section 4. Browsers keep such values in single precision.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
BLANK = r"[ \t\n\r\f]"
# The largest length of the layout engine, in CSS pixels.
LARGEST = 33_554_428.0
# The largest font size, and the least that a size in proportion to another one is opened at.
_LARGEST_FONT = 10_000.0
_LEAST_FACE = 6.0
_SMALL_FACE = 256.0
_NOTHING = 2.0**-23
_LARGEST_FLOAT = 3.4028234663852886e38
# A comment parts what it stands between, and may lack its end.
_COMMENT = r"/\*(?s:.*?)(?:\*/|\Z)"
_GAP = rf"(?>{BLANK}|{_COMMENT})*+"
_LENGTH = re.compile(rf"{_GAP}({NUMBER})([a-zA-Z]*|%){_GAP}")
_IMPORTANT = re.compile(rf"!{BLANK}*important{BLANK}*\Z", re.IGNORECASE)
# CSS Values 4 section 6.2: absolute lengths, in CSS pixels.
_UNITS = {
    "": 1.0, "px": 1.0, "pt": 96 / 72, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54,
    "q": 2.4 / 2.54,
}  # fmt: skip
# Section 6.1.2 and CSS Contain 3: an image that is not yet laid out has no viewport to measure.
_OF_VIEWPORT = re.compile(r"[sld]?v(?:w|h|i|b|min|max)|cq(?:w|h|i|b|min|max)")
# Section 6.1.1: what browsers measure in the serif font that is their default, in 2048ths of its
# size (Liberation Serif): ascent, descent and gap make a line.
_OF_FACE = {"ex": 940, "cap": 1341}
_LINE = (1825, 443, 87)
_UNITS_PER_EM = 2048
_PROPORTIONS = frozenset(
    {"%", "em", "ex", "cap", "ch", "ic", "lh", "rex", "rcap", "rch", "ric", "rlh"}
)
_UNCHANGED = frozenset({"initial", "inherit", "unset"})
# CSS Fonts 4 section 2.5.
_SIZES = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0,
    "x-large": 24.0, "xx-large": 32.0, "xxx-large": 48.0, "larger": 16 * 1.2,
    "smaller": 16 / 1.2, **dict.fromkeys(_UNCHANGED, 16.0),
}  # fmt: skip


class Font(Struct, frozen=True):
    """The font of the root element, in CSS pixels.

    Attributes:
        size: what `em` is.
        face: the size that the face is opened at; `ex`, `ch` and `cap` are measured there.
        line: the height of a line, `lh`.
    """

    size: float
    face: float
    line: float


def single(value: float) -> float:
    """The nearest number of single precision; an infinity beyond the largest."""
    if math.isnan(value) or abs(value) <= _LARGEST_FLOAT:
        (rounded,) = struct.unpack("f", struct.pack("f", value))
        return float(rounded)
    return math.copysign(math.inf, value)


def measured(text: str, font: Font) -> float | None:
    """A length in CSS pixels; None for `auto`, percentages and what is no plain length."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        return None
    scale = _scale(match[2].lower(), font)
    return None if scale is None else _bounded(_number(match[1]) * scale)


def is_percentage(text: str) -> bool:
    """Whether it is a plain percentage."""
    match = _LENGTH.fullmatch(text)
    return match is not None and match[2] == "%"


def font_of(attributes: Mapping[str, str]) -> Font:
    """The font that the attributes of the root element give it; style sheets are not read."""
    styled = list(_declarations(attributes.get("style", "")))
    texts = (*_of("font-size", styled), attributes.get("font-size", ""))
    font = next((font for text in texts if (font := sized(text)) is not None), DEFAULT_FONT)
    lines = (_line_height(text, font) for text in _of("line-height", styled))
    line = next((line for line in lines if line is not None), font.line)
    return replace(font, line=line)


def sized(text: str) -> Font | None:
    """The root's font at this `font-size`; None where it is none, as a negative one is."""
    if (named := _SIZES.get(text.strip().lower())) is not None:
        return _opened(single(named), single(named))
    match = _LENGTH.fullmatch(text)
    if match is None or _number(match[1]) < 0:
        return None
    unit = match[2].lower()
    scale = DEFAULT_FONT.size / 100 if unit == "%" else _scale(unit, DEFAULT_FONT)
    if scale is None:
        return None
    size = min(_bounded(_number(match[1]) * scale), _LARGEST_FONT)
    is_raised = unit in _PROPORTIONS and size > _NOTHING
    return _opened(size, max(size, _LEAST_FACE) if is_raised else size)


def _number(text: str) -> float:
    """A number of CSS, which is never infinite."""
    return single(max(min(float(text), _LARGEST_FLOAT), -_LARGEST_FLOAT))


def _scale(unit: str, font: Font) -> float | None:
    """One of this unit in CSS pixels."""
    if _OF_VIEWPORT.fullmatch(unit):
        return 0.0
    of_font = unit.removeprefix("r")  # the root measures itself
    if of_font in {"em", "ic"}:
        return font.size
    if of_font == "lh":
        return font.line
    if of_font == "ch":
        return _digit(_hundredths(font.face))
    if (of_face := _OF_FACE.get(of_font)) is not None:
        return single(_hundredths(font.face) * of_face / _UNITS_PER_EM)
    return _UNITS.get(unit)


def _bounded(length: float) -> float:
    return single(max(min(length, LARGEST), -LARGEST))


def _declarations(style: str) -> Iterator[tuple[str, str, bool]]:
    """The name, value and importance of what a `style` attribute declares."""
    for part in re.sub(_COMMENT, " /**/ ", style).split(";"):
        name, _, value = part.partition(":")
        plain = _IMPORTANT.sub("", value)
        yield name.replace("/**/", "").strip().lower(), plain, plain != value


def _of(name: str, declared: list[tuple[str, str, bool]]) -> Iterator[str]:
    """The values of one property, the one that counts first; the next counts if it is invalid."""
    for wanted in (True, False):
        yield from (v for n, v, important in reversed(declared) if (n, important) == (name, wanted))


def _line_height(text: str, font: Font) -> float | None:
    """What an inline `line-height` means with this font; None where it is none."""
    if text.strip().lower() in {"normal", *_UNCHANGED}:
        return font.line
    match = _LENGTH.fullmatch(text)
    if match is None or _number(match[1]) < 0:
        return None
    if match[2] == "%":  # of which browsers drop the fraction
        return _bounded(math.floor(_number(match[1])) * font.face / 100)
    if match[2]:
        return measured(text, replace(font, line=DEFAULT_FONT.line))
    return _whole_64ths(_bounded(_number(match[1]) * _whole_64ths(font.face)))


def _opened(size: float, face: float) -> Font:
    """A font of this size without a `line-height`."""
    parts = (part * _hundredths(face) / _UNITS_PER_EM for part in _LINE)
    return Font(size, face, float(sum(math.floor(part + 0.5) for part in parts)))


def _whole_64ths(length: float) -> float:
    return math.floor(length * 64) / 64


def _digit(face: float) -> float:
    """How wide a digit is: half of the face, which is set in whole 64ths while it is small."""
    return (_whole_64ths(face) if face <= _SMALL_FACE else face) / 2


def _hundredths(face: float) -> float:
    """The size that a face is measured at."""
    return int(single(face * 100)) / 100


DEFAULT_FONT = _opened(16.0, 16.0)
