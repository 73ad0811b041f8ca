"""Page and filter form of the gallery: what is chosen of the catalog for one page."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from imgcache.render.html.links import Selection
from imgcache.render.html.views import DrawnCard


class Page(Struct, frozen=True):
    """One page of a selection: its cards, worst first; how many the selection has in all."""

    selection: Selection
    cards: Sequence[DrawnCard]
    total: int
    pages: int


class Form(Struct, frozen=True):
    """The URL that answers a gallery's form, and the hosts that it proposes."""

    action: str
    hosts: Sequence[str]
