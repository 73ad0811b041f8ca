"""What of the cache no article names."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from imgcache.core.cache.garbage import (
    Garbage,
    NamedUrls,
    UrlStatus,
    find_garbage,
    mentioned,
    unreferenced,
)
from imgcache.facts import Earlier
from tests.support.facts import NOON, image_of

A, B, C = (f"https://{name}.example/" for name in "abc")
IMAGE = image_of(b"one")
NOBODY = NamedUrls(frozenset(), frozenset())


def standing(url: str, copy: str | None = None, tried_at: float = NOON) -> UrlStatus:
    return UrlStatus(url, tried_at, copy, None)


def named(*urls: str) -> NamedUrls:
    return NamedUrls(frozenset(urls), frozenset(urls))


def test_a_url_that_no_article_names_goes_with_its_spellings() -> None:
    spellings = {A: A, "//a.example/": A, B: B}
    found = find_garbage([standing(A, "1"), standing(B, "2")], spellings, named(B), NOON + 1, NOON)
    assert found == Garbage((A,), (A, "//a.example/"), frozenset({"2"}))


def test_a_replaced_picture_stays_for_a_while_with_its_url() -> None:
    earlier = (Earlier("young", "0" * 16, NOON - 6), Earlier("old", "0" * 16, NOON - 8))
    known = UrlStatus(A, NOON, "new", None, earlier)
    found = find_garbage([known], {}, named(A), math.inf, NOON - 7)
    assert found.kept == {"new", "young"}
    assert find_garbage([known], {}, NOBODY, NOON + 1, NOON - 7).kept == frozenset()


def test_a_copy_stays_while_one_of_its_urls_is_named() -> None:
    found = find_garbage([standing(A, "1"), standing(B, "1")], {}, named(B), NOON + 1, NOON)
    assert (found.urls, found.kept) == ((A,), frozenset({"1"}))


def test_a_url_that_was_tried_lately_is_spared_with_its_spellings_and_copy() -> None:
    found = find_garbage([standing(A, "1")], {A: A}, NOBODY, NOON, NOON)
    assert found == Garbage((), (), frozenset({"1"}))


def test_a_spelling_goes_when_the_articles_spell_its_url_otherwise() -> None:
    articles = NamedUrls(frozenset({A}), frozenset({A}))
    found = find_garbage([standing(A)], {A: A, "//a.example/": A}, articles, NOON + 1, NOON)
    assert found == Garbage((), ("//a.example/",), frozenset())


@pytest.mark.parametrize(
    ("mtime", "kept", "goes"),
    [(NOON - 1, set(), True), (NOON - 1, {IMAGE.sha256}, False), (NOON + 1, set(), False)],
)
def test_an_image_goes_when_nobody_points_to_it_and_it_is_old(
    mtime: float, kept: set[str], goes: bool
) -> None:
    image = replace(IMAGE, mtime_ns=int(mtime * 1e9))
    assert list(unreferenced([image], kept, NOON)) == [image] * goes


def test_a_text_mentions_recorded_urls_as_they_are_spelt() -> None:
    recorded = {A: A, "//b.example/": B, C: C}
    text = f"--\nimages: [{{url: '{A}'}}, see //b.example/x\n"
    assert mentioned(text, recorded) == NamedUrls(frozenset({A, B}), frozenset({A, "//b.example/"}))
    assert mentioned("nothing", recorded) == NOBODY


_urls = st.sampled_from([A, B, C])
_copies = st.none() | st.sampled_from("123")
_standings = st.lists(
    st.builds(UrlStatus, _urls, st.floats(0, 9), _copies, st.none(), st.just(())),
    unique_by=lambda one: one.url,
)


@given(_standings, st.frozensets(_urls), st.floats(0, 9))
def test_what_is_named_or_young_always_stays(
    url_statuses: list[UrlStatus], urls: frozenset[str], before: float
) -> None:
    found = find_garbage(
        url_statuses,
        {one.url: one.url for one in url_statuses},
        NamedUrls(urls, urls),
        before,
        before,
    )
    staying = [one for one in url_statuses if one.url in urls or one.tried_at >= before]
    assert set(found.urls) == {one.url for one in url_statuses} - {one.url for one in staying}
    assert found.kept == {one.copy for one in staying if one.copy}
    assert set(found.spellings) == set(found.urls)
