"""View of the gallery: what a catalog has for one selection, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from imgcache.core.catalog import Catalog
from imgcache.model import Severity, Verdict
from imgcache.render.html.cards import card_of
from imgcache.render.html.frame import chrome, entries_of, pager, troubles_of
from imgcache.render.html.links import Links, Selection
from imgcache.render.html.paging import Form, Page
from imgcache.render.html.views import TONES, Choice, GalleryView, Section, Tone
from imgcache.render.phrases import count

_HEADINGS = {
    Tone.ERROR: "To fix",
    Tone.WARNING: "To look at",
    Tone.QUIET: "Ignored",
    Tone.OK: "All well",
}
_WORST_FIRST = list(Tone)
_TROUBLES = 20


def gallery(catalog: Catalog, page: Page, links: Links, form: Form | None = None) -> GalleryView:
    """A page of the gallery; without `form` it has none, as no server would answer it."""

    def to(number: int) -> str:
        return links.gallery(replace(page.selection, page=number))

    tones = _tones(catalog)
    headline = _headline(catalog, tones)
    articles = catalog.broken_articles
    troubles = [trouble for one in articles for trouble in troubles_of(one, links)]
    return GalleryView(
        chrome=chrome(headline, catalog, links),
        selection=page.selection,
        headline=headline,
        counted=f"{entries_of(len(catalog.entries))} in {count(len(articles), 'article')}",
        totals=list(tones.items()),
        told=_selection_text(page),
        verdicts=list(_choices(catalog, page.selection, links)),
        hosts=form.hosts if form else (),
        action=form.action if form else None,
        sections=list(_sections(catalog, page, links)),
        troubles=troubles[:_TROUBLES],
        more_troubles=max(0, len(troubles) - _TROUBLES),
        pager=pager(page.selection.page, page.pages, to),
    )


def _tones(catalog: Catalog) -> dict[Tone, int]:
    weights = catalog.severities
    found = {TONES[weight]: weights.get(weight, 0) for weight in Severity}
    found[Tone.OK] = len(catalog.entries) - sum(found.values())
    return {tone: found[tone] for tone in Tone}


def _headline(catalog: Catalog, tones: Mapping[Tone, int]) -> str:
    if not catalog.entries:
        return "No images yet"
    broken = tones[Tone.ERROR]
    return f"{count(broken, 'image')} to fix" if broken else "Every image is well"


def _selection_text(page: Page) -> str:
    """What a selection found, for a screen reader too."""
    selection = page.selection
    if not selection.is_narrowed:
        return ""
    named = [
        f"with the verdict {selection.verdict}" if selection.verdict else "",
        f"of {selection.host}" if selection.host else "",
        f"that match \u201c{selection.text}\u201d" if selection.text else "",
    ]
    return " ".join([entries_of(page.total), *filter(None, named)])


def _choices(catalog: Catalog, selection: Selection, links: Links) -> Iterator[Choice]:
    """Everything, then each verdict that there is, the worst and the most frequent first."""
    everything = replace(selection, verdict=None, page=1)
    here = selection.verdict is None
    yield Choice("everything", len(catalog.entries), links.gallery(everything), here)
    by_count = sorted(catalog.verdicts.items(), key=lambda one: (one[0] is Verdict.OK, -one[1]))
    for verdict, number in by_count:
        href = links.gallery(replace(everything, verdict=verdict))
        yield Choice(verdict.value, number, href, selection.verdict is verdict)


def _sections(catalog: Catalog, page: Page, links: Links) -> Iterator[Section]:
    cards = [card_of(entry, catalog, links) for entry in page.entries]
    cards.sort(key=lambda one: _WORST_FIRST.index(one.tone))
    for tone, group in groupby(cards, key=lambda one: one.tone):
        yield Section(tone, _HEADINGS[tone], list(group))
