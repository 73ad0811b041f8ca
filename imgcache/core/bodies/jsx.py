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
# What quotes and list items put before the first block in them.
_CONTAINERS = r"(?:[ \t]*+(?:>|(?:[-*+]|[0-9]{1,9}[.)])(?=[ \t])))*+[ \t]*+"
_JS_STRING = "|".join(rf"{quote}(?:[^{quote}\\\n]|\\.)*+{quote}" for quote in "\"'`")
# Each begins with a character of its own, outside of groups: the search is many times as fast.
_TOKEN = re.compile(
    rf"\n(?:(?=(?P<before>{_CONTAINERS})(?P<fence>`{{3,}}(?=[^`\n]*$)|~{{3,}}))"
    r"|(?<=\n\n)(?=(?P<module>import|export)\b))"
    r"|``*|\\.|<!--|\{/\*|\{(?=[\"'])|<(?=[/A-Za-z>])",
    re.MULTILINE,
)
_BEFORE = "\n\n"
_COMMENT_ENDS = {"<!--": "-->", "{/*": "*/}"}
# A text in braces, which is shown as it stands.
_TEXT = re.compile(rf"\{{(?:{_JS_STRING})[ \t]*+\}}")
# What begins another block, and so ends the code that began in a paragraph.
_BLOCK = re.compile(
    r"\n[ \t>]*+(?:\n|#{1,6}[ \t]|(?:[-*+]|1[.)])[ \t]++\S|`{3}|~{3}|\Z)"
    r"|\n[ \t>]*+(?:\*[ \t]*+){3,}\n|\n[ \t>]*+(?:_[ \t]*+){3,}\n"
)
_HEADING = re.compile(r"[ \t>]*+#{1,6}[ \t]")
# A destination in angle brackets, behind what begins it.
_OPENINGS = ("](", "]:")
_DESTINATION = re.compile(r"<(?:[^<>\n\\]|\\.)*+>")
# Where JSX may begin in an expression: in no text, and no comment.
_IN_BRACES = re.compile(rf"{_JS_STRING}|/\*.*?\*/|//[^\n]*|<(?=[A-Za-z])", re.DOTALL)
# Fences that are indented that far are code by indentation to a parser of Markdown.
_FAR = 4
_DEEPEST = 6
# So many characters are looked back at.
_BEHIND = 8


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
_MARKS = ("<", "{", "import", "export", "    ")
# A URL in braces is an expression, which counts as a template.
_EXPRESSION = "{}"


def without_jsx(source: Source) -> tuple[Source, list[Find]]:
    """The body with blanks for its JSX, comments and modules, and the images of its JSX."""
    text = source.text
    if not any(mark in text for mark in _MARKS):
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
        self._paragraph = self._block = 0
        self._endless: set[str] = set()
        # Where the block ends in which runs of so many backticks close nothing.
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
        if mark == "{":
            return self._behind_text(match.start())
        return self._behind_code(match) if mark[0] == "`" else match.end()

    def _mask(self, start: int, end: int) -> int:
        self._masks.append((start, end))
        return end

    def _paragraph_end(self, position: int) -> int:
        if position > self._paragraph:
            end = self._text.find("\n\n", position)
            self._paragraph = len(self._text) if end < 0 else end
        return self._paragraph

    def _block_end(self, position: int) -> int:
        """Where the block ends that a code span at this place is in, at the latest."""
        if position > self._block:
            line = self._text.rfind("\n", 0, position) + 1
            is_heading = _HEADING.match(self._text, line)
            end = (
                self._text.find("\n", position)
                if is_heading
                else _end(_BLOCK, self._text, position)
            )
            self._block = len(self._text) if end < 0 else end
        return self._block

    def _behind_fence(self, match: re.Match[str]) -> int:
        """A quote or list item that ends ends its code, too."""
        run, before = match["fence"], match["before"]
        closing = re.compile(rf"^[ \t>]*{run}{run[0]}*[ \t]*$", re.MULTILINE)
        start = match.end("fence")
        most = self._container_end(before, start)
        end = closing.search(self._text, start, most)
        if end is None:
            return most
        if len(before.expandtabs(_FAR)) >= _FAR and before.isspace():
            return self._mask(match.start("fence"), end.end())
        return end.end()

    def _container_end(self, before: str, position: int) -> int:
        """Where the quote, or the list item that begins in the same line, ends at the latest."""
        if ">" in before:
            outside = r"\n(?![ \t]*+>)"
        elif before.strip():
            outside = rf"\n(?![ \t]*+\n|[ ]{{{len(before.expandtabs(_FAR))}}}|[ ]*\t)"
        else:
            return len(self._text)
        end = _end(re.compile(outside), self._text, position)
        return len(self._text) if end < 0 else end

    def _behind_code(self, match: re.Match[str]) -> int:
        length = len(match[0])
        if match.end() < self._unclosed.get(length, 0):
            return match.end()
        block = self._block_end(match.end())
        closing = re.compile(rf"(?<!`)`{{{length}}}(?!`)")
        end = closing.search(self._text, match.end(), block)
        if end is None:
            self._unclosed[length] = block
        return end.end() if end else match.end()

    def _behind_comment(self, match: re.Match[str]) -> int:
        closing = _COMMENT_ENDS[match[0]]
        end = -1 if closing in self._endless else self._text.find(closing, match.end())
        if end < 0:
            self._endless.add(closing)
            return match.end()
        return self._mask(match.start(), end + len(closing))

    def _is_destination(self, start: int) -> bool:
        """Whether a link, an image or a definition says here where it leads."""
        return self._text[max(0, start - _BEHIND) : start].rstrip().endswith(_OPENINGS)

    def _behind_text(self, start: int) -> int:
        """Behind `{"a text"}`, in which there is neither Markdown nor JSX."""
        text = _TEXT.match(self._text, start)
        if text is None or self._is_destination(start) or not {"<", "!"} & set(text[0]):
            return start + 1
        return self._mask(start, text.end())

    def _behind_tag(self, start: int) -> int:
        if self._is_destination(start):
            destination = _DESTINATION.match(self._text, start)
            return destination.end() if destination else start + 1
        tag = _tag().match(self._text, start)
        if tag is None:
            return start + 1
        self._take(tag)
        return self._mask(start, tag.end())

    def _take(self, tag: re.Match[str]) -> None:
        """What a tag shows, and then the tags in its attributes."""
        name = _NAMES.get(tag[2])
        if name and not tag[1]:
            self._show(name, *tag.span(3))
        if "<" not in tag[3]:
            return
        for match in _attribute().finditer(self._text, *tag.span(3)):
            if match[0].endswith("}"):
                self._look_into(match.start(), match.end())

    def _look_into(self, start: int, end: int) -> None:
        """Take the tags of an expression."""
        while match := _IN_BRACES.search(self._text, start, end):
            start = match.end()
            if match[0] == "<" and (tag := _tag().match(self._text, match.start(), end)):
                self._take(tag)
                start = tag.end()

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


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Where the next match begins; -1 where there is none."""
    match = pattern.search(text, position)
    return match.start() if match else -1


def _value(match: re.Match[str]) -> tuple[int, int]:
    """Where the value of an attribute stands: without its quotes, or with the braces around it."""
    if match[2]:
        return match.start(2) + 1, match.end(2) - 1
    if not match[3]:
        return match.end(), match.end()
    plain = _PLAIN.fullmatch(match.string, *match.span(3))
    return plain.span(plain.lastindex or 0) if plain else match.span(3)
