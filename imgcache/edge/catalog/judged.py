"""Judged entries in the catalog: what has to be judged, and the results that stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec import Struct

from imgcache.core.catalog import folded
from imgcache.core.verdicts.selection import Selection
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.edge.catalog import documents
from imgcache.edge.catalog.articles import POSITIONS, DeclaredEntry, declared_entry, entries_of
from imgcache.edge.catalog.database import Catalog, Row
from imgcache.model import SIZE_VERDICTS, Breach, Format, Severity, Size
from imgcache.results import EntryResult

RANKS = {Severity.ERROR: 0, Severity.WARNING: 1}
_NEITHER = 2
_BATCH = 1000
_TO_JUDGE = f"""
    SELECT e.id, pointer, line, col, written, refused, url_text, width, height, cached, strange,
           unnamed, by_hand, lqip, sides, excerpt, excluded, filled, found_by,
           href, scheme, u.host, port, u.status, failure, failing_since, placeholder,
           seen, evidence, shown, earlier
    FROM entries e LEFT JOIN urls u ON u.id = e.url LEFT JOIN copies ON sha256 = copy
         LEFT JOIN places p ON p.id = e.place JOIN articles a ON a.id = e.id / {POSITIONS}
    WHERE judged IS NULL AND excluded = 0 AND e.id > ? ORDER BY e.id LIMIT ?"""
_PUT = """
    UPDATE entries SET judged = ?, verdict = ?, severity = ?, edits = ?, broken = ?, until = ?
    WHERE id = ?"""
_LISTED = """
    SELECT id, judged FROM entries INDEXED BY entries_as_written
    WHERE id > ? AND severity < 2 AND excluded = 0 ORDER BY id LIMIT ?"""
_REWEIGH = "UPDATE entries SET judged = ?, severity = ?, broken = ? WHERE id = ?"
_COUNT = """
    UPDATE articles SET
        errors = (SELECT count(*) FROM entries WHERE entries.id >= ?1 AND entries.id < ?2
                  AND severity = 0 AND excluded = 0),
        warnings = (SELECT count(*) FROM entries WHERE entries.id >= ?1 AND entries.id < ?2
                    AND severity = 1 AND excluded = 0)
    WHERE id = ?3"""
# Of all articles; the indexes are named, because SQLite would rather read the whole table.
_TOUCHED = (
    f"""
    SELECT DISTINCT id / {POSITIONS} FROM entries INDEXED BY entries_to_judge
    WHERE judged IS NULL AND excluded = 0""",
    f"SELECT DISTINCT id / {POSITIONS} FROM entries INDEXED BY entries_to_edit WHERE edits = 1",
)
_NAMING = f"""
    SELECT DISTINCT id / {POSITIONS} FROM due
    CROSS JOIN entries INDEXED BY entries_by_url ON entries.url = due.url"""
_OF_SIZE = f"""
    SELECT DISTINCT id / {POSITIONS} FROM entries
    WHERE excluded = 0
          AND verdict IN ({", ".join(f"'{one.value}'" for one in sorted(SIZE_VERDICTS))})"""
_STANDING = """
    SELECT id, judged, verdict, severity, broken FROM entries
    WHERE id >= ? AND id < ? AND excluded = 0 ORDER BY id"""
_PLACES = f"""
    SELECT p.id, e.written, a.name, p.identity, p.evidence IS NULL FROM places p
    JOIN entries e ON e.id = (SELECT min(id) FROM run_entries WHERE place = p.id)
    JOIN articles a ON a.id = e.id / {POSITIONS}"""


# A judged entry: its text (documents.py), its verdict, the rank of its worst finding, and
# `broken_text`.
Standing = tuple[str, str, int, str | None]


class Unjudged(Struct, frozen=True):
    """An entry to be judged: `answered` is the status of the answer that brought its copy.

    `failing_since`: when its failures began, in POSIX seconds. `earlier`: documents.history_text.
    """

    id: int
    declared: DeclaredEntry
    failure: str | None
    failing_since: float | None
    placeholder: bool
    copy: str | None
    answered: int | None
    place: str | None
    article: str
    earlier: str | None = None


def to_judge(catalog: Catalog) -> Iterator[list[Unjudged]]:
    """All entries that have to be judged, some at once; each batch is put before the next."""
    last = -1
    while found := catalog.rows(_TO_JUDGE, (last, _BATCH)):
        yield [_unjudged(row) for row in found]
        last = found[-1][0]


def _unjudged(row: Row) -> Unjudged:
    number, *declared = row[:23]
    status, failure, since, placeholder, seen, place, shown, earlier = row[23:]
    return Unjudged(
        number,
        declared_entry(tuple(declared)),
        failure,
        since,
        bool(placeholder),
        seen,
        status,
        place,
        shown,
        earlier,
    )


class Judged(Struct, frozen=True):
    """An entry's result; `flag` is the one that its article should have, None for any.

    `lacks_placeholder`: the article should have another one. `until`: when it has to be judged
    again though nothing else has changed, in POSIX seconds.
    """

    id: int
    result: EntryResult
    flag: bool | None
    answered: int | None
    until: float | None = None
    lacks_placeholder: bool = False


def put(catalog: Catalog, results: Sequence[Judged]) -> None:
    """Note results, and what the search has to find them by."""
    articles = sorted({one.id // POSITIONS for one in results})
    with catalog.together():
        catalog.many(_PUT, map(_row, results))
        catalog.many("DELETE FROM search WHERE rowid = ?", ((one.id,) for one in results))
        texts = ((one.id, haystack(one.result)) for one in results)
        catalog.many("INSERT INTO search (rowid, text) VALUES (?, ?)", texts)
        catalog.many(_COUNT, ((*entries_of(number), number) for number in articles))


def _row(one: Judged) -> Row:
    result, declared = one.result, one.result.declared
    rank = rank_of(result.worst)
    text = documents.entry_text(result, flag=one.flag, answered=one.answered)
    has_other_flag = one.flag is not None and one.flag != declared.cached
    edits = has_other_flag or one.lacks_placeholder
    return (text, result.verdict.value, rank, edits, broken_text(result), one.until, one.id)


def select(catalog: Catalog, selection: Selection) -> None:
    """What is not selected becomes ignored; only in a copy of one's own."""
    articles, last = set[int](), -1
    with catalog.together():
        while found := catalog.rows(_LISTED, (last, _BATCH)):
            rows = []
            for number, text in found:
                article, result = number // POSITIONS, documents.entry_result("", text)
                selected = selection.of(result)
                if selected is not result:
                    articles.add(article)
                    rows.append(_selected_row(number, text, selected))
            catalog.many(_REWEIGH, rows)
            last = found[-1][0]
        catalog.many(_COUNT, ((*entries_of(number), number) for number in sorted(articles)))


