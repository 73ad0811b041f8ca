"""Series of places in a text report: with commas between them, and how many are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imgcache.render.blocks.groups import Place, Places
from imgcache.render.blocks.ink import Ink, Word, words
from imgcache.render.phrases import count, printable


def place_word(ink: Ink, place: Place, after: str = "") -> Word:
    """One place, as editors and terminals open it: `file:line:column`."""
    known = (place.article, place.line, place.column)
    text = ":".join(printable(str(one)) for one in known if one is not None)
    return Word(text, None, ink.to_file(place.article, place.line), after)


def series(ink: Ink, places: Sequence[Place], more: int) -> list[Word]:
    """Places with commas between them, and how many are left out."""
    found: list[Word] = []
    for number, place in enumerate(places, start=1):
        comma = "," if number < len(places) else ""
        found.append(place_word(ink, place))
        found += [Word(f"({place.note})")] if place.note else ()
        found[-1] = found[-1]._replace(after=comma)
    return found + ([*words(f"and {count(more, 'more place')}")] if more else [])


def packed(ink: Ink, places: Places, indent: int, room: int) -> Iterator[str]:
    """As many of the places as so many lines take, the first one always; the rest is counted."""
    for most in range(len(places.shown), 0, -1):
        told = series(ink, places.shown[:most], places.count - most)
        lines = list(ink.written(told, indent))
        if len(lines) <= room:
            yield from lines
            return
    # Of a very long place the count does not take a line of its own.
    *first, last = series(ink, places.shown[:1], 0)
    more = places.count - 1
    counted = f" and {count(more, 'more place')}" if more else ""
    yield from ink.written([*first, last._replace(after=counted)], indent)
