"""Search index of a folder: a script that a page loads, because no file may ask for another one.

Its texts are harmless as they are: the page puts them where only text can be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from imgcache.model import Verdict
from imgcache.render.html.views import Card
from imgcache.render.html.words import plain
from imgcache.render.phrases import printable

# Of the largest file that a page should wait for; the worst images come first.
_MOST_BYTES = 4_000_000
_NAME = "imgcacheIndex"
_LONGEST = 300


class SearchIndex:
    """Gathers what can be found of each image, as far as there is room."""

    def __init__(self) -> None:
        self._rows: list[str] = []
        self._bytes = 0
        self._left_out = 0

    def add(self, card: Card, verdicts: Iterable[Verdict]) -> None:
        """One image, with the verdicts of all its entries and the first of its places."""
        parts = [*(one[:_LONGEST] for one in _row(card, verdicts)), _places(card)]
        row = json.dumps([printable(one) for one in parts])
        if self._bytes + len(row) > _MOST_BYTES:
            self._left_out += 1
        else:
            self._rows.append(row)
            self._bytes += len(row)

    @property
    def script(self) -> str:
        """What gallery.js reads: a line for each image, and how many are left out."""
        rows = ",\n".join(self._rows)
        return (
            f'"use strict";\nvar {_NAME} = {{"leftOut": {self._left_out}, "rows": [\n{rows}\n]}};\n'
        )


def _row(card: Card, verdicts: Iterable[Verdict]) -> Iterator[str]:
    use = card.article
    names = dict.fromkeys((*(one.name for _, one in card.found), *verdicts))
    yield from (card.tone, card.name, card.host, ", ".join(map(plain, names)))
    yield from (use.title or use.article, use.spot, use.href, card.address)


def _places(card: Card) -> str:
    """All that its places are called, each once."""
    names = (name[:_LONGEST] for one in card.uses for name in (one.title, one.article) if name)
    return " ".join(dict.fromkeys(names))
