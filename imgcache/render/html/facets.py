"""Facets of the gallery: filters whose counts follow each other, each value a plain link."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from imgcache.core.catalog import Facets
from imgcache.findings import Health
from imgcache.model import Verdict
from imgcache.render.html.links import Links, Selection
from imgcache.render.html.views import Choice, Facet, Tone
from imgcache.render.html.words import HEALTHS, plain

# So many hosts or rules are named; the page of hosts has all of them.
_NAMED = 8
_COPY = {True: "in the cache", False: "not in the cache"}
_SHARED = {True: "in several articles", False: "in one article"}


def facets(found: Facets, selection: Selection, links: Links) -> list[Facet]:
    """All filters that have anything to choose.

    Where no combination has a page, verdicts have one, and a script finds hosts.
    """
    chosen = replace(selection, page=1)
    everything = [
        Facet("How it fares", list(_healths(found, chosen, links))),
        Facet("What is wrong", list(_verdicts(found, chosen, links))),
        Facet("Broken rule", list(_rules(found, chosen, links))),
        Facet("Host", list(_hosts(found, chosen, links)), scripted=not links.narrows),
        Facet("Last good copy", list(_copies(found, chosen, links))),
        Facet("Used", list(_shared(found, chosen, links))),
    ]
    shown = everything if links.narrows else [everything[1], everything[3]]
    return [one for one in shown if len(one.choices) > 1 or any(c.is_current for c in one.choices)]


def _healths(found: Facets, chosen: Selection, links: Links) -> Iterator[Choice]:
    for value in Health:
        is_on = chosen.health is value
        if found.health.get(value) or is_on:
            href = links.gallery(replace(chosen, health=None if is_on else value))
            tone = Tone.of_health(value)
            yield Choice(HEALTHS[value], found.health.get(value, 0), href, is_on, tone)


def _verdicts(found: Facets, chosen: Selection, links: Links) -> Iterator[Choice]:
    """The most frequent first, and what is well last."""
    counts = dict(found.verdicts)
    if chosen.verdict is not None:
        counts.setdefault(chosen.verdict, 0)
    for value, number in sorted(counts.items(), key=lambda one: (one[0] is Verdict.OK, -one[1])):
        is_on = chosen.verdict is value
        href = links.gallery(replace(chosen, verdict=None if is_on else value))
        yield Choice(plain(value), number, href, is_on, name=value.value)


def _rules(found: Facets, chosen: Selection, links: Links) -> Iterator[Choice]:
    for value in _named(list(found.rules), chosen.rule):
        is_on = chosen.rule == value
        href = links.gallery(replace(chosen, rule=None if is_on else value))
        yield Choice(value, found.rules.get(value, 0), href, is_on)


def _hosts(found: Facets, chosen: Selection, links: Links) -> Iterator[Choice]:
    for value in _named(list(found.hosts), chosen.host):
        is_on = chosen.host == value
        href = links.gallery(replace(chosen, host=None if is_on else value))
        yield Choice(value, found.hosts.get(value, 0), href, is_on)


def _copies(found: Facets, chosen: Selection, links: Links) -> Iterator[Choice]:
    for value, label in _COPY.items():
        is_on = chosen.copy is value
        if found.copy.get(value) or is_on:
            href = links.gallery(replace(chosen, copy=None if is_on else value))
            yield Choice(label, found.copy.get(value, 0), href, is_on)


def _shared(found: Facets, chosen: Selection, links: Links) -> Iterator[Choice]:
    for value, label in _SHARED.items():
        is_on = chosen.shared is value
        if found.shared.get(value) or is_on:
            href = links.gallery(replace(chosen, shared=None if is_on else value))
            yield Choice(label, found.shared.get(value, 0), href, is_on)


def _named(values: list[str], chosen: str | None) -> list[str]:
    first = values[:_NAMED]
    return first if chosen is None or chosen in first else [chosen, *first]