def _selected_row(number: int, text: str, selected: EntryResult) -> Row:
    rank = rank_of(selected.worst)
    return (documents.reweighed(text, selected), rank, broken_text(selected), number)


def rank_of(severity: Severity | None) -> int:
    """The number of a severity: 0 for an error, 1 for a warning, 2 for neither."""
    return RANKS.get(severity, _NEITHER) if severity else _NEITHER


def broken_text(result: EntryResult) -> str | None:
    """The ranks of the verdict and of each broken rule; None where no rule is broken."""
    if not result.broken:
        return None
    broken = [(one.breach, rank_of(one.severity)) for one in result.broken]
    return json.dumps((rank_of(result.severity), broken))


class Ranks(NamedTuple):
    """The ranks of all that was found at an entry, and the breaches among it."""

    all: list[int]
    breaches: list[Breach]


def ranks(worst: int, broken: str | None) -> Ranks:
    """What `broken_text` and the rank of the worst finding say of an entry."""
    if broken is None:
        return Ranks([worst], [])
    own, rules = json.loads(broken)
    return Ranks([own, *(rank for _, rank in rules)], [Breach(breach) for breach, _ in rules])


def haystack(result: EntryResult) -> str:
    """The text in which a search for an entry looks, beside its article's name."""
    broken = "".join(f"\n{one.breach} {one.rule} {one.message}" for one in result.broken)
    return folded(f"{result.url}\n{result.message or ''}{broken}")


def evidence_of(one: Unjudged) -> Evidence:
    """What is known of an image that needs no fetch, as it was measured."""
    if one.place is None:
        return Evidence()
    return _place_evidence(one.place)


