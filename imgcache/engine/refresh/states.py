"""States of URLs in a refresh: what it found out of those that were not fresh when it was planned.

Five bytes for each URL of the catalog, as there may be millions. All else that is known of a URL
lies in the index, and is looked up again when the articles are judged.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from imgcache.core.http.contact import Contact
from imgcache.core.verdicts.verdict import Evidence
from imgcache.engine.run.fetch_tools import Records, record_url
from imgcache.engine.run.judge import dated
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.targets import Target
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.model import Failure, Source

_SOURCES = (None, *Source)
_DUE, _HELD, _FAILED, _SOURCE = 1, 2, 4, 3


class UrlEnding(Struct, frozen=True, gc=False):
    """How the work on a URL ended, as far as the index does not hold it; fields as of a Target."""

    source: Source | None
    failure: Failure | None
    held: bool
    failed: bool

    def evidence(
        self, facts: UrlFacts | None, images: Mapping[str, ImageFacts], *, placeholder: bool
    ) -> Evidence:
        """What is known of the URL, from this run and from the index."""
        failure = dated(self.failure or (facts.failure if facts else None), facts)
        copy = images.get(facts.copy) if facts and facts.copy and self.held else None
        response = facts.response if facts else None
        status = response.status if response and copy else None
        source = self.source
        if copy is not None and (failure is not None or source is None):
            source = Source.STALE
        return Evidence(
            failure=failure,
            copy=copy,
            placeholder=placeholder,
            source=source,
            status=failure.status if failure else status,
        )


class States:
    """The states, by the ids of URLs in the catalog, of which `newest` was the last when planned.

    `of_run`: the URLs of a run that is not about all of the catalog. Nobody has looked after
    others, nor after those that came into the catalog later.
    """

    def __init__(self, newest: int, of_run: Iterable[int] | None = None) -> None:
        self._of_run = None if of_run is None else _marked(newest, of_run)
        self._bits = bytearray(newest + 1)
        self._reasons = array("i", bytes(4 * (newest + 1)))
        self._failures: list[Failure | None] = [None]
        self._numbers: dict[Failure, int] = {}

    def put(self, target: Target) -> None:
        """Note how a URL is by now."""
        bits = _DUE | _HELD * target.held | _FAILED * target.failed
        self._bits[target.id] = bits | _SOURCES.index(target.source) << _SOURCE
        self._reasons[target.id] = self._number(target.failure)

    def put_fresh(self, number: int) -> None:
        """Note that a URL is fresh, and has some work nevertheless."""
        self._bits[number] = _DUE | _HELD | _SOURCES.index(Source.FRESH) << _SOURCE

    def get(self, number: int) -> UrlEnding | None:
        """How a URL is by now; None where it was fresh and needed no work."""
        bits = self._bits[number]
        if not bits:
            return None
        failure = self._failures[self._reasons[number]]
        source = _SOURCES[bits >> _SOURCE]
        return UrlEnding(source, failure, bool(bits & _HELD), bool(bits & _FAILED))

    def lose(self, number: int, failure: Failure) -> None:
        """What this run found out has no row: a new copy is none, an older one stays as it was."""
        bits = self._bits[number]
        if not bits:
            return
        if _SOURCES[bits >> _SOURCE] is Source.DOWNLOADED:
            bits &= ~_HELD
        self._bits[number] = bits & (_DUE | _HELD) | _FAILED
        self._reasons[number] = self._number(failure)

    def covers(self, number: int) -> bool:
        """Whether the run was about this URL when it was planned."""
        if number >= len(self._bits):
            return False
        return self._of_run is None or bool(self._of_run[number])

    def __contains__(self, number: int) -> bool:
        return bool(self._bits[number])

    def ids(self) -> Iterator[int]:
        """The URLs that were not fresh."""
        return (number for number, bits in enumerate(self._bits) if bits)

    def asked(self) -> Iterator[int]:
        """Those of which this run has got an answer, or none after all tries."""
        return (number for number, bits in enumerate(self._bits) if bits > _DUE | _HELD)

    def counts(self) -> Counter[str]:
        """How many URLs ended with each source, how many `failed`, and how many were `due`."""
        counts: Counter[str] = Counter()
        for bits, urls in Counter(self._bits).items():
            if bits:
                counts["due"] += urls
                counts["failed"] += urls * bool(bits & _FAILED)
                if source := _SOURCES[bits >> _SOURCE]:
                    counts[str(source)] += urls
        return counts

    def _number(self, failure: Failure | None) -> int:
        if failure is None:
            return 0
        number = self._numbers.setdefault(failure, len(self._failures))
        if number == len(self._failures):
            self._failures.append(failure)
        return number


def _marked(newest: int, numbers: Iterable[int]) -> bytearray:
    marks = bytearray(newest + 1)
    for number in numbers:
        marks[number] = 1
    return marks


class KeptOutcomes:
    """Outcomes of jobs where the states are."""

    def __init__(self, states: States, listener: Listener) -> None:
        self._states = states
        self._listener = listener

    def ended(self, target: Target, told: Failure | None) -> None:
        """Note it, and tell the listener."""
        self._states.put(target)
        source = None if told is not None else target.source
        self._listener.concluded(target.url.href, source, told)


class KeptDoubts:
    """Doubts where the index is: kept in memory until they are settled."""

    def __init__(self, records: Records, states: States) -> None:
        self._records = records
        self._states = states
        self._noted: list[tuple[Target, UrlFacts]] = []

    def note(self, target: Target, facts: UrlFacts) -> None:
        """Keep it in mind."""
        self._noted.append((target, facts))

    def settle(self, contact: Contact) -> None:
        """The network is there, so hosts that did not answer are to blame themselves.

        Their failures go into the index, so that the states need none.
        """
        if contact.is_missing:
            return
        for target, facts in self._noted:
            target.failure = None
            self._states.put(target)
            record_url(self._records, target, facts)
        self._noted.clear()
