"""The text of a body as parsers can read it: what they would stumble over is masked.

Template marks are read by a site generator before Markdown and HTML are: `![a]({{ x | y }}.png)`
is an image, though its URL has blanks. Each mask is as long as what it hides, so that places in
the masked text are places in the body.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import NamedTuple

from imgcache.core.bodies.finds import Find

# By their first character: a search for one that is not there costs next to nothing.
_OPENINGS = {"<": "<%", "{": r"\{[{%]"}
_CLOSING = {"{{": "}}", "{%": "%}", "<%": "%>"}
_MARK = re.compile("[{][{%]|<%")
# Shortcodes of Hugo and tags of Liquid that stand for an image: `{{< figure src=... >}}`.
_SHORTCODE = re.compile(r"\{(?:\{[<%](?!/\*)|%)")
_OF_IMAGE = re.compile(r"\bsrc\s*=|\.(?:png|jpe?g|gif|webp|avif|svg)\b", re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\]\n]*+\]\(|<img\b", re.IGNORECASE)
_IMAGE_MASK = ("x<img src=", ">")
# Hashnode's `![alt](url align="center")`, which is no CommonMark.
_ALIGN = re.compile(r' align="\w*"(?=[ \t]*\))')
_LONGEST_URL = 4096
_BLANK = re.compile(r"\s")


class Source(NamedTuple):
    """`original` is the body with LF for CRLF; `text` is it masked, character for character.

    `starts` and `ends` are the spans of template marks, in order.
    """

    original: str
    text: str
    starts: list[int]
    ends: list[int]

    @classmethod
    def of(cls, body: bytes, *, braces: bool) -> Source:
        """Decode a body. `braces`: whether `{{` and `{%` are template marks."""
        text = original = _with_line_feeds(body.decode(errors="replace"))
        if "\r" in text or "\0" in text:
            # A lone CR ends a line for both languages, but no editor counts it as one.
            text = text.replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
        text, spans = _templates_masked(text, "<{" if braces else "<")
        starts, ends = [start for start, _ in spans], [end for _, end in spans]
        return cls(original, _aligns_masked(text), starts, ends)

    def is_templated(self, find: Find) -> bool:
        """Whether a URL is made by a template, so that nobody knows it before."""
        url = find.url
        if url.startswith("{") and url.endswith("}"):
            return True
        written = self.original[find.start : find.end]
        return self._is_masked(find.start, find.end) or _MARK.search(written) is not None

    def unmasked(self, text: str, start: int, end: int) -> str:
        """What was read from a span of the masked text; as it is written if it was masked."""
        return self.original[start:end] if self._is_masked(start, end) else text

    def _is_masked(self, start: int, end: int) -> bool:
        before = bisect_left(self.starts, end) - 1
        return start < end and before >= 0 and self.ends[before] > start


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n") if "\r" in text else text


def _templates_masked(text: str, first: str) -> tuple[str, list[tuple[int, int]]]:
    openings = [_OPENINGS[mark] for mark in first if mark in text]
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    if not openings:
        return text, spans
    opening = re.compile("|".join(openings))
    done = 0
    for start, end in _templates(text, opening):
        pieces += text[done:start], _mask(text[start:end])
        spans.append((start, end))
        done = end
    return ("".join(pieces) + text[done:] if pieces else text), spans


def _templates(text: str, opening: re.Pattern[str]) -> list[tuple[int, int]]:
    """The spans of template expressions, none within another, none over a blank line or image."""
    spans: list[tuple[int, int]] = []
    position, unclosed = 0, set[str]()
    while match := opening.search(text, position):
        mark = match[0]
        end = -1 if mark in unclosed else text.find(_CLOSING[mark], match.end())
        if end < 0:
            unclosed.add(mark)
            position = match.end()
            continue
        # The last opening before it is the one that it closes.
        start = text.rfind(mark, match.start(), end)
        # Over a blank line, or over an image: two marks that have nothing to do with each other.
        if "\n\n" in text[start:end] or _holds_image(text, start, end):
            position = end
            continue
        position = end + len(_CLOSING[mark])
        spans.append((start, position))
    return spans


def _holds_image(text: str, start: int, end: int) -> bool:
    """Whether an image stands between two marks that are those of no shortcode."""
    return _IMAGE.search(text, start, end) is not None and not _SHORTCODE.match(text, start)


def _mask(template: str) -> str:
    """A mask that is text, or the tag of an image where the template stands for one."""
    filler = "x" * len(template)
    before, after = _IMAGE_MASK
    inner = len(template) - len(before) - len(after)
    # A shorter one has a name or a file, but not both.
    if inner > 0 and _SHORTCODE.match(template) and _OF_IMAGE.search(template):
        filler = before + "x" * inner + after
    if "\n" not in template:
        return filler
    return "".join("\n" if was == "\n" else now for was, now in zip(template, filler, strict=True))


def _aligns_masked(text: str) -> str:
    if "=" not in text or ' align="' not in text:
        return text
    return _ALIGN.sub(lambda match: " " * len(match[0]) if _ends_a_url(match) else match[0], text)


def _ends_a_url(match: re.Match[str]) -> bool:
    end = match.start()
    before = match.string[max(0, end - _LONGEST_URL) : end].rstrip(" \t")
    url = before[before.rfind("](") + 2 :]
    return "](" in before and bool(url) and _BLANK.search(url) is None
