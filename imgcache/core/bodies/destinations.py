"""The destination of a Markdown image or definition: where its URL is written.

The parser tells where the whole image stands and what its URL means; what is between is short.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

# A destination may stand in the next line, behind the marks of its block quotes.
_BEFORE = (re.compile(r"[ \t]*(?:\n[ \t>]*)?"), re.compile(r"[ \t\n]*"))
_POINTED = re.compile(r"<((?:[^<>\n\\]|\\.)*)>")
_PLAIN = re.compile(r"[^\x00-\x20\x7f()\\]*")
_MEANT = re.compile(
    r"\\([!-/:-@\[-`{-~])|&(?:#(?:[xX][0-9a-fA-F]{1,6}|[0-9]{1,7})|([a-zA-Z0-9]+));"
)


def destination(text: str, position: int, url: str) -> tuple[int, int]:
    """The span of the URL behind the `](` or `]:` that ends at `position`."""
    first = None
    for before in _BEFORE:
        start, end = _span(text, _end(before, text, position))
        if meaning(text[start:end]) == url:
            return start, end
        first = first or (start, end)
    assert first is not None  # noqa: S101  there is more than one way
    return first


def meaning(written: str) -> str:
    """A Markdown text without its backslashes and entities (CommonMark 2.4, 2.5)."""
    if "\\" not in written and "&" not in written:
        return written
    return _MEANT.sub(_one_meaning, written)


def _one_meaning(match: re.Match[str]) -> str:
    if match[1]:
        return str(match[1])
    if match[2]:
        return html5.get(f"{match[2]};", str(match[0]))
    return html.unescape(match[0])


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position


def _span(text: str, start: int) -> tuple[int, int]:
    if pointed := _POINTED.match(text, start):
        return pointed.span(1)
    position = _end(_PLAIN, text, start)
    depth = 0
    while text[position : position + 1] in {"(", ")", "\\"}:
        if text[position] == "\\":
            position += 1 if text[position + 1 : position + 2].isspace() else 2
        elif text[position] == "(":
            depth += 1
            position += 1
        elif depth == 0:
            break
        else:
            depth -= 1
            position += 1
        position = _end(_PLAIN, text, position)
    return start, position
