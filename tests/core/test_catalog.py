"""What a text is searched by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.catalog import folded, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        (" \t\n", ()),
        ("Old  BRIDGE", ("bridge", "old")),
        ("Stra\u00dfe stra\u00dfe", ("strasse",)),
        ("bridges bridge", ("bridges",)),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@given(st.text())
def test_words_are_few_and_none_is_part_of_another(text: str) -> None:
    words = words_of(text)
    assert len(words) <= 8
    assert set(words) <= set(folded(text).split())
    for one in words:
        assert [other for other in words if one in other] == [one]
