"""The JSX of an MDX body: its images as far as their URLs are plain strings; the rest is masked.

MDX has neither raw HTML nor code by indentation; Markdown goes on between and within elements.
"""

from __future__ import annotations

import re
from functools import cache

from imgcache.core.bodies.elements import Elements
from imgcache.core.bodies.excerpt import Excerpt
from imgcache.core.bodies.finds import Find
from imgcache.core.bodies.source import Source

_NAMES = {"img": "img", "Image": "img", "source": "source", "picture": "picture"}
# Each begins with a character of its own, outside of groups: the search is many times as fast.
_TOKEN = re.compile(
    r"\n(?:(?=[ \t>0-9.)*+-]*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,}))"
    r"|(?<=\n\n)(?=(?P<module>import|export)\b))"
    r"|``*|\\.|<!--|\{/\*|<(?=[/A-Za-z>])",
    re.MULTILINE,
)
_BEFORE = "\n\n"
_COMMENT_ENDS = {"<!--": "-->", "{/*": "*/}"}
_JS_STRING = "|".join(rf"{quote}(?:[^{quote}\\\n]|\\.)*+{quote}" for quote in "\"'`")
_DEEPEST = 6


def _braces(depth: int) -> str:
    """The pattern of a JavaScript expression in braces, with braces in it."""
    inner = _braces(depth - 1) if depth else r"(?!)"
    return rf"\{{(?>{_JS_STRING}|[^{{}}]|{inner})*+\}}"


_STRING = r""""[^"]*+"|'[^']*+'"""
_NAME = r"[A-Za-z_$][\w.:$-]*+"


@cache
def _tag() -> re.Pattern[str]:
    """Compiled when the first MDX body is read: it takes milliseconds."""
    value = rf"\s*+=\s*+(?>{_STRING}|{_braces(_DEEPEST)})"
    return re.compile(
        rf"<(/?)((?:[A-Za-z][\w.:-]*+)?)"
        rf"((?>\s++|/(?!>)|{_braces(_DEEPEST)}|{_NAME}(?:{value})?+)*+)/?>"
    )


@cache
def _attribute() -> re.Pattern[str]:
    braces = _braces(_DEEPEST)
    return re.compile(rf"{braces}|({_NAME})(?:\s*+=\s*+(?>({_STRING})|({braces})))?+")


_PLAIN = re.compile(r"""\{\s*(?:"([^"\\]*)"|'([^'\\]*)'|`([^`\\$]*)`|([0-9]+))\s*\}""")
# A URL in braces is an expression, which counts as a template.
_EXPRESSION = "{}"


def without_jsx(source: Source) -> tuple[Source, list[Find]]:
    """The body with blanks for its JSX, comments and modules, and the images of its JSX."""
    text = source.text
    if "<" not in text and "{/*" not in text:
        return source, []
    scan = _Scan(source)
    scan.run()
    return source._replace(text=scan.masked()), scan.finds()


class _Scan:
    """Goes once through a text; what it is not sure of it leaves as it is."""

    def __init__(self, source: Source) -> None:
        # A blank line before the first line, so that it begins as all other blocks do.
        self._text = _BEFORE + source.text
        self._excerpt = Excerpt.of(self._text, -len(_BEFORE))
        self._elements = Elements(source)
        self._expressions: list[Find] = []
        self._masks: list[tuple[int, int]] = []
        # Where the paragraph ends that was looked at last.
        self._paragraph = 0
        self._endless: set[str] = set()
        # Where the paragraph ends in which runs of so many backticks close nothing.
        self._unclosed: dict[int, int] = {}

    def finds(self) -> list[Find]:
        """The images of the JSX that was found."""
        return [*self._elements.done(), *self._expressions]

    def masked(self) -> str:
        """The text with blanks for all that is no Markdown; lines stay lines."""
        pieces: list[str] = []
        done = len(_BEFORE)
        for start, end in self._masks:
            pieces += self._text[done:start], re.sub(r"[^\n]", " ", self._text[start:end])
            done = end
        return "".join(pieces) + self._text[done:]

    def run(self) -> None:
        """Find all JSX that stands in no code."""
        position = 0
        while match := _TOKEN.search(self._text, position):
            position = self._behind(match)

    def _behind(self, match: re.Match[str]) -> int:
        mark = match[0]
        if match["fence"]:
            return self._behind_fence(match)
        if match["module"]:
            return self._mask(match.end(), self._paragraph_end(match.end()))
        if mark in _COMMENT_ENDS:
            return self._behind_comment(match)
        if mark == "<":
            return self._behind_tag(match.start())
        return self._behind_code(match) if mark[0] == "`" else match.end()

    def _mask(self, start: int, end: int) -> int:
        self._masks.append((start, end))
        return end

    def _paragraph_end(self, position: int) -> int:
        if position > self._paragraph:
            end = self._text.find("\n\n", position)
            self._paragraph = len(self._text) if end < 0 else end
        return self._paragraph

    def _behind_fence(self, match: re.Match[str]) -> int:
        run = match["fence"]
        closing = re.compile(rf"^[ \t>]*{run}{run[0]}*[ \t]*$", re.MULTILINE)
        end = closing.search(self._text, match.end("fence"))
        return end.end() if end else len(self._text)

    def _behind_code(self, match: re.Match[str]) -> int:
        length = len(match[0])
        if match.end() < self._unclosed.get(length, 0):
            return match.end()
        paragraph = self._paragraph_end(match.end())
        closing = re.compile(rf"(?<!`)`{{{length}}}(?!`)")
        end = closing.search(self._text, match.end(), paragraph)
        if end is None:
            self._unclosed[length] = paragraph
        return end.end() if end else match.end()

    def _behind_comment(self, match: re.Match[str]) -> int:
        closing = _COMMENT_ENDS[match[0]]
        end = -1 if closing in self._endless else self._text.find(closing, match.end())
        if end < 0:
            self._endless.add(closing)
            return match.end()
        return self._mask(match.start(), end + len(closing))

    def _behind_tag(self, start: int) -> int:
        tag = _tag().match(self._text, start)
        if tag is None:
            return start + 1
        name = _NAMES.get(tag[2])
        if name and not tag[1]:
            self._show(name, *tag.span(3))
        return self._mask(start, tag.end())

    def _show(self, name: str, start: int, end: int) -> None:
        spans: dict[str, tuple[int, int]] = {}
        for match in _attribute().finditer(self._text, start, end):
            if not match[1]:
                continue
            key = match[1].lower()
            span = _value(match)
            if key in {"src", "srcset"} and self._text[span[0] : span[1]].startswith("{"):
                self._expressions.append(Find(*self._excerpt.span(*span), _EXPRESSION))
            else:
                spans.setdefault(key, span)
        self._elements.show(self._excerpt, name, spans)


def _value(match: re.Match[str]) -> tuple[int, int]:
    """Where the value of an attribute stands: without its quotes, or with the braces around it."""
    if match[2]:
        return match.start(2) + 1, match.end(2) - 1
    if not match[3]:
        return match.end(), match.end()
    plain = _PLAIN.fullmatch(match.string, *match.span(3))
    return plain.span(plain.lastindex or 0) if plain else match.span(3)
