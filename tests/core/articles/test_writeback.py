from __future__ import annotations

from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from imgcache.config import LimitSettings
from imgcache.core.articles.changes import Change
from imgcache.core.articles.entries import Article, read
from imgcache.core.articles.places.machine import places_of
from imgcache.core.articles.writeback import apply
from imgcache.errors import ArticleError
from imgcache.model import Size
from tests.core.articles.strategies import Written, articles

PLACES = places_of(None)
LIMITS = LimitSettings()
THOROUGH = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def parsed(data: bytes, *, whole: bool = False) -> Article:
    article = read(data, whole=whole, places=PLACES, limits=LIMITS)
    assert isinstance(article, Article)
    return article


def loaded(article: Article, *, flags: list[bool | None] | None = None) -> Any:
    """The front matter as PyYAML loads it, with flags set at the entries' pointers."""
    document = article.document
    tree = yaml.load(document.text[document.start : document.end], Loader=yaml.CSafeLoader)
    for entry, flag in zip(article.entries, flags or [], strict=flags is not None):
        if flag is not None:
            at(tree, entry.pointer or "")["isCached"] = flag
    return tree


def at(tree: Any, pointer: str) -> Any:
    """What a JSON Pointer (RFC 6901) leads to."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    return tree


def wanted_flags(data: st.DataObject, count: int) -> dict[int, bool]:
    drawn = data.draw(
        st.lists(st.sampled_from([True, False, None]), min_size=count, max_size=count)
    )
    return {index: flag for index, flag in enumerate(drawn) if flag is not None}


def changes(wanted: dict[int, bool]) -> dict[int, Change]:
    return {index: Change(cached=flag) for index, flag in wanted.items()}


@THOROUGH
@given(written=articles(), data=st.data())
def test_only_the_flags_change_and_every_other_byte_stays(
    written: Written, data: st.DataObject
) -> None:
    article = parsed(written.data(), whole=written.whole)
    assert [entry.declared.cached for entry in article.entries] == written.flags
    wanted = wanted_flags(data, len(article.entries))
    assert apply(article, changes(wanted)).data == written.data(wanted)


@THOROUGH
@given(written=articles(), body=st.binary(max_size=60), data=st.data())
def test_a_body_of_any_bytes_stays_to_the_byte(
    written: Written, body: bytes, data: st.DataObject
) -> None:
    assume(not written.whole)
    tail = b"\n" + body
    article = parsed(written.data() + tail)
    wanted = wanted_flags(data, len(article.entries))
    assert apply(article, changes(wanted)).data == written.data(wanted) + tail


@THOROUGH
@given(written=articles(), data=st.data())
def test_a_second_application_changes_nothing(written: Written, data: st.DataObject) -> None:
    article = parsed(written.data(), whole=written.whole)
    wanted = wanted_flags(data, len(article.entries))
    once = apply(article, changes(wanted)).data
    assert apply(parsed(once, whole=written.whole), changes(wanted)).data == once


@THOROUGH
@given(written=articles(), data=st.data())
def test_the_tree_equals_the_old_one_but_for_the_flags(
    written: Written, data: st.DataObject
) -> None:
    article = parsed(written.data(), whole=written.whole)
    wanted = wanted_flags(data, len(article.entries))
    after = parsed(apply(article, changes(wanted)).data, whole=written.whole)
    flags = [
        wanted[index] if index in wanted and wanted[index] is not entry.declared.cached else None
        for index, entry in enumerate(article.entries)
    ]
    assert loaded(after) == loaded(article, flags=flags)


@THOROUGH
@given(written=articles())
def test_line_and_column_are_at_the_first_character_of_the_url(written: Written) -> None:
    article = parsed(written.data(), whole=written.whole)
    lines = article.document.text.split("\n")
    places = [lines[entry.line - 1][entry.column - 1 :] for entry in article.entries]
    assert len(places) == len(written.urls)
    assert all(map(str.startswith, places, written.urls))


def without_sizes(article: Article) -> Any:
    tree = loaded(article)
    for entry in article.entries:
        found = at(tree, entry.pointer or "")
        found.pop("width", None)
        found.pop("height", None)
    return tree


@THOROUGH
@given(written=articles(), size=st.tuples(*[st.integers(1, 999_999_999)] * 2))
def test_sizes_alone_change_where_sizes_are_wanted(written: Written, size: tuple[int, int]) -> None:
    article = parsed(written.data(), whole=written.whole)
    change = Change(width=size[0], height=size[1])
    wanted = dict.fromkeys(range(0, len(article.entries), 2), change)
    out = apply(article, wanted).data
    after = parsed(out, whole=written.whole)
    for index, (old, new) in enumerate(zip(article.entries, after.entries, strict=True)):
        expected = Size(*size) if index in wanted else old.declared.size
        assert new.declared.size == expected
        assert new.declared.cached is old.declared.cached
    assert without_sizes(after) == without_sizes(article)
    assert apply(after, wanted).data == out


ALPHABET = "\n\n\r\t  :-?,[]{}&*!|>'\"%@`#~<=abx1.é\x85\u2028\ufeff\U0001f600\x07"
SNIPPETS = [
    "isCached: ",
    "&e0 ",
    "*e0",
    "<<: *e0",
    "!!str ",
    "? ",
    "---\n",
    "- ",
    ": |\n",
    "images:\n",
]


def mutated(draw: st.DrawFn, text: str) -> str:
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 3)))
        new = draw(st.text(ALPHABET, max_size=3) | st.sampled_from(SNIPPETS))
        text = text[:start] + new + text[end:]
    return text


def tried(
    text: str, data: st.DataObject, *, whole: bool
) -> ArticleError | tuple[Article, dict[int, bool], bytes]:
    try:
        article = read(
            text.encode("utf-8", "surrogateescape"), whole=whole, places=PLACES, limits=LIMITS
        )
        assume(isinstance(article, Article))
        assert isinstance(article, Article)
        wanted = wanted_flags(data, len(article.entries))
        return article, wanted, apply(article, changes(wanted)).data
    except ArticleError as exc:
        return exc


@settings(THOROUGH, max_examples=250)
@given(written=articles(), data=st.data())
def test_whatever_the_text_it_is_edited_exactly_or_refused_with_a_line(
    written: Written, data: st.DataObject
) -> None:
    text = data.draw(st.composite(mutated)(written.data().decode("utf-8", "surrogateescape")))
    outcome = tried(text, data, whole=written.whole)
    if isinstance(outcome, ArticleError):
        assert outcome.line is not None
        assert 1 <= outcome.line <= text.count("\n") + 1
        return
    article, wanted, out = outcome
    after = parsed(out, whole=written.whole)
    for index, (old, new) in enumerate(zip(article.entries, after.entries, strict=True)):
        assert new.declared.cached is wanted.get(index, old.declared.cached)
        assert (new.pointer, new.url) == (old.pointer, old.url)
    flags = [
        wanted[index] if index in wanted and wanted[index] is not entry.declared.cached else None
        for index, entry in enumerate(article.entries)
    ]
    try:
        before = loaded(article, flags=flags)
    except (yaml.YAMLError, ValueError, TypeError, KeyError):
        return  # no loader takes it, before as after
    assert loaded(after) == before
