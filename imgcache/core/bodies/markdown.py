"""The images of a Markdown body, told by the events of a CommonMark parser with exact ranges.

The parser is pulldown-cmark (by pyromark), with tables and footnotes. What it calls raw HTML is
read as browsers read it.
"""

from __future__ import annotations

from collections import deque

from imgcache.core.bodies.definitions import Definitions
from imgcache.core.bodies.elements import Elements
from imgcache.core.bodies.events import MarkdownEvents
from imgcache.core.bodies.finds import Find
from imgcache.core.bodies.pulldown import events_of
from imgcache.core.bodies.segments import can_go_on, read_segments
from imgcache.core.bodies.source import Source

# A paragraph behind a segment: it stands outside of all blocks if all of them have ended.
_SENTINEL = "\n\nx"


class MarkdownReader:
    """Reads one body. `jsx`: it is MDX, which has no raw HTML and no code by indentation."""

    def __init__(self, source: Source, *, jsx: bool) -> None:
        self._source = source
        self._elements = Elements(source)
        self._definitions = Definitions(source.text)
        self._events = MarkdownEvents(source, self._elements, self._definitions, jsx=jsx)

    def finds(self) -> list[Find]:
        """All images of the body, in no order."""
        read_segments(self._source.text, self._read)
        return [*self._events.finds, *self._definitions.used(), *self._elements.done()]

    def _read(self, start: int, end: int) -> int | None:
        text = self._source.text[start:end]
        is_last = end == len(self._source.text)
        if not is_last and can_go_on(text) and not _is_whole(text):
            return start
        self._events.read(text, start)
        return end if self._elements.is_broken_off and not is_last else None


def _is_whole(segment: str) -> bool:
    """Whether all blocks that begin in a segment end in it."""
    last = deque(events_of(segment + _SENTINEL, None), maxlen=3)
    end = len((segment + _SENTINEL).encode())
    return last[0] == ({"Start": "Paragraph"}, {"start": end - 1, "end": end})
