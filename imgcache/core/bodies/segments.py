"""Segments: the parts of a Markdown body that have to be parsed so that no image is missed.

Behind a blank line, a line that begins in its first column begins a block of its own, outside of
all lists and quotes, unless a code fence or raw HTML goes on over the blank line. So a body falls
into segments that mean alone what they mean together, but for what links and images refer to.
`tests/core/bodies/test_segments.py` holds this against bodies parsed as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable

# What can show an image, hide one, or open a block that goes on over blank lines.
_HTML = re.compile(
    r"<(?:[!?]|/?(?:im(?:g|age)|source|picture|template|svg|math|pre|script|style|textarea|title"
    r"|xmp|iframe|noembed|noframes|plaintext)\b)",
    re.IGNORECASE,
)
# Patterns without a choice are looked for many times as fast as others, and as `str.find` looks.
_LITERALS = re.compile(r"!\["), re.compile("```"), re.compile("~~~")
_FENCE = re.compile(r"(`{3,})[^`\n]*(?:\n|\Z)|(~{3,})[^\n]*(?:\n|\Z)")
_BLANK_LINE = "\n\n"
_INDENTS = " \t\n"


def read_segments(text: str, read: Callable[[int, int], int | None]) -> None:
    """Have the spans read that can hold images, in order.

    `read` returns None, or the place from which on all that is left has to be read at once:
    a block goes on over the segment's end.
    """
    # Where the last part ended that has been read, or holds no image: outside of all blocks.
    done = 0
    for mark in _marks(text):
        if mark < done or not _can_matter(text, mark):
            continue
        start = _last_cut(text, done, mark)
        if _is_fence(text, start, mark):
            done = _behind_fence(text, mark)
            continue
        done = _next_cut(text, start, mark)
        rest = read(start, done)
        if rest is not None:
            read(rest, len(text))
            return


def can_go_on(segment: str) -> bool:
    """Whether a block that begins in a segment may go on behind it."""
    return "<" in segment or "```" in segment or "~~~" in segment


def _marks(text: str) -> list[int]:
    wanted = [*([_HTML] if "<" in text else []), *_LITERALS]
    return sorted(match.start() for one in wanted for match in one.finditer(text))


def _last_cut(text: str, done: int, mark: int) -> int:
    """The last beginning of a block at or before a mark."""
    before = mark + 1
    while True:
        blank = text.rfind(_BLANK_LINE, done, before)
        if blank < 0:
            return done
        cut = blank + len(_BLANK_LINE)
        if cut <= mark and text[cut] not in _INDENTS:
            return cut
        before = blank + 1


def _next_cut(text: str, start: int, mark: int) -> int:
    """The first beginning of a block behind a mark: behind a blank line, or a fence's."""
    end = text.find(_BLANK_LINE, mark)
    while end >= 0 and text[end + 2 : end + 3] in {*_INDENTS, ""}:
        end = text.find(_BLANK_LINE, end + 1)
    end = len(text) if end < 0 else end + len(_BLANK_LINE)
    fences = (text.find(f"\n{fence}", mark, end) for fence in ("```", "~~~"))
    first = min((fence + 1 for fence in fences if fence >= 0), default=end)
    return first if first < end and _is_fence(text, start, first) else end


def _is_fence(text: str, start: int, mark: int) -> bool:
    """Whether a code fence surely opens at a mark: in the first column, with no HTML before it."""
    if text[mark] not in "`~" or (mark and text[mark - 1] != "\n"):
        return False
    return _FENCE.match(text, mark) is not None and text.find("<", start, mark) < 0


def _behind_fence(text: str, mark: int) -> int:
    opening = _FENCE.match(text, mark)
    if opening is None:
        return mark
    run = opening[1] or opening[2]
    closing = re.compile(rf"^ {{0,3}}{run}{run[0]}*[ \t]*(?:\n|\Z)", re.MULTILINE)
    end = closing.search(text, opening.end())
    return end.end() if end else len(text)


def _can_matter(text: str, mark: int) -> bool:
    """Backticks and tildes open no block outside of lists but at the beginning of a line."""
    if text[mark] not in "`~":
        return True
    before = text[max(0, mark - len("\n   ")) : mark]
    indent = before[before.rfind("\n") + 1 :]
    at_line_start = "\n" in before or mark == len(before) <= len("   ")
    return at_line_start and not indent.strip(" ")
