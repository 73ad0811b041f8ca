from __future__ import annotations

from collections.abc import Iterator

import pytest

from imgcache.edge.catalog import urls
from imgcache.edge.catalog.database import Catalog


@pytest.fixture
def catalog() -> Iterator[Catalog]:
    with Catalog() as opened:
        yield opened


def add(catalog: Catalog, href: str) -> None:
    catalog.many(
        "INSERT INTO urls (href, scheme, host, port) VALUES (?, 'http', 'a', 80)", [(href,)]
    )


def test_the_id_of_a_url_that_is_gone_is_not_given_to_another(catalog: Catalog) -> None:
    assert urls.newest(catalog) == 0
    add(catalog, "http://a/1")
    gone = urls.newest(catalog)
    catalog.many("DELETE FROM urls WHERE href = ?", [("http://a/1",)])
    add(catalog, "http://a/2")
    assert urls.ids_of(catalog, ["http://a/1", "http://a/2"])["http://a/2"] > gone


def test_urls_come_in_the_order_in_which_they_are_asked_for(catalog: Catalog) -> None:
    urls.choose(catalog, (), whole=True)
    hrefs = [f"http://a/{number}" for number in range(3)]
    for href in hrefs:
        add(catalog, href)
    known = urls.ids_of(catalog, hrefs)
    wanted = [hrefs[2], hrefs[0], hrefs[1]]
    found = urls.some(catalog, [known[href] for href in wanted])
    assert [url.href for _, url, _ in found] == wanted


def test_rows_of_temporary_tables_are_not_held_in_memory(catalog: Catalog) -> None:
    def rows() -> Iterator[tuple[int]]:
        for number in range(3):
            assert catalog.value("SELECT count(*) FROM due") == number
            yield (number,)

    catalog.temporary("CREATE TEMP TABLE due (url INTEGER PRIMARY KEY)")
    catalog.temporary("INSERT INTO due VALUES (?)", rows())
    assert catalog.value("SELECT count(*) FROM due") == 3
