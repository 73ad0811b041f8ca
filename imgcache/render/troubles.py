"""Troubles of a run: what is wrong with one image, once, with all the places that show it.

One logo in 500 articles is one trouble with 500 places, so that a reader finishes the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from imgcache.core.verdicts.traits import TRAITS
from imgcache.findings import OF_THE_RUN, PLACES, Finding
from imgcache.model import Breach, Severity, Verdict
from imgcache.render.excerpt import place
from imgcache.render.outages import Outages
from imgcache.results import EntryResult, Findings


class Trouble(Struct):
    """One finding at one image; `url` is None where it tells nothing of the image.

    `severity` is the worst of its findings, `message` that finding's. `places` are the first ten,
    as `file:line:column`; `count` counts all.
    """

    name: Verdict | Breach
    rule: str | None
    url: str | None
    severity: Severity
    message: str
    places: list[str]
    count: int

    @property
    def weight(self) -> tuple[bool, int, int]:
        """Sorts the worst to the front, and of those what most places show."""
        return self.severity is not Severity.ERROR, TRAITS[self.name].urgency, -self.count


def troubles(findings: Findings, outages: Outages) -> list[Trouble]:
    """All that the lines of hosts don't tell already, the worst first."""
    found: dict[tuple[str, str | None, str | None], Trouble] = {}
    for entry, one in _listed(findings, outages):
        url = None if one.name in OF_THE_RUN else entry.url
        trouble = found.get(key := (one.name, one.rule, url))
        if trouble is None:
            found[key] = _begun(entry, one, url)
        else:
            _add(trouble, entry, one)
    return sorted(found.values(), key=lambda one: one.weight)


def _listed(findings: Findings, outages: Outages) -> Iterator[tuple[EntryResult, Finding]]:
    return ((entry, one) for entry in findings.findings() for one in outages.left(entry))


def _begun(entry: EntryResult, one: Finding, url: str | None) -> Trouble:
    return Trouble(one.name, one.rule, url, one.severity, one.message, [place(entry)], 1)


def _add(trouble: Trouble, entry: EntryResult, one: Finding) -> None:
    trouble.count += 1
    if len(trouble.places) < PLACES:
        trouble.places.append(place(entry))
    if one.severity is Severity.ERROR and trouble.severity is not Severity.ERROR:
        trouble.severity, trouble.message = one.severity, one.message


def by_name(found: Iterable[Trouble]) -> str:
    """How many troubles there are of each kind, in words: `30 gone, 12 too-heavy`."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.name] = counts.get(one.name, 0) + 1
    return ", ".join(f"{number:,} {name}" for name, number in counts.items())
