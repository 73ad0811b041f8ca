from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgcache.config import LimitSettings
from imgcache.config_images import ImagePlace
from imgcache.core.articles.changes import Change
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.writeback import apply
from imgcache.errors import ArticleError
from tests.core.articles.places.placed import PLACES, articles
from tests.core.articles.strategies import Written

LIMITS = LimitSettings()
THOROUGH = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def parsed(data: bytes, *, whole: bool) -> Article:
    article = read(data, whole=whole, places=PLACES, limits=LIMITS)
    assert isinstance(article, Article)
    return article


@THOROUGH
@given(written=articles(), data=st.data())
def test_at_any_place_only_the_flags_change_and_every_other_byte_stays(
    written: Written, data: st.DataObject
) -> None:
    article = parsed(written.data(), whole=written.whole)
    assert [entry.declared.cached for entry in article.entries] == written.flags
    flags = data.draw(st.lists(st.sampled_from([True, False, None]), min_size=len(written.flags)))
    wanted = {index: flag for index, flag in enumerate(flags) if flag is not None}
    changes = {index: Change(cached=flag) for index, flag in wanted.items()}
    once = apply(article, changes).data
    assert once == written.data(wanted)
    assert apply(parsed(once, whole=written.whole), changes).data == once


@THOROUGH
@given(written=articles())
def test_every_image_is_found_where_it_stands(written: Written) -> None:
    article = parsed(written.data(), whole=written.whole)
    lines = article.document.text.split("\n")
    places = [lines[entry.line - 1][entry.column - 1 :] for entry in article.entries]
    assert len(places) == len(written.urls)
    assert all(map(str.startswith, places, written.urls))


@THOROUGH
@given(written=articles(), size=st.tuples(*[st.integers(1, 999_999_999)] * 2))
def test_sizes_change_where_they_are_named_and_nothing_else_does(
    written: Written, size: tuple[int, int]
) -> None:
    article = parsed(written.data(), whole=written.whole)
    writable = {
        index
        for index, (entry, site) in enumerate(zip(article.entries, article.sites, strict=True))
        if {"width", "height"} - set(entry.declared.unnamed) <= set(site.slots(article.resolved))
    }
    change = Change(width=size[0], height=size[1])
    out = apply(article, dict.fromkeys(writable, change)).data
    after = parsed(out, whole=written.whole)
    for index, (old, new) in enumerate(zip(article.entries, after.entries, strict=True)):
        named = index in writable
        for side, true in zip(("width", "height"), size, strict=True):
            is_written = named and side not in old.declared.unnamed
            assert getattr(new.declared, side) == (
                true if is_written else getattr(old.declared, side)
            )
        assert new.declared.cached is old.declared.cached
        assert new.declared.unnamed == old.declared.unnamed
    assert apply(after, dict.fromkeys(writable, change)).data == out


@pytest.mark.parametrize("value", ["{credit: Ann}", "[CC, BY]", "\n      credit: Ann"])
@pytest.mark.parametrize("key", ["meta", "size"])
def test_a_list_or_mapping_under_a_key_of_the_site_is_not_replaced(key: str, value: str) -> None:
    place = ImagePlace(at="photos[]", url=("src",), width="size", cached="meta")
    text = f"---\nphotos:\n  - src: https://a.test/1.png\n    {key}: {value}\n---\n"
    article = read(text.encode(), whole=False, places=places_of((place,)), limits=LIMITS)
    assert isinstance(article, Article)
    with pytest.raises(ArticleError, match=f"`{key}`"):
        apply(article, {0: Change(cached=True, width=3)})
