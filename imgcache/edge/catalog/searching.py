"""Search for words: which of two ways to find them is the shorter one.

The index of all sequences of three characters leads from a rare text to its few entries. A text
with common sequences only ("https://") is looked for in one entry after the other: most have it.
How common a sequence is, a sample tells. Of several words the rarest leads, and what it leads to
is tested for the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from imgcache.core.catalog import words_of
from imgcache.edge.catalog.articles import POSITIONS
from imgcache.edge.catalog.database import Reading
from imgcache.edge.catalog.memory import Memory

_SEQUENCE = 3
# Together they are rare enough, as a rule; each one more is another long list to be read.
_SEQUENCES = 3
_SAMPLE = 1000
# To be led to one of so many is quicker than to look at all of them.
_RARE = 0.1
# The tables that SQLite keeps the texts of `search` and `names` in.
_SAID, _NAMED = "search_content", "names_content"
_RANGE = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM "
_NEXT = "SELECT c0 FROM {} WHERE id >= ? ORDER BY id LIMIT 1"


class Condition(NamedTuple):
    """A part of an SQL statement, and its parameters."""

    sql: str
    parameters: tuple[str | int, ...] = ()


class Texts:
    """The texts of one table of the search, in one moment."""

    def __init__(self, reading: Reading, memory: Memory, index: str, content: str) -> None:
        self._index = index
        self._content = content
        self._sample = memory.recall(content, lambda: tuple(self._some(reading)))

    def _some(self, reading: Reading) -> Iterator[str]:
        row = reading.one(_RANGE + self._content)
        first, last = row or (0, 0)
        for number in range(_SAMPLE):
            start = first + (last - first) * number // _SAMPLE
            found = reading.one(_NEXT.format(self._content), (start,))
            if found is not None:
                yield found[0]

    def share(self, *parts: str) -> float:
        """How many of the texts have all of these parts, 0 to 1; by the sample."""
        some: Sequence[str] = self._sample
        for part in parts:
            some = [text for text in some if part in text]
        return len(some) / len(self._sample) if self._sample else 0.0

    def sequences(self, wanted: str) -> tuple[str, ...]:
        """The rarest sequences of a text; none where it is shorter than one."""
        every = {wanted[at : at + _SEQUENCE] for at in range(len(wanted) - _SEQUENCE + 1)}
        return tuple(sorted(every, key=lambda one: (self.share(one), one))[:_SEQUENCES])

    def ids(self, wanted: str) -> Condition:
        """A SELECT of the ids of all texts with this one in them."""
        sequences = self.sequences(wanted)
        if not sequences:
            return Condition(f"SELECT id FROM {self._content} WHERE instr(c0, ?)", (wanted,))
        quoted = " AND ".join('"{}"'.format(one.replace('"', '""')) for one in sequences)
        sql = f"""
            SELECT c.id FROM {self._index} i CROSS JOIN {self._content} c ON c.id = i.rowid
            WHERE {self._index} MATCH ? AND instr(c0, ?)"""
        return Condition(sql, (quoted, wanted))


class _Word:
    """The search for one word; it is in the entries, or in their articles' names or titles.

    `share` of the entries, 0 to 1, is about what the index leads to.
    """

    def __init__(self, said: Texts, names: Texts, wanted: str) -> None:
        self._wanted = wanted
        sequences = said.sequences(self._wanted)
        self.share = said.share(*sequences) + names.share(self._wanted) if sequences else 1.0
        self.said = said.ids(self._wanted)
        self.named = names.ids(self._wanted)
        in_named = f"""SELECT e.id FROM ({self.named.sql}) a CROSS JOIN entries e
            ON e.id >= a.id * {POSITIONS} AND e.id < (a.id + 1) * {POSITIONS}"""
        self.in_named = Condition(in_named, self.named.parameters)

    def said_everywhere(self) -> Condition:
        """As `said`; quicker where most entries have it."""
        return Condition(f"SELECT id FROM {_SAID} WHERE instr(c0, ?)", (self._wanted,))

    def test(self, table: str) -> Condition:
        """Whether an entry in this table has the word, or its article."""
        sql = f"""(instr((SELECT c0 FROM {_SAID} c WHERE c.id = {table}.id), ?)
            OR {table}.id / {POSITIONS} IN ({self.named.sql}))"""
        return Condition(sql, (self._wanted, *self.named.parameters))


class Search:
    """The search for all words of a text, of which there is one at least.

    `share` of the entries, 0 to 1, is about what the index leads to.
    """

    def __init__(self, reading: Reading, memory: Memory, words: Sequence[str]) -> None:
        said = Texts(reading, memory, "search", _SAID)
        names = Texts(reading, memory, "names", _NAMED)
        every = [_Word(said, names, one) for one in words]
        self._first, *self._others = sorted(every, key=lambda one: one.share)
        self.share = self._first.share

    def articles(self) -> Condition:
        """A SELECT of the ids of the articles with all words in their names or titles."""
        named = [one.named for one in (self._first, *self._others)]
        return joined(" INTERSECT ", named)

    def entries(self) -> Condition:
        """A SELECT of the ids of all entries that have each word, or whose article has it."""
        return self._tested(joined(" UNION ", (self._first.said, self._first.in_named)))

    def said_and_named(self) -> tuple[Condition, Condition]:
        """The same in two SELECTs, that may have some in common.

        A common text is looked for in one entry after the other, which is quicker then.
        """
        first = self._first
        said = first.said if self.share < _RARE else first.said_everywhere()
        return self._tested(said), self._tested(first.in_named)

    def test(self) -> Condition:
        """Whether an entry is one of these; for one entry after the other."""
        tests = [one.test("entries") for one in (self._first, *self._others)]
        return joined(" AND ", tests)

    def _tested(self, found: Condition) -> Condition:
        """What was found by the first word, as far as it has the others."""
        if not self._others:
            return found
        tests = joined(" AND ", [one.test("found") for one in self._others])
        sql = f"SELECT id FROM ({found.sql}) found WHERE {tests.sql}"
        return Condition(sql, found.parameters + tests.parameters)


def joined(by: str, parts: Sequence[Condition]) -> Condition:
    """Conditions as one."""
    values = tuple(value for part in parts for value in part.parameters)
    return Condition(by.join(part.sql for part in parts), values)


def search(reading: Reading, memory: Memory, text: str) -> Search | None:
    """The search for a text, as it was planned before where it was; None for one without words."""
    words = words_of(text)
    if not words:
        return None
    return memory.recall_list(("search", words), lambda: Search(reading, memory, words))
