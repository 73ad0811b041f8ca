"""What is wrong with a front matter that libyaml refuses, in words for its author.

The parser tells where it gave up; the mistake is where a quote or bracket opens, often lines above.
"""

from __future__ import annotations

from typing import NamedTuple

import yaml
from yaml import CSafeLoader, ScalarToken
from yaml.reader import Reader

from imgcache.errors import ArticleError

_INSIDE = {
    '"': 'write a quote inside of it as \\"',
    "'": "write a quote inside of it as ''",
}
_IN_BRACKETS = "while parsing a flow "
_OPENING = yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken
_CLOSING = yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken
# Characters that a message repeats of what follows.
_SHOWN = 20
_NOT_VALID = "its front matter is not one valid YAML document"


class _Complaint(NamedTuple):
    """What is wrong, and the index in the YAML of the character to look at."""

    place: int
    words: str


def explained(exc: yaml.YAMLError | ValueError, text: str, start: int, source: str) -> ArticleError:
    """The parser's complaint as an error at our own count of lines, the line quoted.

    The YAML is `text[start:]`, and `source` is what the parser was given of it: character for
    character at the same places.
    """
    if isinstance(exc, yaml.MarkedYAMLError):
        index, words = _of_marks(exc, source, text.count("\n", 0, start))
    else:
        index, words = _of_characters(exc, source)
    at = start + index
    first = text.rfind("\n", 0, at) + 1
    last = text.find("\n", at)
    return ArticleError(
        f"{_NOT_VALID}: {words}",
        text.count("\n", 0, at) + 1,
        column=at - first + 1,
        excerpt=text[first : len(text) if last < 0 else last].removesuffix("\r"),
    )


def _of_characters(exc: Exception, source: str) -> _Complaint:
    """Control characters are looked for here: libyaml tells them by their byte."""
    control = Reader.NON_PRINTABLE.search(source)
    if control is None:
        return _Complaint(0, str(exc))
    return _Complaint(control.start(), f"control character U+{ord(control[0]):04X}")


def _of_marks(exc: yaml.MarkedYAMLError, source: str, above: int) -> _Complaint:
    """`above`: how many lines of the file stand above the YAML."""
    mark = exc.problem_mark or exc.context_mark
    index = 0 if mark is None else mark.index
    last, brackets = _before(source, index)
    complaint = _of_tab(source, index) or _of_quote(exc, source, index, last)
    if complaint is None and source[index : index + 1] == ":":
        complaint = _of_colon(source, index)
    if complaint is None and brackets and (exc.context or "").startswith(_IN_BRACKETS):
        line = above + source.count("\n", 0, index) + 1
        words = (
            f"the bracket that opens here is not closed: in line {line} the parser {exc.problem}"
        )
        complaint = _Complaint(brackets[-1], words)
    plain = ", ".join(part for part in (exc.context, exc.problem) if part)
    return complaint or _Complaint(index, plain)


def _before(source: str, index: int) -> tuple[yaml.Token | None, list[int]]:
    """The last token before a place, and where the brackets around it open."""
    last: yaml.Token | None = None
    brackets: list[int] = []
    try:
        for token in yaml.scan(source, Loader=CSafeLoader):
            if token.start_mark.index >= index:
                break
            if isinstance(token, _OPENING):
                brackets.append(token.start_mark.index)
            elif isinstance(token, _CLOSING):
                del brackets[-1:]
            if token.end_mark.index > token.start_mark.index:
                last = token
    except yaml.YAMLError:  # that there is one is known
        pass
    return last, brackets


def _of_tab(source: str, index: int) -> _Complaint | None:
    if source[index : index + 1] != "\t":
        return None
    return _Complaint(index, "a tab character indents here, which YAML forbids; put blanks there")


def _of_quote(
    exc: yaml.MarkedYAMLError, source: str, index: int, last: yaml.Token | None
) -> _Complaint | None:
    """A quote that never ends, or that ended before its text did."""
    if exc.context == "while scanning a quoted scalar" and exc.context_mark is not None:
        return _Complaint(exc.context_mark.index, "the quote that opens here is never closed")
    if not isinstance(last, ScalarToken) or source[last.start_mark.index] not in _INSIDE:
        return None
    opening, end = last.start_mark.index, last.end_mark.index
    # Behind a line end, or a blank in brackets, it may be the next thing without its comma.
    is_next = end < index and (exc.context or "").startswith(_IN_BRACKETS)
    following = source[index : index + _SHOWN].split(maxsplit=1)
    if is_next or source[end:index].strip(" ") or not following or following[0][0] in "]},":
        return None
    shown = f"`{following[0]}`" if following[0].isprintable() else "the end of the line"
    remedy = _INSIDE[source[opening]]
    return _Complaint(opening, f"the quote that opens here is closed before {shown}; {remedy}")


def _of_colon(source: str, index: int) -> _Complaint | None:
    """A second value in one line: its text holds what separates keys from values."""
    before = source[source.rfind("\n", 0, index) + 1 : index]
    if ": " not in before:
        return None
    return _Complaint(
        index, "this colon begins a value inside of a text; put the whole text in quotes"
    )