def _place_evidence(text: str) -> Evidence:
    failure, measured = json.loads(text)
    if measured is None:
        return Evidence(failure=documents.failure_of(failure))
    width, height, label, length, has_position = measured
    size = Size(width, height)
    return Evidence(measured=Measured(size, Format.of(label), length, has_position=has_position))


class Place(NamedTuple):
    """An image of the run that needs no fetch; `identity` is that of its file when it was measured.

    `article`: the name of one that names it. `is_new`: it was not measured yet.
    """

    id: int
    written: str | bytes
    article: bytes
    identity: str | None
    is_new: bool


def places(catalog: Catalog) -> list[Place]:
    """The images of the run that need no fetch."""
    return [Place(*row) for row in catalog.rows(_PLACES)]


def put_place(catalog: Catalog, number: int, identity: str | None, evidence: Evidence) -> None:
    """Note what an image is; what names it has to be judged again where that is new."""
    measured = evidence.measured
    text = json.dumps(
        (
            documents.failure_text(evidence.failure),
            measured
            and (*measured.size, measured.format.label, measured.bytes, measured.has_position),
        )
    )
    before = catalog.one("SELECT identity, evidence FROM places WHERE id = ?", (number,))
    if before != (identity, text):
        query = "UPDATE places SET identity = ?, evidence = ? WHERE id = ?"
        catalog.many(query, [(identity, text, number)])
        query = "UPDATE entries SET judged = NULL WHERE judged IS NOT NULL AND place = ?"
        catalog.many(query, [(number,)])


def place_evidence(catalog: Catalog, key: bytes) -> Evidence | None:
    """What is known of an image that needs no fetch, by its key; None where it was not measured."""
    row = catalog.one("SELECT evidence FROM places WHERE key = ?", (key,))
    return None if row is None or row[0] is None else _place_evidence(row[0])


def failed_places(catalog: Catalog) -> int:
    """How many images of the run that need no fetch are broken."""
    query = """
        SELECT count(*) FROM places WHERE json_extract(evidence, '$[0]') IS NOT NULL
        AND id IN (SELECT place FROM run_entries WHERE place IS NOT NULL)"""
    return int(catalog.value(query))


def touched(catalog: Catalog, due: Iterable[int], *, of_size: bool) -> set[int]:
    """The articles with an entry that is to be judged, or that should say otherwise.

    Also those that name one of the URLs in `due`; `of_size`: and those with a wrong size.
    """
    queries = (*_TOUCHED, _OF_SIZE) if of_size else _TOUCHED
    return naming(catalog, due).union(*(_articles(catalog, query) for query in queries))


def naming(catalog: Catalog, urls: Iterable[int]) -> set[int]:
    """The articles that name one of some URLs."""
    catalog.temporary("DROP TABLE IF EXISTS due")
    catalog.temporary("CREATE TEMP TABLE due (url INTEGER PRIMARY KEY)")
    catalog.temporary("INSERT INTO due VALUES (?)", ((number,) for number in urls))
    return _articles(catalog, _NAMING)


def _articles(catalog: Catalog, query: str) -> set[int]:
    return {number for (number,) in catalog.rows(query)}


def expires(catalog: Catalog, now: float) -> bool:
    """Whether a result holds no longer at `now`, in POSIX seconds."""
    query = "SELECT EXISTS (SELECT 1 FROM entries WHERE until <= ?)"
    return bool(catalog.value(query, (now,)))


def expire(catalog: Catalog, now: float) -> None:
    """What holds no longer has to be judged again. Nothing is written where all does."""
    if expires(catalog, now):
        catalog.many("UPDATE entries SET judged = NULL, until = NULL WHERE until <= ?", [(now,)])


def standing(catalog: Catalog, first: int, last: int) -> dict[int, list[Standing]]:
    """The judged entries of articles, by article, in their order.

    Of the articles with the ids from `first` to `last`; those without entries are left out.
    """
    found: dict[int, list[Standing]] = {}
    for number, *row in catalog.rows(_STANDING, (entries_of(first)[0], entries_of(last)[1])):
        found.setdefault(number // POSITIONS, []).append(tuple(row))
    return found
