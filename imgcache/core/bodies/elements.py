"""The elements of HTML that show images: `<img>`, `<source>`, and what keeps them from it."""

from __future__ import annotations

from imgcache.core.bodies.attributes import Value, decoded, pixels
from imgcache.core.bodies.excerpt import Excerpt
from imgcache.core.bodies.finds import Find, Written
from imgcache.core.bodies.source import Source
from imgcache.core.bodies.srcset import candidates
from imgcache.core.bodies.tags import (
    FOREIGN,
    IMAGES,
    RAW_TEXT,
    Tag,
    Unclosed,
    attributes,
    comment_end,
    next_tag,
    raw_text_end,
)

_BLANKS = " \t\n\f\r"


class Elements:
    """Reads the HTML of a body, in one excerpt or in many, in their order."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._finds: list[Find] = []
        # The sources of a picture, whose text is that of its image.
        self._sources: list[Find] = []
        self._templates = 0
        self._foreign = 0
        # The element whose content is text, "!--" in a comment, empty outside of both.
        self._inside = ""

    @property
    def hides(self) -> bool:
        """Whether what follows is not shown: it is in a comment, a template or a script."""
        return bool(self._templates or self._inside)

    @property
    def is_broken_off(self) -> bool:
        """Whether what follows is not even markup, however it looks."""
        return bool(self._inside)

    def feed(self, excerpt: Excerpt) -> None:
        """Read on."""
        text = excerpt.text
        position = self._left(text) if self._inside else 0
        while position is not None:
            tag = next_tag(text, position)
            if tag is None:
                return
            if isinstance(tag, Unclosed):
                self._inside = "!--" if tag.is_comment else ""
                return
            self._take(excerpt, tag)
            position = tag.end + 1
            if self._inside:
                position = self._left(text, position)

    def done(self) -> list[Find]:
        """All images that were found."""
        self._end_picture(None)
        return self._finds

    def _left(self, text: str, position: int = 0) -> int | None:
        """Behind the end of what hides all markup; None where it goes on."""
        if self._inside == "!--":
            found = comment_end(text, position)
        else:
            found = raw_text_end(text, self._inside, position)
        if found is not None:
            self._inside = ""
        return found

    def _take(self, excerpt: Excerpt, tag: Tag) -> None:
        name = tag.name
        if name in FOREIGN:
            if tag.closing:
                self._foreign = max(0, self._foreign - 1)
            elif not tag.is_self_closing(excerpt.text):
                self._foreign += 1
        elif name == "template":
            self._templates = max(0, self._templates + (-1 if tag.closing else 1))
        elif name in RAW_TEXT:
            if not tag.closing and not self._foreign:
                self._inside = name
        elif not self._templates and not tag.closing:
            self.show(excerpt, name, attributes(excerpt.text, tag))

    def show(self, excerpt: Excerpt, name: str, spans: dict[str, tuple[int, int]]) -> None:
        """Take an element for what it shows; its attributes' values stand in `spans`."""
        if name in IMAGES:
            # An image ends what SVG or MathML it stands in.
            self._foreign = 0
            self._image(excerpt, spans)
        elif name == "picture":
            self._end_picture(None)
        elif name == "source" and "srcset" in spans:
            self._sources += self._set(excerpt, spans["srcset"], None)

    def _image(self, excerpt: Excerpt, spans: dict[str, tuple[int, int]]) -> None:
        alt = self._alt(excerpt, spans.get("alt"))
        self._end_picture(alt)
        if "src" in spans:
            value = decoded(excerpt.text, *spans["src"])
            text = value.text.strip(_BLANKS)
            start = value.text.find(text)
            width, height = (
                pixels(decoded(excerpt.text, *spans[key]).text) if key in spans else None
                for key in ("width", "height")
            )
            place = _place(excerpt, value, start, start + len(text))
            sides = tuple(
                Written(key, *excerpt.span(*spans[key]))
                for key in ("width", "height")
                if key in spans
            )
            self._finds.append(Find(*place, text, width, height, alt, sides))
        if "srcset" in spans:
            self._finds += self._set(excerpt, spans["srcset"], alt)

    def _set(self, excerpt: Excerpt, span: tuple[int, int], alt: str | None) -> list[Find]:
        value = decoded(excerpt.text, *span)
        return [
            Find(
                *_place(excerpt, value, start, end),
                value.text[start:end],
                pixels(width) if width else None,
                None,
                alt,
            )
            for start, end, width in candidates(value.text)
        ]

    def _alt(self, excerpt: Excerpt, span: tuple[int, int] | None) -> str | None:
        if span is None:
            return None
        return self._source.unmasked(decoded(excerpt.text, *span).text, *excerpt.span(*span))

    def _end_picture(self, alt: str | None) -> None:
        self._finds += [find._replace(alt=alt) for find in self._sources]
        self._sources.clear()


def _place(excerpt: Excerpt, value: Value, start: int, end: int) -> tuple[int, int]:
    """Where in the body a part of an attribute's value is written."""
    return excerpt.span(value.places[start], value.places[end])
