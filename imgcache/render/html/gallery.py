"""View of the gallery: what there is for one selection, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from msgspec.structs import replace

from imgcache.model import Verdict
from imgcache.render.html.frame import chrome, entries_of, pager, troubles_of
from imgcache.render.html.links import Links, Selection
from imgcache.render.html.paging import Form, Page
from imgcache.render.html.views import Choice, GalleryView, Section, Tone
from imgcache.render.phrases import count
from imgcache.results import Overview

_HEADINGS = {
    Tone.ERROR: "To fix",
    Tone.WARNING: "To look at",
    Tone.QUIET: "Ignored",
    Tone.OK: "All well",
}
_WORST_FIRST = list(Tone)
# How many troubles of articles are told.
TROUBLES = 20


def gallery(overview: Overview, page: Page, links: Links, form: Form | None = None) -> GalleryView:
    """A page of the gallery; without `form` it has none, as no server would answer it."""

    def to(number: int) -> str:
        return links.gallery(replace(page.selection, page=number))

    tones = _tones(overview)
    headline = _headline(overview, tones)
    return GalleryView(
        chrome=chrome(headline, overview, links),
        selection=page.selection,
        headline=headline,
        counted=f"{entries_of(overview.entries)} in {count(overview.articles, 'article')}",
        totals=list(tones.items()),
        told=_selection_text(page),
        verdicts=list(_choices(overview, page.selection, links)),
        hosts=form.hosts if form else (),
        action=form.action if form else None,
        sections=list(_sections(page)),
        troubles=troubles_of(overview.problems, links),
        more_troubles=overview.more_problems,
        pager=pager(page.selection.page, page.pages, to),
    )


def _tones(overview: Overview) -> dict[Tone, int]:
    found = dict.fromkeys(Tone, 0)
    for (_, severity), number in overview.counts.items():
        found[Tone.of(severity)] += number
    return found


def _headline(overview: Overview, tones: Mapping[Tone, int]) -> str:
    if not overview.entries:
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


def _choices(overview: Overview, selection: Selection, links: Links) -> Iterator[Choice]:
    """Everything, then each verdict that there is, the worst and the most frequent first."""
    everything = replace(selection, verdict=None, page=1)
    here = selection.verdict is None
    yield Choice("everything", overview.entries, links.gallery(everything), here)
    by_count = sorted(overview.verdicts.items(), key=lambda one: (one[0] is Verdict.OK, -one[1]))
    for verdict, number in by_count:
        href = links.gallery(replace(everything, verdict=verdict))
        yield Choice(verdict.value, number, href, selection.verdict is verdict)


def _sections(page: Page) -> Iterator[Section]:
    cards = sorted(page.cards, key=lambda one: _WORST_FIRST.index(one.tone))
    for tone, group in groupby(cards, key=lambda one: one.tone):
        yield Section(tone, _HEADINGS[tone], list(group))
