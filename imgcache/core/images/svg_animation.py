"""What animations make of the root element of an SVG at the moment an image is shown.

Sources: SVG Animations 2 section 2 (`set`, `animate`), SMIL 3.0 sections 5.4.3 (begin and end) and
3.5 (the sandwich: of two animations of an attribute, the one that begins later counts). Browsers
show an image as it is at time 0 of its document. Read are animations that begin there, and `set`
elements that began before and have no end; not those that wait for events or other animations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from msgspec import Struct, field

from imgcache.core.images.svg_length import DEFAULT_FONT, is_percentage, measured, sized
from imgcache.core.images.svg_size import fit, view_box

_SET = "{http://www.w3.org/2000/svg}set"
_ANIMATE = "{http://www.w3.org/2000/svg}animate"
ANIMATIONS = frozenset({_SET, _ANIMATE})
_XLINK = "{http://www.w3.org/1999/xlink}href"
_CLOCK = re.compile(r"(?:[0-9]+:)?[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?")
_OFFSET = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(h|min|s|ms)?")
_SECONDS = {"h": 3600.0, "min": 60.0, "s": 1.0, "ms": 0.001, None: 1.0}
# What is only shown to readers of a language, or to programs that know an extension.
_CONDITIONS = frozenset({"systemLanguage", "requiredExtensions"})


def _is_length(text: str) -> bool:
    return is_percentage(text) or measured(text, DEFAULT_FONT) is not None


# The attributes that decide a size, and what is a value of each.
_VALID: Mapping[str, Callable[[str], bool]] = {
    "width": _is_length,
    "height": _is_length,
    "viewBox": lambda text: view_box(text) is not None,
    "preserveAspectRatio": lambda text: fit(text) is not None,
    "font-size": lambda text: sized(text) is not None,
}


class StartValues(Struct):
    """Values that animations give to the root's attributes; each keeps its begin, in seconds."""

    _values: dict[str, tuple[float, str]] = field(default_factory=dict)

    def note(
        self, tag: str, attributes: Mapping[str, str], root: Mapping[str, str], *, is_child: bool
    ) -> None:
        """One more of ANIMATIONS; `is_child` tells whether the root is its parent."""
        name = attributes.get("attributeName", "")
        if name not in _VALID or _CONDITIONS & attributes.keys():
            return
        if not _leads_to_root(attributes, root, is_child=is_child):
            return
        begin = _begin(attributes, is_set=tag == _SET)
        value = attributes.get("to") if tag == _SET else _first_value(attributes, _VALID[name])
        if begin is None or value is None or not _VALID[name](value):
            return
        if begin >= self._values.get(name, (begin,))[0]:
            self._values[name] = begin, value

    def applied(self, root: Mapping[str, str]) -> dict[str, str]:
        """The root's attributes with these values; an animated font size beats a styled one."""
        found = {name: value for name, (_, value) in self._values.items()}
        if "font-size" in found:
            found["style"] = f"{root.get('style', '')};font-size:{found['font-size']}!important"
        return {**root, **found}


def _leads_to_root(
    attributes: Mapping[str, str], root: Mapping[str, str], *, is_child: bool
) -> bool:
    href = attributes.get("href", attributes.get(_XLINK, ""))
    if not href:
        return is_child
    return href.startswith("#") and "id" in root and unquote(href[1:]) == root["id"]


def _begin(attributes: Mapping[str, str], *, is_set: bool) -> float | None:
    """When it begins; None where it is not active at time 0, or may have changed since."""
    begins = [_seconds(part) for part in attributes.get("begin", "0s").split(";")]
    begin = max((one for one in begins if one is not None and one <= 0), default=None)
    if begin == 0:
        ends = [_seconds(part) for part in attributes.get("end", "").split(";")]
        return None if all(end is not None and end <= 0 for end in ends) else 0.0
    is_endless = is_set and "end" not in attributes and not _seconds(attributes.get("dur", ""))
    return begin if is_endless else None


def _seconds(text: str) -> float | None:
    """A clock value, or a signed offset; None for events, `indefinite` and what is neither."""
    text = text.strip()
    if _CLOCK.fullmatch(text):
        total = 0.0
        for part in text.split(":"):
            total = total * 60 + float(part)
        return total
    match = _OFFSET.fullmatch(text)
    return float(match[1]) * _SECONDS[match[2]] if match else None


def _first_value(attributes: Mapping[str, str], is_valid: Callable[[str], bool]) -> str | None:
    """The value at the begin of an `animate`; None where that is the attribute's own."""
    if attributes.get("additive") == "sum":
        return None
    if attributes.get("calcMode") == "spline" and "keySplines" not in attributes:
        return None
    if "values" in attributes:
        values = [value.strip() for value in attributes["values"].removesuffix(";").split(";")]
        if not _are_times(attributes, len(values)):
            return None
    else:
        values = [attributes.get("from", ""), attributes.get("to", attributes.get("by", ""))]
    return values[0] if all(map(is_valid, values)) else None


def _are_times(attributes: Mapping[str, str], count: int) -> bool:
    """Whether `keyTimes`, if there are any, fit so many values."""
    if "keyTimes" not in attributes:
        return True
    times = [_seconds(part) for part in attributes["keyTimes"].removesuffix(";").split(";")]
    is_whole = times[-1] == 1 or attributes.get("calcMode") == "discrete"
    return len(times) == count and times[0] == 0 and is_whole and None not in times
