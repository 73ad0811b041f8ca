from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.core.catalog import ArticleState, HostState, ImageQuery
from imgcache.model import Verdict
from imgcache.service import tables
from tests.render import sample
from tests.render.html.catalog import stock_of
from tests.support.facts import NOON

OK, GONE = sample.finished().entries()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_an_image_is_a_line_with_the_worst_of_its_places() -> None:
    found = stock_of([OK, replace(OK, line=9, article="articles/b.md")])
    (row,) = rows(tables.images(found.images(ImageQuery(), 0, 9, 9)))
    assert tuple(row) == tables.IMAGES
    assert (row["url"], row["severity"], row["all_verdicts"]) == (OK.url, "well", "ok")
    assert (row["width"], row["uses"], row["articles"], row["line"]) == ("1600", "2", "2", "4")


def test_articles_and_hosts_are_lines() -> None:
    (row,) = rows(tables.articles([ArticleState("a.md", 3, 2, 1, title="A, story", date="2026")]))
    assert (row["title"], row["errors"]) == ("A, story", "2")
    state = HostState("a.test", 4, 2, 1, 1, NOON, {Verdict.GONE: 2})
    (row,) = rows(tables.hosts([state]))
    assert (row["failing_since"], row["verdicts"]) == ("2025-11-23T12:00:00.000Z", "gone=2")


@pytest.mark.parametrize(
    "begins",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "  =1",
        "\uff1d1",
        "\ufeff=1",
        "\u3000=1",
        "\0=1",
        "\u200b@a",
    ],
)
def test_no_text_is_a_formula(begins: str) -> None:
    (row,) = rows(tables.articles([ArticleState(begins, 0, 0, 0, title=begins)]))
    assert row["article"] == row["title"] == f"'{begins}"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_comes_back(text: str) -> None:
    (row,) = rows(tables.articles([ArticleState(text, 0, 0, 0)]))
    assert row["article"].removeprefix("'") == text.removeprefix("'")
    assert not row["article"].lstrip(" \u00a0").startswith(("=", "+", "-", "@"))
