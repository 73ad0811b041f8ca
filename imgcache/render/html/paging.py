"""Page of the gallery: what is chosen of the catalog for it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from imgcache.core.catalog import Facets
from imgcache.render.html.links import Selection
from imgcache.render.html.views import DrawnCard

# A list has more on a page than the cards, which are large.
PER_PAGE = 48


class Page(Struct, frozen=True):
    """One page of a selection: its images, sorted, and the counts that go with its filters."""

    selection: Selection
    cards: Sequence[DrawnCard]
    facets: Facets

    @property
    def pages(self) -> int:
        """How many pages the selection has."""
        return pages_of(self.facets.total)


def pages_of(total: int) -> int:
    """How many pages so many images take."""
    return max(1, -(-total // PER_PAGE))
