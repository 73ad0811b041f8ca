"""Shelves on which the pages of the gallery fill, while entries come article by article.

Pages show errors first, then warnings, then the rest. Where each card belongs is known from the
counts, so that only pages that have begun are in memory: three of each verdict at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from imgcache.model import Severity, Verdict
from imgcache.render.html.links import Selection
from imgcache.render.html.paging import Page
from imgcache.render.html.views import DrawnCard, Tone

_RANKS = {Tone.ERROR: 0, Tone.WARNING: 1, Tone.QUIET: 2, Tone.OK: 2}


class Shelves:
    """The pages of everything and of each verdict, `per_page` cards each."""

    def __init__(
        self, counts: Mapping[tuple[Verdict, Severity | None], int], per_page: int
    ) -> None:
        ranks: dict[Verdict | None, Counter[int]] = {None: Counter()}
        for (verdict, severity), number in counts.items():
            for one in (verdict, None):
                ranks.setdefault(one, Counter())[_RANKS[Tone.of(severity)]] += number
        self._shelves = {one: _Shelf(one, some, per_page) for one, some in ranks.items()}

    def put(self, verdict: Verdict, card: DrawnCard) -> Iterator[Page]:
        """Put the next card in its places; the pages that are full by that."""
        for one in (verdict, None):
            page = self._shelves[one].put(card)
            if page is not None:
                yield page


class _Shelf:
    """The pages of one selection."""

    def __init__(self, verdict: Verdict | None, ranks: Counter[int], per_page: int) -> None:
        self._verdict = verdict
        self._total = ranks.total()
        self._per_page = per_page
        self._next = {0: 0, 1: ranks[0], 2: ranks[0] + ranks[1]}
        self._begun: dict[int, dict[int, DrawnCard]] = {}

    def put(self, card: DrawnCard) -> Page | None:
        rank = _RANKS[card.tone]
        place = self._next[rank]
        self._next[rank] += 1
        number = place // self._per_page
        cards = self._begun.setdefault(number, {})
        cards[place] = card
        if len(cards) < min(self._per_page, self._total - number * self._per_page):
            return None
        del self._begun[number]
        pages = -(-self._total // self._per_page)
        shown = [cards[place] for place in sorted(cards)]
        return Page(Selection(self._verdict, page=number + 1), shown, self._total, pages)
