"""Selections as SQL: which entries a query asks for, and in which order.

Indexes are named, because SQLite knows nothing of how many rows have which value: each has all
columns that a filter looks at, so that no entry is read but those that are shown.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from imgcache.core.catalog import Order, Query
from imgcache.edge.catalog.articles import entries_of
from imgcache.edge.catalog.database import Reading
from imgcache.edge.catalog.judged import RANKS
from imgcache.edge.catalog.memory import Memory
from imgcache.edge.catalog.searching import Condition, Search, search
from imgcache.model import Severity, Verdict

_IGNORED = f"(severity = 2 AND verdict <> '{Verdict.OK.value}')"
# An entry that the text leads to costs so many as one that is looked at in an index.
_PATIENCE = 4
_ORDERS = {Order.BROKEN_FIRST: "severity, id", Order.AS_WRITTEN: "id"}


class Selections:
    """The selections of one moment."""

    def __init__(self, reading: Reading, memory: Memory) -> None:
        self._reading = reading
        self._memory = memory

    def total(self, query: Query) -> int:
        """How many entries a query asks for."""
        query = replace(query, order=Order.AS_WRITTEN)
        return self._memory.recall(query, lambda: self._count(query))

    def ids(self, query: Query, offset: int, most: int) -> Sequence[int]:
        """The ids of the entries of a page, sorted."""
        sought = self._search(query)
        if sought is not None and self._is_rare(sought, query):
            return self._found(sought, query)[offset : offset + most]
        source = self._source(sought, query)
        sql = f"SELECT id {source.sql} ORDER BY {_ORDERS[query.order]} LIMIT ? OFFSET ?"
        rows = self._reading.rows(sql, (*source.parameters, most, offset))
        return [row[0] for row in rows]

    def _count(self, query: Query) -> int:
        sought = self._search(query)
        if sought is not None and self._is_rare(sought, query):
            # The page is asked for next, or was before: what is broken first, as a rule.
            return len(self._found(sought, replace(query, order=Order.BROKEN_FIRST)))
        source = self._source(sought, query)
        found: int = self._reading.value(f"SELECT count(*) {source.sql}", source.parameters)
        return found

    def _search(self, query: Query) -> Search | None:
        return search(self._reading, self._memory, query.text or "")

    def _found(self, sought: Search, query: Query) -> Sequence[int]:
        """The ids of all entries that a query with a rare text asks for, sorted."""
        found = sought.entries()
        parts = [*self._filters(query), Condition("excluded = 0")]
        table = f"FROM ({found.sql}) JOIN entries INDEXED BY entries_as_written USING (id)"
        source = _where(table, [Condition("", found.parameters), *parts])
        sql = f"SELECT id {source.sql} ORDER BY {_ORDERS[query.order]}"

        def find() -> Sequence[int]:
            return array("q", (row[0] for row in self._reading.each(sql, source.parameters)))

        return self._memory.recall_list(query, find)

    def _source(self, sought: Search | None, query: Query) -> Condition:
        """The end of a SELECT of entries, from FROM on, without an order."""
        tests = [sought.test()] if sought is not None else []
        parts = [Condition("excluded = 0"), *self._filters(query), *tests]
        return _where(f"FROM entries {_index(query)}", parts)

    def _is_rare(self, sought: Search, query: Query) -> bool:
        """Whether fewer entries are found by the text than by all the rest."""
        everything = self.total(Query())
        others = self.total(replace(query, text=None))
        return sought.share * everything < others / _PATIENCE

    def _filters(self, query: Query) -> Iterator[Condition]:
        if query.article is not None:
            yield self._of_article(query.article)
        if query.verdicts:
            marks = ", ".join("?" * len(query.verdicts))
            yield Condition(f"verdict IN ({marks})", tuple(sorted(query.verdicts)))
        if query.severities:
            yield _of_severity(query.severities)
        if query.host is not None:
            yield Condition("host = ?", (bindable(query.host.lower()),))

    def _of_article(self, shown: str) -> Condition:
        query = "SELECT id FROM articles WHERE shown = ?"
        spans = [entries_of(row[0]) for row in self._reading.rows(query, (bindable(shown),))]
        either = " OR ".join(["id >= ? AND id < ?"] * len(spans))
        values = tuple(value for span in spans for value in span)
        return Condition(f"({either or 'FALSE'})", values)


def _index(query: Query) -> str:
    if query.article is not None:
        return "NOT INDEXED"
    if query.host is not None:
        return "INDEXED BY entries_by_host"
    if len(query.verdicts) == 1:
        return "INDEXED BY entries_by_verdict"
    if query.order is Order.AS_WRITTEN and not query.severities:
        return "INDEXED BY entries_as_written"
    return "INDEXED BY entries_by_severity"


def _where(table: str, parts: list[Condition]) -> Condition:
    where = " AND ".join(part.sql for part in parts if part.sql)
    return Condition(f"{table} WHERE {where}", tuple(v for part in parts for v in part.parameters))


def _of_severity(severities: frozenset[Severity]) -> Condition:
    ranks = [str(rank) for severity, rank in RANKS.items() if severity in severities]
    either = [f"severity IN ({', '.join(ranks)})"] if ranks else []
    if Severity.IGNORE in severities:
        either.append(_IGNORED)
    return Condition(f"({' OR '.join(either)})")


def bindable(text: str) -> str:
    """A text that SQLite takes; no name in the catalog has halves of surrogate pairs."""
    return text.encode(errors="replace").decode()
