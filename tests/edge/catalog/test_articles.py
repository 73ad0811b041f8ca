from __future__ import annotations

from collections.abc import Iterator

import pytest

from imgcache.core.http.location import locate
from imgcache.edge.catalog import articles
from imgcache.edge.catalog.articles import ArticleRow, DeclaredEntry
from imgcache.edge.catalog.database import Catalog
from imgcache.edge.catalog.noting import articles as noting
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry, Notes, Side

A, B = "https://one.example/a.jpg", "https://one.example/b.jpg"


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    with Catalog() as opened:
        yield opened


def declared(url: str | None, text: str = "", *, excluded: bool = False) -> DeclaredEntry:
    unnamed = ("width", "cached") if excluded else ()
    strange, by_hand = (("height", "tall"),), ("height",) if excluded else ()
    says = Declared(160, cached=True, strange=strange, unnamed=unnamed, by_hand=by_hand)
    entry = Entry(
        "/images/0",
        3,
        10,
        url,
        url if url is not None else text,
        says,
        sides=(Side("width", 4, 12, 3, "    width: 160 # é"), Side("height", 3, 40, 4)),
    )
    return DeclaredEntry(entry, locate(url), f"  - url: {url}", excluded)


def put(catalog: Catalog, name: bytes, *entries: DeclaredEntry, after: int = 0) -> int:
    number = articles.id_after(catalog, after)
    assert number is not None
    row = ArticleRow(number, name.decode(), "1,2,3", b"digest", "article", (), Notes((0, 2), (7,)))
    noting.put(catalog, row, name, entries)
    return number


def urls(catalog: Catalog) -> list[str]:
    return [row[0] for row in catalog.rows("SELECT href FROM urls ORDER BY href")]


@pytest.mark.parametrize(
    "url", [A, "/local.png", "data:image/gif;base64,R0lGODlh", "", "ftp://x/a", "a\ud800b", None]
)
def test_an_entry_is_read_as_it_was_put(catalog: Catalog, url: str | None) -> None:
    entry = declared(url, "[1, 2]", excluded=url == A)
    number = put(catalog, b"a.md", entry)
    (found,) = articles.declared(catalog, number)
    assert found == entry
    assert found.entry.declared.strange == entry.entry.declared.strange


def test_a_password_is_not_kept_and_the_url_stays_refused(catalog: Catalog) -> None:
    entry = declared("https://user:secret@one.example/a.jpg")
    (found,) = articles.declared(catalog, put(catalog, b"a.md", entry))
    assert found.location == entry.location
    assert "secret" not in repr(found.entry)
    assert "secret" not in str(catalog.rows("SELECT * FROM entries")).replace(entry.excerpt, "")


def test_a_file_is_found_as_it_was(catalog: Catalog) -> None:
    why = ArticleError("no closing line", 3, column=2, excerpt="---")
    row = ArticleRow(7, "a.md", None, None, "broken", (why,))
    noting.put(catalog, row, b"\xff.md", [])
    found = articles.find(catalog, b"\xff.md")
    assert found is not None
    assert (found.kind, found.identity, found.digest) == ("broken", None, None)
    (problem,) = found.problems
    told = (problem.message, problem.line, problem.column, problem.excerpt)
    assert told == ("no closing line", 3, 2, "---")
    assert articles.find(catalog, b"other.md") is None


def test_a_url_is_kept_while_an_article_names_it(catalog: Catalog) -> None:
    put(catalog, b"a.md", declared(A), declared(B))
    put(catalog, b"b.md", declared(A))
    noting.remove(catalog, b"a.md")
    assert urls(catalog) == [A]
    noting.remove(catalog, b"b.md")
    assert (urls(catalog), catalog.rows("SELECT id FROM entries")) == ([], [])


def test_excluded_entries_name_no_url(catalog: Catalog) -> None:
    put(catalog, b"a.md", declared(A, excluded=True))
    assert urls(catalog) == []
    assert list(articles.spellings(catalog)) == [(A, True)]


def test_new_articles_find_room_between_others(catalog: Catalog) -> None:
    first = put(catalog, b"a.md")
    last = put(catalog, b"z.md", after=first)
    at, count = first, 0
    while (number := articles.id_after(catalog, at)) is not None:
        assert at < number < last
        put(catalog, f"{count}.md".encode(), after=at)
        at, count = number, count + 1
    assert count > 1000
