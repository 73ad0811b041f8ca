"""View of the hosts: which of them fail, with how many of their images, and since when."""

from __future__ import annotations

from collections.abc import Sequence

from imgcache.core.catalog import HostState
from imgcache.render.html.frame import chrome, forms, pager
from imgcache.render.html.links import Links, Selection
from imgcache.render.html.moments import Moments
from imgcache.render.html.page_views import HostRow, HostsView
from imgcache.render.html.views import Choice, Tone
from imgcache.render.html.words import plain
from imgcache.render.phrases import count
from imgcache.results import Overview

PER_PAGE = 100


def pages_of(total: int) -> int:
    """How many pages so many hosts take."""
    return max(1, -(-total // PER_PAGE))


def hosts(
    overview: Overview,
    found: Sequence[HostState],
    total: int,
    page: int,
    links: Links,
    moments: Moments,
) -> HostsView:
    """A page of the list, `found` are the hosts of this page and `total` all of them."""
    failing = sum(one.failing > 0 for one in found)
    headline = f"{count(failing, 'host')} with failing images" if failing else "Every host answers"
    return HostsView(
        chrome=chrome("Hosts", overview, links),
        headline=headline if found else "No hosts yet",
        counted=f"{count(total, 'host')} of {count(sum(overview.images.values()), 'image')}",
        rows=[_row(one, links, moments) for one in found],
        forms=forms(lambda form: links.list_as("hosts", page, form)),
        pager=pager(page, pages_of(total), lambda number: links.hosts(number) or ""),
    )


def _row(state: HostState, links: Links, moments: Moments) -> HostRow:
    verdicts = [
        Choice(
            plain(verdict),
            number,
            links.gallery(Selection(host=state.host, verdict=verdict)),
            is_current=False,
        )
        for verdict, number in sorted(state.verdicts.items(), key=lambda one: -one[1])
    ]
    tone = Tone.ERROR if state.errors else Tone.WARNING if state.warnings else Tone.OK
    share = round(100 * state.failing / state.images)
    return HostRow(
        state.host,
        links.gallery(Selection(host=state.host)) if links.has_hosts else None,
        state.images,
        state.failing,
        # Not 0 % where some fail, and not 100 % where some do not.
        min(99, max(1, share)) if 0 < state.failing < state.images else share,
        moments.at(state.since),
        tone,
        verdicts,
    )
