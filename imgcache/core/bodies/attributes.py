"""What the value of an HTML attribute means: its entities and numbers, read as browsers do."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from html.entities import html5
from typing import NamedTuple

_REFERENCE = re.compile(r"&(?:#(?:[xX][0-9a-fA-F]+|[0-9]+);?|[a-zA-Z0-9]+;?)")
# "Rules for parsing non-zero dimension values"; `400px` is 400, `50%` is no number of pixels.
_PIXELS = re.compile(r"[\t\n\f\r ]*0*([1-9][0-9]{0,8})(?![0-9])(?:\.0*(?![0-9]))?(?!\.[0-9]|%)")


class Value(NamedTuple):
    """The text of a value; `places[i]` is where its i-th character is written, the end included."""

    text: str
    places: Sequence[int]


def decoded(text: str, start: int, end: int) -> Value:
    """The value that stands in `text[start:end]`."""
    if text.find("&", start, end) < 0:
        return Value(text[start:end], range(start, end + 1))
    pieces: list[str] = []
    places: list[int] = []
    done = start
    for match in _REFERENCE.finditer(text, start, end):
        meant = _meant(match[0], text[match.end() : min(match.end() + 1, end)])
        pieces += text[done : match.start()], meant
        places += range(done, match.start())
        # What is written as it is meant keeps its places.
        kept = meant == match[0]
        places += range(*match.span()) if kept else [match.start()] * len(meant)
        done = match.end()
    pieces.append(text[done:end])
    places += range(done, end + 1)
    return Value("".join(pieces), places)


def _meant(reference: str, following: str) -> str:
    """A reference without `;` before a letter, digit or `=` is the `&` of a query."""
    if reference.startswith("&#"):
        return html.unescape(reference)
    name = reference[1:]
    if not name.endswith(";") and following == "=":
        return reference
    return html5.get(name, reference)


def pixels(text: str) -> int | None:
    """A width or height as an attribute says it; None where it says no whole number of pixels."""
    match = _PIXELS.match(text)
    return int(match[1]) if match else None
