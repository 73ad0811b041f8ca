"""Composer of TOML and JSON: nodes of a text that its own language has judged, within bounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

from msgspec import Struct
from yaml import Node

from imgcache.config import LimitSettings
from imgcache.core.articles.fences import Language
from imgcache.core.articles.readers import json_nodes, toml_nodes
from imgcache.core.articles.readers.tokens import Bounds, Excess, Lost, too_deep
from imgcache.errors import ArticleError

# Deeper than this is never read, whatever the settings say: it takes a few calls a level.
_DEEPEST = 128
# `tomllib` tells the place in its words only, until Python 3.14.
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class _Format(Struct, frozen=True):
    """How to read a language: positions, what is right, and what was understood."""

    name: str
    strings: re.Pattern[str]
    read: Callable[[str, Bounds], Node]
    judged: Callable[[str], Any]
    understood: Callable[[Node], Any]


_FORMATS = {
    language: _Format(language.name, of.STRINGS, of.read, of.judged, of.understood)
    for language, of in ((Language.TOML, toml_nodes), (Language.JSON, json_nodes))
}


def compose(text: str, start: int, language: Language, limits: LimitSettings) -> Node:
    """The root node of the front matter in `text[start:]`; its marks count from `start`.

    Raises ArticleError, its line counted from the beginning of `text`, for what `tomllib` or
    `json` refuse, for what goes beyond the limits, and where the two readings differ.
    """
    source, spoken = text[start:], _FORMATS[language]
    try:
        root = _root(source, spoken, Bounds(min(limits.depth, _DEEPEST), limits.nodes))
    except Excess as exc:
        raise _error(exc.message, text, start + exc.index) from None
    except _Refused as exc:
        words = f"its front matter is not valid {spoken.name}: {exc.words}"
        raise _error(words, text, start + exc.index) from exc
    except RecursionError:
        raise ArticleError(too_deep(limits.depth), text.count("\n", 0, start) + 1) from None
    return root


class _Refused(Exception):  # noqa: N818 - never leaves this file
    """What the judge says; `index` counts from the beginning of what it was given."""

    def __init__(self, words: str, index: int) -> None:
        super().__init__(words)
        self.words = words
        self.index = index


def _root(source: str, spoken: _Format, bounds: Bounds) -> Node:
    """The bounds are met first: neither judge has any."""
    try:
        root = spoken.read(source, bounds)
    except Lost as exc:
        _judged(source, spoken, exc.index)
        raise _misread(spoken, exc.index) from exc
    if _judged(source, spoken) != spoken.understood(root):
        raise _misread(spoken, 0)
    return root


def _judged(source: str, spoken: _Format, lost: int | None = None) -> Any:
    """What the judge understands; `lost`: where the reader can't follow."""
    try:
        return spoken.judged(source)
    except ValueError as exc:
        refused = _of_judge(exc, source, lost or 0)
        if lost is not None and lost < refused.index and _is_open(source, lost, spoken):
            refused = _Refused("the quote that opens here is never closed", lost)
        raise refused from exc


def _is_open(source: str, index: int, spoken: _Format) -> bool:
    return source[index : index + 1] in {'"', "'"} and not spoken.strings.match(source, index)


def _of_judge(exc: ValueError, source: str, lost: int) -> _Refused:
    """The judge's complaint; it tells no place for a number of 5,000 digits."""
    if isinstance(exc, JSONDecodeError):
        return _Refused(exc.msg, exc.pos)
    words, place = str(exc), _PLACE.search(str(exc))
    if place is None:
        return _Refused(words, lost)
    index = _index(source, int(place[1]), int(place[2])) if place[1] else len(source)
    return _Refused(words[: place.start()], index)


def _index(source: str, line: int, column: int) -> int:
    index = 0
    for _ in range(line - 1):
        index = source.find("\n", index) + 1
    return index + column - 1


def _misread(spoken: _Format, index: int) -> Excess:
    return Excess(f"imgcache can't follow this {spoken.name}; please report it", index)


def _error(words: str, text: str, at: int) -> ArticleError:
    first = text.rfind("\n", 0, at) + 1
    last = text.find("\n", at)
    return ArticleError(
        words,
        text.count("\n", 0, at) + 1,
        column=at - first + 1,
        excerpt=text[first : len(text) if last < 0 else last].removesuffix("\r"),
    )
