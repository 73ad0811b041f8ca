"""The images of an article's body: what a browser would show of it, each at its exact place.

Contract section 1: `![](...)`, reference style, `<img>` with its sizes and each candidate of
`srcset`, `<source srcset>`; not in code, comments or `<template>`. What stands in `<noscript>`
counts: feed readers, search engines and browsers without scripts ask for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum, auto

from msgspec import Struct

from imgcache.core.bodies.elements import Elements
from imgcache.core.bodies.excerpt import Excerpt
from imgcache.core.bodies.finds import Find, Written
from imgcache.core.bodies.markdown import MarkdownReader
from imgcache.core.bodies.source import Source
from imgcache.errors import ArticleError
from imgcache.model import Side


class BodyKind(Enum):
    """The language of a body."""

    MARKDOWN = auto()
    MDX = auto()
    HTML = auto()


class BodyImage(Struct, frozen=True):
    """One URL of an image.

    `line` and `column` (from 1, in characters) are those of its first character in the file; an
    empty URL has the place where it would stand.
    `url` is what the writing means (entities and escapes are read, blanks around it dropped).
    `alt` is None where no text is declared; that of Markdown is "" at least. What one Markdown
    definition is used for many times is one image, at the definition. `sides`: where its width and
    height stand, as far as that is in the same line.
    """

    url: str
    line: int
    column: int
    width: int | None
    height: int | None
    alt: str | None
    sides: tuple[Side, ...] = ()


class BodyImages(Struct, frozen=True):
    """The images of one body in the order of the text; URLs with template marks are counted."""

    images: tuple[BodyImage, ...]
    templated: int


NO_IMAGES = BodyImages((), 0)
_KINDS = {
    ".md": BodyKind.MARKDOWN,
    ".markdown": BodyKind.MARKDOWN,
    # What has front matter and is called text is written in Markdown, if in anything.
    ".txt": BodyKind.MARKDOWN,
    ".mdx": BodyKind.MDX,
    ".html": BodyKind.HTML,
    ".htm": BodyKind.HTML,
}


def kind_of(suffix: str) -> BodyKind | None:
    """The language that a file's suffix (`.md`) tells of its body; None where there is no body."""
    return _KINDS.get(suffix.lower())


def images_of(body: bytes, first_line: int, kind: BodyKind, most: int | None = None) -> BodyImages:
    """Find the images of a body whose first character is the first one of line `first_line`.

    An odd byte counts as one character, as editors show it. Whatever the bytes are, nothing is
    raised but ArticleError, with its line, for the first image beyond `most` of them.
    """
    if not _can_hold_images(body):
        return NO_IMAGES
    source = Source.of(body, braces=kind is not BodyKind.MDX)
    if kind is BodyKind.HTML:
        elements = Elements(source)
        elements.feed(Excerpt.of(source.text))
        return _counted(source, elements.done(), first_line, most)
    found: list[Find] = []
    if kind is BodyKind.MDX:
        # Imported late: its patterns take milliseconds, and most bodies are no MDX.
        from imgcache.core.bodies.jsx import without_jsx  # noqa: PLC0415

        source, found = without_jsx(source)
    reader = MarkdownReader(source, jsx=kind is BodyKind.MDX)
    return _counted(source, [*reader.finds(), *found], first_line, most)


def _can_hold_images(body: bytes) -> bool:
    """Told by single bytes, so that most bodies without images cost next to nothing."""
    return b"!" in body or b"<" in body or b"{" in body


def _counted(
    source: Source, finds: Iterable[Find], first_line: int, most: int | None
) -> BodyImages:
    images: list[BodyImage] = []
    templated = 0
    line, line_start, last = first_line, 0, 0
    for find in sorted(set(finds)):
        if source.is_templated(find):
            templated += 1
            continue
        # Counted on from the last place: a line of a megabyte may hold any number of images.
        breaks = source.original.count("\n", last, find.start)
        if breaks:
            line += breaks
            line_start = source.original.rfind("\n", last, find.start) + 1
        if len(images) == most:
            told = f"its body has more than {most} images (limits.nodes); split it, or raise that"
            raise ArticleError(told, line)
        last = find.start
        column = find.start - line_start + 1
        sides = tuple(_sides(source, find, line, line_start)) if find.sides else ()
        images.append(BodyImage(find.url, line, column, find.width, find.height, find.alt, sides))
    return BodyImages(tuple(images), templated)


def _sides(source: Source, find: Find, line: int, line_start: int) -> Iterator[Side]:
    for side in find.sides:
        if side.end > side.start and _is_in_line(source, find, side):
            yield Side(side.name, line, side.start - line_start + 1, side.end - side.start)


def _is_in_line(source: Source, find: Find, side: Written) -> bool:
    """Whether a value stands in the line in which the URL begins."""
    between = sorted((find.start, side.start, side.end))
    return "\n" not in source.original[between[0] : between[-1]]
