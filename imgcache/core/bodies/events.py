"""What a Markdown parser's events tell of images: those of Markdown, and the HTML between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from imgcache.core.bodies.definitions import Definitions
from imgcache.core.bodies.destinations import destination
from imgcache.core.bodies.elements import Elements
from imgcache.core.bodies.excerpt import Excerpt, lines_of
from imgcache.core.bodies.finds import Find
from imgcache.core.bodies.pulldown import events_of
from imgcache.core.bodies.source import Source
from imgcache.core.bodies.utf8 import Utf8Places

if TYPE_CHECKING:  # the types cost as much to import as the parser itself
    from pyromark.event import Range


# Quotes and lists with indents in indents, in MDX: nobody writes more, and each costs a call.
_DEEPEST = 20


class MarkdownEvents:
    """Reads the parts of a body, one after the other."""

    def __init__(
        self, source: Source, elements: Elements, definitions: Definitions, *, jsx: bool
    ) -> None:
        self.finds: list[Find] = []
        self._source = source
        self._elements = elements
        self._definitions = definitions
        self._jsx = jsx
        self._places = Utf8Places("", 0)
        # The image that is read: images and HTML in its text are shown as nothing but text.
        self._image: dict[str, str] | None = None
        self._inner_end = 0
        self._nested = 0
        self._words: list[str] = []
        self._html: list[tuple[str, int]] | None = None
        self._code: list[tuple[str, int]] | None = None
        self._depth = 0
        self._takers: dict[str, Callable[[Any, Range], None]] = {
            "Start": self._start,
            "End": self._end,
            "Text": self._text,
            "Code": self._word,
            "SoftBreak": self._word,
            "HardBreak": self._word,
            "Html": self._text,
            "InlineHtml": self._inline_html,
        }

    def read(self, text: str, place: int) -> None:
        """Read a part that stands at a place of the body."""
        self._places = Utf8Places(text, place)
        takers = self._takers
        kind: str
        told: Any
        for event, span in events_of(text, self._definitions.callback):
            if isinstance(event, str):
                kind, told = event, " "
            else:
                ((kind, told),) = event.items()
            taker = takers.get(kind)
            if taker is not None:
                taker(told, span)
            if self._image is not None and kind != "Start":
                self._inner_end = span["end"]

    def _start(self, told: Any, span: Range) -> None:
        if told == "HtmlBlock":
            self._html = []
        elif isinstance(told, dict):
            if "Image" in told:
                self._open(told["Image"], span)
            elif self._jsx and told.get("CodeBlock") == "Indented":
                self._code = []

    def _open(self, told: dict[str, str], span: Range) -> None:
        if self._image is not None:
            self._nested += 1
            return
        self._image = told
        self._inner_end = span["start"] + len("![")
        self._words.clear()

    def _end(self, told: Any, _: Range) -> None:
        if told == "Image":
            self._close()
        elif told == "HtmlBlock" and self._html is not None:
            pieces, self._html = self._html, None
            self._read_html(pieces)
        elif told == "CodeBlock" and self._code is not None:
            lines, self._code = self._code, None
            if self._depth < _DEEPEST:
                self._read_lines(lines)

    def _read_lines(self, lines: list[tuple[str, int]]) -> None:
        """MDX has no code by indents: each line is read for itself."""
        places = self._places
        self._depth += 1
        for line, place in lines:
            text = line.lstrip()
            self.read(text, place + len(line) - len(text))
        self._depth -= 1
        self._places = places

    def _close(self) -> None:
        if self._nested:
            self._nested -= 1
        elif self._image is not None:
            image, self._image = self._image, None
            if not self._elements.hides:
                self._show(image)

    def _text(self, told: str, span: Range) -> None:
        block = self._html if self._html is not None else self._code
        if block is not None:
            # Counted from the end: a text may begin with blanks that stand for a part of a tab.
            block.append((told, self._places.character(span["end"]) - len(told)))
        elif self._image is not None:
            self._words.append(self._source.unmasked(told, *self._span(span)))

    def _word(self, told: str, _: Range) -> None:
        if self._image is not None:
            self._words.append(told)

    def _inline_html(self, told: str, span: Range) -> None:
        if self._image is None:
            start, end = self._span(span)
            self._read_html(lines_of(told, self._source.text[start:end], start))

    def _span(self, span: Range) -> tuple[int, int]:
        start = self._places.character(span["start"])
        return start, self._places.character(span["end"])

    def _read_html(self, pieces: list[tuple[str, int]]) -> None:
        if not self._jsx:
            self._elements.feed(Excerpt.joined(pieces))

    def _show(self, image: dict[str, str]) -> None:
        alt, url = "".join(self._words), image["dest_url"]
        if image["link_type"] != "Inline":
            self._definitions.use(image["id"], alt)
            return
        text = self._source.text
        opening = text.find("](", self._places.character(self._inner_end)) + len("](")
        self.finds.append(Find(*destination(text, opening, url), url, alt=alt))
