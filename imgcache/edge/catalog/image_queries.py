"""Images as pages ask for them, answered by SQL from the rows that images.py has made.

Filters narrow each other, so one query counts each combination of what they look at: there are few
of these, and all counts are sums over them. They are remembered for each text that is searched.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from imgcache.core.catalog import Facets, HostState, ImageQuery, Sorting
from imgcache.edge.catalog import users
from imgcache.edge.catalog.database import Reading, Row
from imgcache.edge.catalog.memory import Memory
from imgcache.edge.catalog.searching import Condition, Search, search
from imgcache.edge.catalog.selections import bindable
from imgcache.findings import Health
from imgcache.model import Verdict
from imgcache.results import KnownImage

_HEALTHS = tuple(Health)
_ORDERS = {
    Sorting.BROKEN_FIRST: "health, worst",
    Sorting.SINCE: "since IS NULL, since, health, worst",
    Sorting.USES: "uses DESC, health, worst",
    Sorting.HOST: "host IS NULL, host, health, worst",
}
_KINDS = """
    SELECT health, verdicts, rules, host, copy, articles > 1, count(*) FROM images WHERE {}
    GROUP BY health, verdicts, rules, host, copy, articles > 1"""
_PAGE = "SELECT worst, uses, articles, verdicts FROM images WHERE {} ORDER BY {} LIMIT ? OFFSET ?"
_OF_RULE = "EXISTS (SELECT 1 FROM json_each(rules) WHERE value = ?)"
_OF_VERDICT = "instr(',' || verdicts || ',', ?)"
_OF_ENTRIES = """
    SELECT image FROM ({}) CROSS JOIN entries INDEXED BY entries_as_written USING (id)
    WHERE excluded = 0"""
_HOSTS = """
    SELECT host, count(*), count(since), sum(health = 0), sum(health = 1), min(since)
    FROM images WHERE host IS NOT NULL GROUP BY host
    ORDER BY count(since) DESC, sum(health = 0) DESC, count(*) DESC, host LIMIT ? OFFSET ?"""
_VERDICTS = "SELECT host, verdicts, count(*) FROM images WHERE host IN ({}) GROUP BY host, verdicts"


class Kind(NamedTuple):
    """All that filters look at in an image, and how many images are of this kind."""

    health: Health
    verdicts: tuple[Verdict, ...]
    rules: tuple[str, ...]
    host: str | None
    copy: bool
    shared: bool
    images: int


class Images:
    """The images of one moment."""

    def __init__(self, reading: Reading, memory: Memory, entries: users.Users) -> None:
        self._reading = reading
        self._memory = memory
        self._entries = entries

    def page(self, query: ImageQuery, offset: int, most: int, places: int) -> list[KnownImage]:
        """The images that a query asks for, sorted, from the one with the number `offset` on."""
        parts = [*_filters(query), *self._of_text(query.text)]
        sql = _PAGE.format(_all(parts), _ORDERS[query.sorting])
        rows = self._reading.rows(sql, (*_values(parts), most, offset))
        known = self._entries.known([row[0] for row in rows], places)
        return [
            KnownImage(one, uses, articles, _verdicts(verdicts))
            for one, (_, uses, articles, verdicts) in zip(known, rows, strict=True)
        ]

    def facets(self, query: ImageQuery) -> Facets:
        """How many images there are, by each filter."""
        query = replace(query, sorting=Sorting.BROKEN_FIRST)
        # All hosts are in it, and anybody may ask for another one.
        return self._memory.recall_list(query, lambda: _facets(self._kinds(query.text), query))

    def total_hosts(self) -> int:
        """How many hosts there are."""
        return len({one.host for one in self._kinds("")} - {None})

    def hosts(self, offset: int, most: int) -> list[HostState]:
        """So many hosts from that number on, those with the most failing images first."""
        key = ("hosts", offset, most)
        return self._memory.recall_list(key, lambda: self._hosts(offset, most))

    def _hosts(self, offset: int, most: int) -> list[HostState]:
        rows = self._reading.rows(_HOSTS, (most, offset))
        verdicts: dict[str, Counter[Verdict]] = {row[0]: Counter() for row in rows}
        marks = ", ".join("?" * len(rows))
        for host, found, number in self._reading.rows(_VERDICTS.format(marks), list(verdicts)):
            verdicts[host].update(dict.fromkeys(_verdicts(found), number))
        return [
            HostState(host, images, failing, errors, warnings, since, dict(verdicts[host]))
            for host, images, failing, errors, warnings, since in rows
        ]

    def _kinds(self, text: str) -> Sequence[Kind]:
        def count() -> Sequence[Kind]:
            parts = [Condition("TRUE"), *self._of_text(text)]
            sql = _KINDS.format(_all(parts))
            return [_kind(row) for row in self._reading.rows(sql, _values(parts))]

        recall = self._memory.recall_list if text else self._memory.recall
        return recall(("kinds", text), count)

    def _of_text(self, text: str) -> Iterator[Condition]:
        sought = search(self._reading, self._memory, text)
        if sought is not None:
            ids = self._memory.recall_list(("images", text), lambda: self._found(sought))
            yield Condition("id IN (SELECT value FROM json_each(?))", (ids,))

    def _found(self, sought: Search) -> str:
        """The images with a text, as JSON: one value in a query, however many they are."""
        images = {
            row[0]
            for part in sought.said_and_named()
            for row in self._reading.each(_OF_ENTRIES.format(part.sql), part.parameters)
        }
        return json.dumps(sorted(images))


def _filters(query: ImageQuery) -> Iterator[Condition]:
    yield Condition("TRUE")
    if query.health is not None:
        yield Condition("health = ?", (_HEALTHS.index(query.health),))
    if query.verdict is not None:
        yield Condition(_OF_VERDICT, (f",{query.verdict},",))
    if query.rule is not None:
        yield Condition(_OF_RULE, (bindable(query.rule),))
    if query.host is not None:
        yield Condition("host = ?", (bindable(query.host.lower()),))
    if query.copy is not None:
        yield Condition("copy = ?", (query.copy,))
    if query.shared is not None:
        yield Condition("(articles > 1) = ?", (query.shared,))


def _all(parts: Iterable[Condition]) -> str:
    return " AND ".join(part.sql for part in parts)


def _values(parts: Iterable[Condition]) -> tuple[str | int, ...]:
    return tuple(value for part in parts for value in part.parameters)


def _verdicts(text: str) -> tuple[Verdict, ...]:
    return tuple(sorted((Verdict(one) for one in text.split(",")), key=list(Verdict).index))


def _kind(row: Row) -> Kind:
    health, verdicts, rules, host, copy, shared, number = row
    names = tuple(json.loads(rules)) if rules else ()
    found = _verdicts(verdicts)
    return Kind(_HEALTHS[health], found, names, host, bool(copy), bool(shared), number)


def _facets(kinds: Iterable[Kind], query: ImageQuery) -> Facets:
    """Each filter's own values are counted as if it were not set."""
    health, verdicts, rules = Counter[Health](), Counter[Verdict](), Counter[str]()
    hosts, copy, shared = Counter[str](), Counter[bool](), Counter[bool]()
    total = 0
    for one in kinds:
        misfits = set(_misfits(one, query))
        if not misfits:
            total += one.images
        if misfits <= {"health"}:
            health[one.health] += one.images
        if misfits <= {"verdict"}:
            verdicts.update(dict.fromkeys(one.verdicts, one.images))
        if misfits <= {"rule"}:
            rules.update(dict.fromkeys(one.rules, one.images))
        if misfits <= {"host"} and one.host is not None:
            hosts[one.host] += one.images
        if misfits <= {"copy"}:
            copy[one.copy] += one.images
        if misfits <= {"shared"}:
            shared[one.shared] += one.images
    return Facets(total, health, verdicts, _often(rules), _often(hosts), copy, shared)


def _misfits(kind: Kind, query: ImageQuery) -> Iterator[str]:
    if query.health not in (None, kind.health):
        yield "health"
    if query.verdict is not None and query.verdict not in kind.verdicts:
        yield "verdict"
    if query.rule is not None and query.rule not in kind.rules:
        yield "rule"
    if query.host is not None and query.host.lower() != kind.host:
        yield "host"
    if query.copy not in (None, kind.copy):
        yield "copy"
    if query.shared not in (None, kind.shared):
        yield "shared"


def _often(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
