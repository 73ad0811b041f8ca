"""The candidates of a `srcset` attribute (HTML standard, "parsing a srcset attribute")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_BETWEEN = re.compile(r"[\t\n\f\r ,]*")
_WORD = re.compile(r"[^\t\n\f\r ]+")
# Up to a comma that stands in no parentheses.
_DESCRIPTORS = re.compile(r"(?:[^,(]|\([^)]*(?:\)|\Z))*+")
_WHOLE = re.compile(r"[0-9]+")
_FLOAT = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class Candidate(NamedTuple):
    """The URL is `srcset[start:end]`; `width` is that of its `w` descriptor, in pixels."""

    start: int
    end: int
    width: str | None


def candidates(srcset: str) -> Iterator[Candidate]:
    """The candidates that browsers choose from; those with descriptors that are none are not."""
    position = 0
    while match := _WORD.match(srcset, _end(_BETWEEN, srcset, position)):
        start, position = match.span()
        end = start + len(match[0].rstrip(","))
        descriptors: list[str] = []
        if end == position:
            end_of_them = _end(_DESCRIPTORS, srcset, position)
            descriptors = _WORD.findall(srcset[position:end_of_them])
            position = end_of_them
        widths = _width(descriptors)
        if widths is not None:
            yield Candidate(start, end, widths or None)


def _end(pattern: re.Pattern[str], srcset: str, position: int) -> int:
    match = pattern.match(srcset, position)
    return position if match is None else match.end()


def _width(descriptors: list[str]) -> str | None:
    """The width; empty where there is none, None where they are no descriptors."""
    said: dict[str, str] = {}
    for descriptor in descriptors:
        number, unit = descriptor[:-1], descriptor[-1]
        form = _FLOAT if unit == "x" else _WHOLE
        if unit in said or unit not in "wxh" or not form.fullmatch(number):
            return None
        said[unit] = number
    if ("x" in said and (len(said) > 1 or said["x"].startswith("-"))) or (
        "h" in said and "w" not in said
    ):
        return None
    width = said.get("w", "")
    return None if width and not width.strip("0") else width
