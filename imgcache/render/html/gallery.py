"""View of the gallery: the images of one selection, sorted, and all that leads to others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec.structs import replace

from imgcache.core.catalog import Facets, HostState, Sorting
from imgcache.findings import Health
from imgcache.model import SIZE_VERDICTS, Verdict
from imgcache.render.html.facets import facets
from imgcache.render.html.frame import chrome, entries_of, forms, pager, troubles_of
from imgcache.render.html.links import Links, Look, Selection
from imgcache.render.html.page_views import GalleryView, Page, Section
from imgcache.render.html.views import Choice, Hint, Tone, Trend
from imgcache.render.html.words import SORTINGS
from imgcache.render.phrases import count
from imgcache.results import Overview, Run

_HEADINGS = {
    Tone.ERROR: "To fix",
    Tone.WARNING: "To look at",
    Tone.QUIET: "Ignored",
    Tone.OK: "All well",
}
# How many troubles of articles are told.
TROUBLES = 20
# Fewer are fixed one by one.
_MANY = 5
# A line of fewer runs shows nothing.
_TREND = 3
# So many hosts are looked at for a hint.
HINTED = 3


def gallery(
    overview: Overview,
    page: Page,
    links: Links,
    hosts: Sequence[HostState] = (),
    action: str | None = None,
) -> GalleryView:
    """A page of the gallery; without `action` its form is for this page alone.

    `hosts` are those with the most failing images.
    """
    selection = page.selection
    first = replace(selection, page=1)
    headline = _headline(overview)
    is_home = selection.page == 1 and not selection.is_narrowed
    return GalleryView(
        chrome=chrome(headline, overview, links),
        selection=selection,
        headline=headline,
        counted=_counted(overview),
        totals=_totals(overview.images),
        healths=list(_healths(overview.images, selection, links)) if links.narrows else (),
        told=_selection_text(page),
        facets=facets(page.facets, selection, links),
        sortings=list(_sortings(first, links)) if links.narrows else (),
        looks=list(_looks(selection, links)) if links.narrows else (),
        hints=list(_hints(page.facets, hosts, links)) if is_home else (),
        forms=forms(lambda form: links.images_as(selection, form)),
        action=action,
        kept=list(kept(replace(first, text=""))),
        sections=list(_sections(page)),
        trend=_trend(overview.runs),
        troubles=troubles_of(overview.problems, links),
        more_troubles=overview.more_problems,
        pager=pager(
            selection.page,
            page.pages,
            lambda number: links.gallery(replace(selection, page=number)),
        ),
    )


def kept(selection: Selection) -> Iterator[tuple[str, str]]:
    """What a selection says, by the names that the routes have for it; not what it need not say."""
    yes = {True: "yes", False: "no", None: ""}
    asked = {
        "severity": selection.health,
        "verdict": selection.verdict,
        "rule": selection.rule,
        "host": selection.host,
        "copy": yes[selection.copy],
        "shared": yes[selection.shared],
        "text": selection.text,
        "sort": selection.sorting if selection.sorting is not Sorting.BROKEN_FIRST else "",
        "view": selection.look if selection.look is not Look.LIST else "",
        "page": str(selection.page) if selection.page > 1 else "",
    }
    return ((name, value) for name, value in asked.items() if value)


def _counted(overview: Overview) -> str:
    images = count(sum(overview.images.values()), "image")
    return f"{images} in {count(overview.articles, 'article')}, {entries_of(overview.entries)}"


def _totals(images: Mapping[Health, int]) -> list[tuple[Tone, int]]:
    return [(Tone.of_health(one), images.get(one, 0)) for one in Health]


def _healths(images: Mapping[Health, int], selection: Selection, links: Links) -> Iterator[Choice]:
    for one in Health:
        href = links.gallery(Selection(health=one, look=selection.look))
        tone = Tone.of_health(one)
        yield Choice("", images.get(one, 0), href, selection.health is one, tone)


def _headline(overview: Overview) -> str:
    if not overview.entries:
        return "No images yet"
    broken = overview.images.get(Health.ERROR, 0)
    return f"{count(broken, 'image')} to fix" if broken else "Every image is well"


def _selection_text(page: Page) -> str:
    """What a selection found, for a screen reader too."""
    found = count(page.facets.total, "image")
    text = page.selection.text
    if not page.selection.is_narrowed:
        return ""
    return f"{found} for \u201c{text}\u201d" if text else f"{found} with this filter"


def _sortings(first: Selection, links: Links) -> Iterator[Choice]:
    for one, label in SORTINGS.items():
        yield Choice(label, 0, links.gallery(replace(first, sorting=one)), first.sorting is one)


def _looks(selection: Selection, links: Links) -> Iterator[Choice]:
    for one in Look:
        href = links.gallery(replace(selection, look=one))
        yield Choice(one.value, 0, href, selection.look is one)


def _hints(found: Facets, hosts: Sequence[HostState], links: Links) -> Iterator[Hint]:
    """Where one act fixes many images."""
    sizes = sum(found.verdicts.get(one, 0) for one in SIZE_VERDICTS)
    if sizes >= _MANY:
        command = "imgcache refresh --fix-dimensions"
        yield Hint(f"{count(sizes, 'size')} to correct, one command:", command)
    for one in hosts:
        if one.failing >= _MANY and 2 * one.failing >= one.images and links.narrows:
            href = links.gallery(Selection(host=one.host))
            yield Hint(f"{count(one.failing, 'image')} failing, one host:", None, href, one.host)
    unknown = found.verdicts.get(Verdict.NOT_CHECKED, 0)
    if unknown >= _MANY:
        text = f"{count(unknown, 'image')} not asked for yet, one command:"
        yield Hint(text, "imgcache refresh")


def _trend(runs: Sequence[Run]) -> Trend | None:
    """The line of failures; none where there is too little to see."""
    failed = [one.failed for one in runs]
    if len(failed) < _TREND or not any(failed):
        return None
    step, most = 100 / (len(failed) - 1), max(failed)
    points = " ".join(
        f"{at * step:.1f},{19 - 18 * one / most:.1f}" for at, one in enumerate(failed)
    )
    told = f"{count(failed[-1], 'URL')} failed in the last of {len(failed)} refreshes"
    return Trend(points, f"{told}, {max(failed):,} at most")


def _sections(page: Page) -> Iterator[Section]:
    """The images under a heading for each tone; one for all where another order was asked for."""
    sorting = page.selection.sorting
    if sorting is not Sorting.BROKEN_FIRST:
        if page.cards:
            yield Section(None, SORTINGS[sorting].capitalize(), page.cards)
        return
    for tone, group in groupby(page.cards, key=lambda one: one.tone):
        yield Section(tone, _HEADINGS[tone], list(group))
