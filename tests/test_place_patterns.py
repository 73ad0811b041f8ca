from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.place_patterns import Pattern, Step, key_path, pattern, spelt

ITEM, EACH, ANYWHERE = Step.ITEM, Step.EACH, Step.ANYWHERE


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", ()),
        ("cover", ("cover",)),
        ("cover.image", ("cover", "image")),
        ("**.images[]", (ANYWHERE, "images", ITEM)),
        ("images[][]", ("images", ITEM, ITEM)),
        ("[]", (ITEM,)),
        ("[].cover", (ITEM, "cover")),
        ("**[]", (ANYWHERE, ITEM)),
        ("authors.*", ("authors", EACH)),
        ("authors.*[].src", ("authors", EACH, ITEM, "src")),
        ("*", (EACH,)),
        ('"a.b"[]."c[]"', ("a.b", ITEM, "c[]")),
        ('"*"."**"', ("*", "**")),
        ('""', ("",)),
        ('"say \\"x\\" \\\\"', ('say "x" \\',)),
        ("is cached", ("is cached",)),
        ("\xfcn\xef-1/2", ("\xfcn\xef-1/2",)),
    ],
)
def test_a_pattern_is_steps(text: str, steps: Pattern) -> None:
    assert pattern(text) == steps


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a..b", "a key is missing"),
        (".a", "a key is missing"),
        ("a.", "a key is missing"),
        ("a.[]", r"`\[\]`: a list is followed as"),
        ("a[0]", r"`\[0\]`: a list is followed as"),
        ("a[*]", "each of its items"),
        ("a[]b", "a key is missing"),
        ("a]", "a key is missing"),
        ('"a', "double quotes"),
        ('"a"b', "a key is missing"),
        ('a"b"', "double quotes"),
        ('"a\\x"', "double quotes"),
        ("a.**", "at the beginning only"),
        ("**.**", "at the beginning only"),
        ("**", "alone would be everything"),
        ("img*", "`img[*]`: `[*]` is a whole key"),
        ("***", "is a whole key"),
    ],
)
def test_what_is_no_pattern_is_told_with_a_remedy(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        pattern(text)


@pytest.mark.parametrize("text", ["a[]", "*", "**.a", "a.*", "[]", ""])
def test_a_key_is_one_key(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        key_path(text)


@given(st.lists(st.text(max_size=6), min_size=1, max_size=4))
def test_any_keys_can_be_spelt(keys: list[str]) -> None:
    text = ".".join(map(spelt, keys))
    assert key_path(text) == tuple(keys)
    assert pattern(text) == tuple(keys)


@given(st.text('a.*[]"\\', max_size=8))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    try:
        steps = pattern(text)
    except ValueError as exc:
        assert str(exc)  # noqa: PT017  which of them it is does not matter here
        return
    assert all(isinstance(step, str | Step) for step in steps)
