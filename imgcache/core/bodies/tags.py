"""The tags of HTML, told from text as the tokenizer of the HTML standard does (section 13.2.5).

The standard library's parser knows where a tag begins, not where an attribute's value does.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# The elements whose tags are told.
IMAGES = frozenset({"img", "image"})
RAW_TEXT = frozenset(
    {"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"}
)
FOREIGN = frozenset({"svg", "math"})
TOLD = IMAGES | RAW_TEXT | FOREIGN | {"source", "picture", "template"}
_S = r"\t\n\f\r "
# A quote that is never closed makes no attribute, and so no tag: the text ends within it.
_NAME = rf"[^{_S}/>][^{_S}/>=]*+"
_VALUE = rf"""[{_S}]*+=[{_S}]*+(?:"[^"]*+"|'[^']*+'|(?=>)|(?!["'>])[^{_S}>]++)"""
_VALUED = re.compile(
    rf"""({_NAME})(?:[{_S}]*+=[{_S}]*+(?:"([^"]*+)"|'([^']*+)'|(?!["'])([^{_S}>]*+)))?+"""
)
_ATTRIBUTES = rf"(?:[{_S}/]++|{_NAME}(?:{_VALUE}|(?![{_S}]*+=)))*+"
_TAG = re.compile(rf"<(/?)([a-zA-Z][^{_S}/>]*+)({_ATTRIBUTES})>")
# Text, and tags that nobody asks for.
_BORING = re.compile(
    rf"(?:[^<]++|<(?![a-zA-Z/!?])|</?(?!(?i:{'|'.join(sorted(TOLD))})[{_S}/>])"
    rf"[a-zA-Z][^{_S}/>]*+{_ATTRIBUTES}>)*+"
)
_COMMENT = "<!--"
_COMMENT_END = re.compile(r"--!?>")
# A comment that its own beginning ends: `<!-->` and `<!--->`.
_EMPTY_COMMENT = re.compile(r"<!---?>")


class Tag(NamedTuple):
    """A tag of `text`; its attributes stand in `[start, end)`."""

    name: str
    closing: bool
    start: int
    end: int

    def is_self_closing(self, text: str) -> bool:
        """Whether it ends with `/>`, which counts in SVG alone."""
        return text.endswith("/", self.start, self.end)


class Unclosed(NamedTuple):
    """The text ends in a comment or a tag."""

    is_comment: bool


def next_tag(text: str, position: int) -> Tag | Unclosed | None:
    """The next tag of a told element. None: there is none up to the end of the text."""
    while boring := _BORING.match(text, position):
        start = boring.end()
        if start == len(text):
            return None
        if match := _TAG.match(text, start):
            return Tag(match[2].lower(), match[1] == "/", match.start(3), match.end(3))
        if text.startswith(_COMMENT, start):
            empty = _EMPTY_COMMENT.match(text, start)
            end = empty.end() if empty else comment_end(text, start + len(_COMMENT))
        elif text[start + 1] in "!?" or not _begins_a_tag(text, start):
            end = text.find(">", start) + 1 or None
        else:
            end = None
        if end is None:
            return Unclosed(is_comment=text.startswith(_COMMENT, start))
        position = end
    return None


def comment_end(text: str, position: int) -> int | None:
    """Behind the end of the comment that `position` is in; None where it has none."""
    end = _COMMENT_END.search(text, position)
    return end.end() if end else None


def _begins_a_tag(text: str, start: int) -> bool:
    """`</` with anything but a letter begins a bogus comment."""
    name = start + 2 if text[start + 1] == "/" else start + 1
    return text[name : name + 1].isascii() and text[name : name + 1].isalpha()


def attributes(text: str, tag: Tag) -> dict[str, tuple[int, int]]:
    """Where the values of a tag's attributes stand, by name; of two with one name, the first."""
    values: dict[str, tuple[int, int]] = {}
    for match in _VALUED.finditer(text, tag.start, tag.end):
        group = match.lastindex or 1
        span = match.span(group) if group > 1 else (match.end(), match.end())
        values.setdefault(match[1].lower(), span)
    return values


def raw_text_end(text: str, name: str, position: int) -> int | None:
    """Where the end tag of an element stands whose content is no markup."""
    end = re.compile(rf"</{name}(?=[{_S}/>])", re.IGNORECASE).search(text, position)
    return end.start() if end else None
