"""The catalog in SQLite says what one of plain lists says, whatever is asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.core.catalog import ArticleState, ImageQuery, Order, Query, Sorting
from imgcache.core.http.location import Location, locate
from imgcache.core.http.url import WebUrl
from imgcache.edge.catalog import articles, images, judged
from imgcache.edge.catalog.articles import ArticleRow, DeclaredEntry
from imgcache.edge.catalog.database import Catalog
from imgcache.edge.catalog.judged import Judged
from imgcache.edge.catalog.noting import articles as noting
from imgcache.edge.catalog.noting.facts import update
from imgcache.edge.catalog.queries import CatalogQueries, Edition
from imgcache.edge.catalog.urls import UrlRow
from imgcache.errors import ArticleError
from imgcache.findings import BrokenRule, Health
from imgcache.model import Breach, Declared, Entry, Notes, Severity, Verdict
from imgcache.results import ArticleProblem, EntryResult, UrlState
from imgcache.userinfo import masked
from tests.support.facts import NOON
from tests.support.listed import ListedCatalog

URLS = (
    "https://a.test/Stra\u00dfe.jpg",
    "HTTPS://A.test/100%25_x.jpg#part",
    "https://a.test/100%25_x.jpg",
    "https://user:secret@a.test/x.jpg",
    'http://b.test/"quoted".jpg',
    "https://b.test/\u0130stanbul.jpg",
    "https://a.test:8443/",
    "/local/'one'.jpg",
    "/local/" + "long" * 40 + ".jpg",
    "data:image/png;base64,AAAA",
    "ftp://c.test/",
    "a\0b\nc\ud800.jpg",
)
MESSAGES = (
    None,
    "the server answered 404; replace it",
    "IT IS 3 x 4%\n\0_",
    "\u1e9e\ufb01 \U0001f5bc",
)
SHOWN = ("articles/a.md", "articles/B_\u00df.md", 'content/100%"c".md', "z.md")
TITLES = ("A <story>", "Z", "Stra\u00dfe: 100% \u0130stanbul")
PARTS = (
    *("a", "%", "_", '"', "'", "\n", "\0", "\ud800", "ss", "\u00df", "i\u0307", ".jpg"),
    *("strasse", "STRA\u00dfE", "\u0130STANBUL", "404", "jpg\nthe", "https://a.test", "100%25_X"),
    *(".md", "b_ss", "articles/", '"c"', 'quoted"', "AND", 'a" OR "b', "*", "nowhere", "x 4%\n"),
)


@dataclass(frozen=True)
class One:
    """One entry; `message` is only said of a verdict that has a severity."""

    url: str
    verdict: Verdict = Verdict.OK
    severity: Severity | None = None
    message: str | None = None
    excluded: bool = False
    broken: tuple[BrokenRule, ...] = ()


@dataclass(frozen=True)
class Written:
    """One file and its entries, or what is wrong with it; one that is no article has neither."""

    entries: tuple[One, ...] = ()
    problems: tuple[str, ...] = ()
    kind: str = "article"
    title: str | None = None


def result_of(shown: str, at: int, one: One) -> EntryResult:
    return EntryResult(
        article=shown,
        line=at + 2,
        column=5,
        pointer=f"/images/{at}",
        url=masked(one.url),
        verdict=one.verdict,
        severity=one.severity,
        message=one.message,
        declared=Declared(),
        broken=one.broken,
    )


def reference(files: Sequence[Written], known: Sequence[str]) -> ListedCatalog:
    entries: list[EntryResult] = []
    states: list[ArticleState] = []
    for shown, file in zip(SHOWN, files, strict=False):
        some = [result_of(shown, at, o) for at, o in enumerate(file.entries) if not o.excluded]
        weights = [one.worst for one in some]
        problems = tuple(ArticleProblem(shown, 1, text) for text in file.problems)
        errors, warnings = weights.count(Severity.ERROR), weights.count(Severity.WARNING)
        if file.kind == "article":
            ignored = weights.count(Severity.IGNORE)
            counts = (len(some), errors, warnings, problems, ignored)
            states.append(ArticleState(shown, *counts, file.title, file.title and "2026-01-02"))
        entries += some
    locations = [locate(one.url) for file in files for one in file.entries if not one.excluded]
    of_web = {one.href: one for one in locations if isinstance(one, WebUrl)}
    asked = {href: NOON if href in known else None for href in of_web}
    urls_known = {
        href: UrlState(
            href,
            url.host,
            asked_at=asked[href],
            succeeded_at=asked[href],
            failing_since=since(href) if href in known else None,
        )
        for href, url in of_web.items()
    }
    return ListedCatalog(entries, states, urls_known)


def fill(catalog: Catalog, files: Sequence[Written], known: Sequence[str]) -> None:
    previous, results = 0, []
    for shown, file in zip(SHOWN, files, strict=False):
        number = articles.id_after(catalog, previous)
        assert number is not None
        previous = number
        problems = tuple(ArticleError(text, 1) for text in file.problems)
        notes = Notes(title=file.title, date=file.title and "2026-01-02")
        row = ArticleRow(number, shown, None, None, file.kind, problems, notes)
        declared = [
            DeclaredEntry(*_located(at, o), "", o.excluded) for at, o in enumerate(file.entries)
        ]
        noting.put(catalog, row, shown.encode(), declared)
        results += [
            Judged(number * articles.POSITIONS + at, result_of(shown, at, one), None, None)
            for at, one in enumerate(file.entries)
            if not one.excluded
        ]
    facts = {href: UrlRow(NOON, NOON, 0.0, None, None, since(href), None, None) for href in known}
    update(catalog, facts, ())
    judged.put(catalog, results)


def since(href: str) -> float | None:
    """When the failures of a URL began; of some they never did."""
    return NOON + len(href) if len(href) % 2 else None


def _located(at: int, one: One) -> tuple[Entry, Location]:
    entry = Entry(f"/images/{at}", at + 2, 5, one.url, one.url, Declared())
    return entry, locate(one.url)


@contextmanager
def both(
    files: Sequence[Written], known: Sequence[str] = ()
) -> Iterator[tuple[CatalogQueries, ListedCatalog]]:
    with Catalog() as catalog:
        fill(catalog, files, known)
        images.make(catalog)
        yield CatalogQueries(catalog, Edition("edition", NOON)), reference(files, known)


_findings = st.builds(
    One,
    st.sampled_from(URLS),
    st.sampled_from([Verdict.GONE, Verdict.TIMEOUT, Verdict.DIMENSIONS_MISMATCH]),
    st.sampled_from(Severity),
    st.sampled_from(MESSAGES),
    st.sampled_from([False, False, False, True]),
)
_broken = st.builds(
    BrokenRule,
    st.sampled_from(["hero", "IT IS"]),
    st.sampled_from(Breach),
    st.sampled_from(Severity),
    st.sampled_from(["it is 3 x 4%", "404"]),
)
_breaking = st.builds(
    dataclasses.replace,
    _findings | st.builds(One, st.sampled_from(URLS)),
    broken=st.lists(_broken, max_size=2).map(tuple),
)
_entries = _findings | _breaking | st.builds(One, st.sampled_from(URLS))
_files = st.lists(
    st.builds(
        Written,
        st.lists(_entries, max_size=6).map(tuple),
        title=st.none() | st.sampled_from(TITLES),
    )
    | st.builds(
        Written, problems=st.lists(st.sampled_from(["odd", "worse"]), max_size=2).map(tuple)
    )
    | st.just(Written(kind="plain")),
    max_size=len(SHOWN),
)
_words = st.sampled_from([*PARTS, "<STORY>", "istanbul", "gone"]) | st.text(max_size=4)
_texts = _words | st.lists(_words, max_size=3).map(" ".join)
_queries = st.builds(
    Query,
    st.frozensets(st.sampled_from([Verdict.OK, Verdict.GONE, Verdict.TIMEOUT]), max_size=2),
    st.frozensets(st.sampled_from(Severity), max_size=2),
    st.none() | st.sampled_from(["a.test", "A.TEST", "b.test", "\ud800"]),
    st.none() | _texts,
    st.none() | st.sampled_from([*SHOWN, "nowhere", "\ud800"]),
    st.sampled_from(Order),
)
_known = st.lists(
    st.sampled_from([one.href for one in map(locate, URLS) if isinstance(one, WebUrl)])
)


@settings(deadline=None, max_examples=150)
@given(files=_files, query=_queries, offset=st.integers(0, 8), most=st.integers(0, 5))
def test_a_selection(files: Sequence[Written], query: Query, offset: int, most: int) -> None:
    with both(files) as (catalog, listed):
        assert catalog.total(query) == listed.total(query)
        assert catalog.select(query, 0, 100) == listed.select(query, 0, 100)
        assert catalog.select(query, offset, most) == listed.select(query, offset, most)


@settings(deadline=None, max_examples=100)
@given(files=_files, known=_known, text=_texts, places=st.integers(0, 3))
def test_all_the_rest(
    files: Sequence[Written], known: Sequence[str], text: str, places: int
) -> None:
    with both(files, known) as (catalog, listed):
        written = Query(order=Order.AS_WRITTEN)
        assert catalog.known(written, 0, 99, places) == listed.known(written, 0, 99, places)
        assert catalog.overview(places) == listed.overview(places)
        assert catalog.failed_articles() == listed.failed_articles()
        assert catalog.last_answer == listed.last_answer
        assert list(catalog.every_article(places)) == list(listed.every_article(places))
        assert catalog.worst_articles(1, 2) == listed.worst_articles(1, 2)
        assert catalog.worst_articles(0, 9, text) == listed.worst_articles(0, 9, text)
        assert catalog.total_articles(text) == listed.total_articles(text)
        for name in (*SHOWN, "nowhere"):
            assert catalog.article(name) == listed.article(name)
        for url in (*URLS, "https://nobody.test/", "nobody.jpg"):
            assert catalog.state(url) == listed.state(url)
            assert catalog.total_users(url) == listed.total_users(url)
            assert catalog.users(url, 2) == listed.users(url, 2)


_image_queries = st.builds(
    ImageQuery,
    st.none() | st.sampled_from(Health),
    st.none() | st.sampled_from([Verdict.OK, Verdict.GONE]),
    st.none() | st.sampled_from(["hero", "IT IS", "nobody's", "\ud800"]),
    st.none() | st.sampled_from(["a.test", "A.TEST", "\ud800"]),
    st.none() | st.booleans(),
    st.none() | st.booleans(),
    st.just("") | _texts,
    st.sampled_from(Sorting),
)


@settings(deadline=None, max_examples=150)
@given(files=_files, known=_known, query=_image_queries, offset=st.integers(0, 3))
def test_images(
    files: Sequence[Written], known: Sequence[str], query: ImageQuery, offset: int
) -> None:
    with both(files, known) as (catalog, listed):
        assert catalog.images(query, 0, 99, 3) == listed.images(query, 0, 99, 3)
        assert catalog.images(query, offset, 2, 1) == listed.images(query, offset, 2, 1)
        assert catalog.facets(query) == listed.facets(query)
        assert catalog.total_hosts() == listed.total_hosts()
        assert catalog.host_states(offset, 2) == listed.host_states(offset, 2)


@settings(deadline=None, max_examples=100)
@given(files=_files, later=_files, known=_known)
def test_images_follow_what_changes(
    files: Sequence[Written], later: Sequence[Written], known: Sequence[str]
) -> None:
    with Catalog() as catalog:
        fill(catalog, files, ())
        images.renew(catalog)
        for shown in SHOWN[: len(files)]:
            noting.remove(catalog, shown.encode())
        fill(catalog, later, known)
        images.renew(catalog)
        query = "SELECT * FROM images ORDER BY id"
        renewed = catalog.rows(query)
        images.make(catalog)
        assert renewed == catalog.rows(query)


@pytest.mark.parametrize("rare", [True, False])
@pytest.mark.parametrize("order", Order)
def test_a_text_is_found_by_its_index_and_by_looking(order: Order, *, rare: bool) -> None:
    """Which way is shorter depends on how many have the text: both find the same."""
    few, many = (1, 40) if rare else (40, 1)
    plain = [One(f"https://a.test/{number}.jpg") for number in range(many)]
    gone = One("https://b.test/Castle.jpg", Verdict.GONE, Severity.ERROR, "it is gone")
    with both([Written((*plain, *[gone] * few)), Written((gone,))]) as (catalog, listed):
        texts = ("castle", "IS GONE", "b_ss", "b.test/castle.jpg\nit", "gone castle b.test")
        for text in texts:
            query = Query(text=text, order=order)
            assert catalog.total(query) == listed.total(query) > 0
            assert catalog.select(query, 0, 50) == listed.select(query, 0, 50)


def test_words_are_found_in_any_order_in_title_path_and_entry_together() -> None:
    gone = One("https://b.test/Castle.jpg", Verdict.GONE, Severity.ERROR, "it is gone")
    files = [Written((gone,), title="The old bridge"), Written((gone,), title="A new bridge")]
    with both(files) as (catalog, _):
        for text, number in (
            ("bridge", 2),
            ("BRIDGE  old", 1),
            ("old castle a.md", 1),
            ("old new", 0),
            ("bridge nowhere", 0),
            (" \t ", 2),
        ):
            assert catalog.total(Query(text=text)) == number
            assert catalog.facets(ImageQuery(text=text)).total == min(1, number)
        assert catalog.total_articles("bridge NEW") == 1


def test_a_moved_article_is_found_by_its_new_path_and_its_title() -> None:
    with Catalog() as catalog:
        fill(catalog, [Written((One(URLS[0]),), title="The bridge")], ())
        (number,) = (row[0] for row in catalog.rows("SELECT id FROM articles"))
        noting.show_as(catalog, number, "elsewhere/a.md")
        queries = CatalogQueries(catalog, Edition("first", NOON))
        assert queries.total(Query(text="bridge elsewhere/")) == 1
        assert queries.total(Query(text="articles/")) == 0


def test_each_edition_is_counted_once() -> None:
    with Catalog() as catalog:
        fill(catalog, [Written((One(URLS[0]),))], ())
        queries = CatalogQueries(catalog, Edition("first", NOON))
        assert queries.total(Query()) == 1
        fill(catalog, [Written((One(URLS[0]), One(URLS[1])))], ())
        assert queries.total(Query()) == 1
        later = CatalogQueries(catalog, Edition("second", NOON))
        assert later.total(Query()) == 2


def test_no_selection_reads_entries_that_it_does_not_show() -> None:
    """Each filter is answered by an index that has all columns it looks at."""
    with Catalog() as catalog:
        fill(catalog, [Written((One(URLS[0]),))], ())
        asked: list[str] = []
        catalog._connection.set_trace_callback(asked.append)
        queries = CatalogQueries(catalog, Edition("first", NOON))
        for query in (
            Query(),
            Query(order=Order.AS_WRITTEN),
            Query(frozenset({Verdict.OK})),
            Query(host="a.test"),
            Query(frozenset({Verdict.OK}), host="a.test"),
            Query(frozenset({Verdict.OK}), frozenset({Severity.ERROR})),
        ):
            for one in (query, replace(query, text="jpg")):
                queries.total(one)
                queries.select(one, 0, 9)
        catalog._connection.set_trace_callback(None)
        plans = [
            str(row)
            for statement in asked
            if "FROM entries INDEXED" in statement or "JOIN entries INDEXED" in statement
            for row in catalog.rows(f"EXPLAIN QUERY PLAN {statement}")
        ]
        scans = [plan for plan in plans if "entries" in plan and "CO-ROUTINE" not in plan]
        assert scans
        assert [plan for plan in scans if "COVERING INDEX entries_" not in plan] == []
