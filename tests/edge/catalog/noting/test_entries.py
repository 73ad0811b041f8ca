from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.http.location import locate
from imgcache.edge.catalog import articles, judged
from imgcache.edge.catalog.articles import POSITIONS, ArticleRow, DeclaredEntry
from imgcache.edge.catalog.database import Catalog, Row
from imgcache.edge.catalog.judged import Judged
from imgcache.edge.catalog.noting import articles as noting
from imgcache.edge.catalog.noting import entries
from imgcache.model import Declared, Entry, Notes, Severity, Side, Verdict
from imgcache.results import EntryResult

A, B = "https://one.example/a.jpg", "https://two.example/b.jpg"
NAMES = (b"a.md", b"b.md")
TRIGGER = """
    CREATE TEMP TRIGGER {event}_entry AFTER {event} ON entries
    BEGIN INSERT INTO touched VALUES ('{event} ' || {row}.id); END"""
FOUND_BY_INDEXES = "SELECT DISTINCT name FROM pragma_index_xinfo(?) WHERE key = 1"


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    with Catalog() as opened:
        yield opened


def declared(
    url: str, *, cached: bool | None = None, line: int = 3, excluded: bool = False
) -> DeclaredEntry:
    sides = (Side("width", line + 1, 12, 3, "    width: 160"),)
    entry = Entry(f"/images/{line}", line, 10, url, url, Declared(160, cached=cached), sides=sides)
    return DeclaredEntry(entry, locate(url), f"  - url: {url}", excluded)


def put(catalog: Catalog, name: bytes, entries: Sequence[DeclaredEntry], title: str = "") -> int:
    number = NAMES.index(name) + 1
    row = ArticleRow(number, name.decode(), None, b"digest", "article", (), Notes(title=title))
    noting.put(catalog, row, name, entries)
    return number


def judge(catalog: Catalog) -> None:
    """Judge all that has to be."""
    for batch in judged.to_judge(catalog):
        judged.put(catalog, [Judged(one.id, result_of(one.declared), None, 200) for one in batch])


def result_of(one: DeclaredEntry) -> EntryResult:
    entry = one.entry
    where = ("a.md", entry.line, entry.column, entry.pointer, entry.url_text)
    return EntryResult(*where, Verdict.GONE, Severity.ERROR, "gone", entry.declared)


def told(catalog: Catalog) -> list[list[Row]]:
    """All that the catalog says of articles, without the numbers of URLs and places."""
    queries = (
        "SELECT id, name, shown, kind, notes, entries, errors, warnings FROM articles ORDER BY id",
        """SELECT e.id, pointer, line, col, written, refused, url_text, width, height, cached,
                  sides, excerpt, excluded, e.host, judged, verdict, severity, edits, until,
                  href, p.key, image IS NULL, image = 2 * e.url, image = 2 * place + 1
           FROM entries e LEFT JOIN urls u ON u.id = e.url LEFT JOIN places p ON p.id = e.place
           ORDER BY e.id""",
        "SELECT href, scheme, host, port, known FROM urls ORDER BY href",
        "SELECT rowid, text FROM search ORDER BY rowid",
        "SELECT rowid, text FROM names ORDER BY rowid",
    )
    return [catalog.rows(query) for query in queries]


ENTRIES = st.builds(
    declared,
    st.sampled_from((A, B, "/local.png", "ftp://three.example/c", "")),
    cached=st.sampled_from((None, True, False)),
    line=st.integers(3, 5),
    excluded=st.booleans(),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.lists(ENTRIES, max_size=4), st.sampled_from("xy")),
    max_size=6,
)


@given(STEPS, st.lists(st.booleans(), min_size=6, max_size=6))
def test_what_is_put_over_something_else_is_as_if_it_was_put_first(
    steps: list[tuple[bytes, list[DeclaredEntry], str]], judging: list[bool]
) -> None:
    with Catalog() as catalog, Catalog() as fresh:
        for (name, some, title), is_judged in zip(steps, judging, strict=False):
            put(catalog, name, some, title)
            if is_judged:
                judge(catalog)
        for last in {step[0]: step for step in steps}.values():
            put(fresh, *last)
        judge(catalog)
        judge(fresh)
        assert told(catalog) == told(fresh)


def test_a_new_flag_leaves_urls_and_other_rows_alone(catalog: Catalog) -> None:
    put(catalog, b"b.md", [declared(B)])
    number = put(catalog, b"a.md", [declared(A), declared(B, line=4)])
    before = catalog.rows("SELECT * FROM urls")
    catalog.temporary("CREATE TEMP TABLE touched (id)")
    for event, row in (("INSERT", "new"), ("DELETE", "old"), ("UPDATE", "new")):
        catalog.temporary(TRIGGER.format(event=event, row=row))
    put(catalog, b"a.md", [declared(A, cached=True), declared(B, line=4)])
    assert catalog.rows("SELECT id FROM touched") == [(f"UPDATE {number * POSITIONS}",)]
    assert catalog.rows("SELECT * FROM urls") == before
    assert [one.entry.declared.cached for one in articles.declared(catalog, number)] == [True, None]


def test_all_entries_of_an_article_are_judged_again(catalog: Catalog) -> None:
    put(catalog, b"a.md", [declared(A), declared(B)])
    put(catalog, b"b.md", [declared(B)])
    judge(catalog)
    counts = "SELECT id, errors FROM articles ORDER BY id"
    assert catalog.rows(counts) == [(1, 2), (2, 1)]
    put(catalog, b"a.md", [declared(A, cached=True), declared(B)])
    assert catalog.rows(counts) == [(1, 0), (2, 1)]
    due = [one.id for batch in judged.to_judge(catalog) for one in batch]
    assert due == [POSITIONS, POSITIONS + 1]


def test_a_url_that_no_entry_names_any_more_is_forgotten(catalog: Catalog) -> None:
    put(catalog, b"a.md", [declared(A)])
    put(catalog, b"a.md", [declared(B)])
    assert catalog.rows("SELECT href FROM urls") == [(B,)]


def test_no_index_looks_at_what_an_edit_changes(catalog: Catalog) -> None:
    names = [row[0] for row in catalog.rows("SELECT name FROM pragma_index_list('entries')")]
    found = {row[0] for name in names for row in catalog.rows(FOUND_BY_INDEXES, (name,))}
    assert found & {"url", "severity", "image"}
    assert not found.intersection(entries.SAYING)


@pytest.mark.parametrize("change", [put, lambda catalog, name, _: noting.remove(catalog, name)])
def test_a_change_of_one_article_looks_at_no_other(
    change: Callable[[Catalog, bytes, list[DeclaredEntry]], object],
) -> None:
    def steps(others: int) -> int:
        """How many steps of SQLite's machine a change takes."""
        taken: list[None] = []
        with Catalog() as catalog:
            for number in range(3, 3 + others):
                row = ArticleRow(number, "", None, None, "article", ())
                noting.put(catalog, row, b"%d" % number, [declared(f"{A}?{number}")])
            put(catalog, b"a.md", [declared(A)])
            with catalog.writing() as connection:
                connection.set_progress_handler(lambda: taken.append(None), 1)
                change(catalog, b"a.md", [declared(B)])
                connection.set_progress_handler(None, 0)
        return len(taken)

    assert steps(500) < 1.5 * steps(50)
