"""Groups of a run's findings, so that each thing is said once: by image, by host, or as a whole.

Which findings are one is decided here, for all formats. The findings are read twice: first only
their keys and places are kept, and then each group is handed out where the first of it stands. So
memory holds places, never entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from msgspec import Struct, field

from imgcache.findings import LISTED, OF_THE_RUN, PLACES, Finding
from imgcache.model import Declared, Severity, Verdict
from imgcache.render.outages import Outages
from imgcache.render.phrases import declared_size
from imgcache.results import ArticleProblem, EntryResult, Findings


class Length(NamedTuple):
    """How many groups are handed out, and how many places of each; None: all."""

    blocks: int | None = 50
    places: int | None = PLACES

    def left(self, used: int) -> int | None:
        """How many groups there is room for beside so many."""
        return None if self.blocks is None else max(0, self.blocks - used)


WHOLE = Length(None, None)


class Place(NamedTuple):
    """Where a finding stands; `note` says how it differs from the first of its group."""

    article: str
    line: int | None
    column: int | None
    note: str = ""


class Places(Struct):
    """The first places of a group, or all of them, and how many there are."""

    first: Declared | None
    shown: list[Place] = field(default_factory=list)
    count: int = 0

    def add(self, place: Place, most: int | None) -> None:
        """One more, in the order of the articles; shown if it is one of the first `most`."""
        self.count += 1
        if most is None or self.count <= most:
            self.shown.append(place)


class Listed(NamedTuple):
    """One entry of a list: its place and its URL."""

    place: Place
    url: str


class Whole(Struct):
    """A verdict that is told once for all entries: the first of the worst as an example.

    `listed`: the first of them, or all.
    """

    example: EntryResult
    count: int = 0
    listed: list[Listed] = field(default_factory=list)


class Block(NamedTuple):
    """One image with one verdict, or one broken rule, and where it stands."""

    entry: EntryResult
    finding: Finding
    places: Places


class Trouble(NamedTuple):
    """An error that one or more articles have; `first` is the example."""

    first: ArticleProblem
    places: Places


class Groups:
    """All findings of a run, grouped; of a `length`.

    `blocks`: how many there are; `shown` are handed out, and `hidden` are not, with
    `hidden_findings`, by severity. `wholes` has the verdicts that are no blocks,
    `hosts` the entries of each outage where all places are wanted. `fixable`: how many sizes one
    command can set right.
    """

    def __init__(self, findings: Findings, length: Length) -> None:
        self._findings, self._length = findings, length
        self._told = Outages(findings)
        self.hidden_findings: Counter[Severity] = Counter()
        troubles, outages = _troubles(findings, length), list(self._told)
        self.troubles = troubles[: length.left(0)]
        self.outages = outages[: length.left(len(self.troubles))]
        for trouble in troubles[len(self.troubles) :]:
            self.hidden_findings[Severity.ERROR] += trouble.places.count
        for outage in outages[len(self.outages) :]:
            self.hidden_findings[outage.severity] += outage.verdicts.total()
        self.fixable = 0
        # Where sizes are counted already, in the article that is looked at.
        self._fixed_in, self._fixed = "", set[Hashable]()
        # Nothing is written there until that error is fixed.
        self._broken = {one.article for one in findings.article_errors()}
        self.hosts: dict[str, list[Listed]] = {}
        self.wholes: dict[Verdict, Whole] = {}
        self._places: dict[bytes, Places | None] = {}
        self._room = length.left(len(self.troubles) + len(self.outages))
        for entry in findings.findings():
            self._note(entry)
        self._left = sum(one is not None for one in self._places.values())
        self.blocks = len(troubles) + len(outages) + len(self._places)
        self.shown = len(self.troubles) + len(self.outages) + self._left
        self.hidden = self.blocks - self.shown

    def _note(self, entry: EntryResult) -> None:
        left = self._told.left(entry)
        self._note_fixable(entry)
        if self._length.places is None and (host := self._told.host(entry)):
            self.hosts.setdefault(host, []).append(_listed(entry))
        for one in left:
            if _is_of_the_run(one):
                self._note_whole(entry)
            else:
                self._note_image(entry, one)

    def _note_fixable(self, entry: EntryResult) -> None:
        """Count its size, if one command sets it right; entries that share it have one."""
        if not entry.fixable or entry.severity not in LISTED or entry.article in self._broken:
            return
        if entry.article != self._fixed_in:
            self._fixed_in, self._fixed = entry.article, set()
        says = (entry.declared.width, entry.declared.height)
        place = (entry.line, entry.column, says, entry.actual)
        if place not in self._fixed:
            self.fixable += 1
            self._fixed.add(place)

    def _note_whole(self, entry: EntryResult) -> None:
        group = self.wholes.setdefault(entry.verdict, Whole(entry))
        group.count += 1
        if entry.severity is Severity.ERROR and group.example.severity is not Severity.ERROR:
            group.example = entry
        if self._length.places is None or group.count <= self._length.places:
            group.listed.append(_listed(entry))

    def _note_image(self, entry: EntryResult, found: Finding) -> None:
        key = group_key(entry, found)
        if key not in self._places:
            is_shown = self._room is None or len(self._places) < self._room
            self._places[key] = Places(entry.declared) if is_shown else None
        places = self._places[key]
        if places is None:
            self.hidden_findings[found.severity] += 1
            return
        note = _difference(entry.declared, places.first) if _is_about_size(found) else ""
        place = Place(entry.article, entry.line, entry.column, note)
        places.add(place, self._length.places)

    def images(self) -> Iterator[Block]:
        """Each group of an image where the first of its findings stands; once."""
        for entry in self._findings.findings() if self._left else ():
            for one in self._told.left(entry):
                places = self._places.pop(group_key(entry, one), None)
                if places is None:
                    continue
                yield Block(entry, one, places)
                self._left -= 1
                if not self._left:
                    return


def _troubles(findings: Findings, length: Length) -> list[Trouble]:
    found: dict[str, Trouble] = {}
    for one in findings.article_errors():
        group = found.setdefault(one.message, Trouble(one, Places(None)))
        group.places.add(Place(one.article, one.line, one.column), length.places)
    return list(found.values())


def _listed(entry: EntryResult) -> Listed:
    return Listed(Place(entry.article, entry.line, entry.column), entry.url)


def _is_about_size(found: Finding) -> bool:
    return isinstance(found.name, Verdict) and found.name.is_about_size


def _is_of_the_run(found: Finding) -> bool:
    return found.rule is None and found.name in OF_THE_RUN


def group_key(entry: EntryResult, found: Finding) -> bytes:
    """What makes findings one: the image, what is found, and (but for sizes) what is said of it.

    The same relative path may be another image elsewhere; then something else is said of it.
    What tells nothing of the image is one in the whole run.
    """
    if _is_of_the_run(found):
        return found.name.encode()
    about: Sequence[object] = (entry.actual,) if _is_about_size(found) else (found.message,)
    text = repr((entry.url, found.name, found.rule, found.severity, *about))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _difference(declared: Declared, first: Declared | None) -> str:
    """What else an entry says than the first one, and where another remedy is needed."""
    if first is None:
        return ""
    is_same = (declared.width, declared.height) == (first.width, first.height)
    says = "" if is_same else f"says {declared_size(declared)}"
    if declared.is_editable == first.is_editable:
        return says
    remedy = "by command" if declared.is_editable else "by hand"
    return f"{says}, {remedy}" if says else remedy
