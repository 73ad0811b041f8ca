"""The candidates of `srcset` attributes, as browsers choose from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.bodies.srcset import candidates


@pytest.mark.parametrize(
    ("srcset", "found"),
    [
        ("", []),
        (" , ,", []),
        ("a", [("a", None)]),
        ("a 1x, b 2x", [("a", None), ("b", None)]),
        ("a 100w,b 200w", [("a", "100"), ("b", "200")]),
        ("a,b 2x", [("a,b", None)]),
        ("a, b", [("a", None), ("b", None)]),
        ("a,, b", [("a", None), ("b", None)]),
        (
            "data:image/png;base64,AA== 1x,\tb 2x",
            [("data:image/png;base64,AA==", None), ("b", None)],
        ),
        ("a 1.5x, b .5x, c 1e2x, d 0x", [("a", None), ("b", None), ("c", None), ("d", None)]),
        ("a -1x, b +1x, c 1.x, d x", []),
        ("a 0w, b -1w, c 1.0w, d 10W", []),
        ("a 10w 20w, b 10w 2x, c 1x 2x", []),
        ("a 10w 20h, b 20h", [("a", "10")]),
        ("a calc(1w, 2w), b", [("b", None)]),
        ("a (b, c", []),
    ],
)
def test_candidates(srcset: str, found: list[tuple[str, str | None]]) -> None:
    assert [(srcset[start:end], width) for start, end, width in candidates(srcset)] == found


@given(st.text("ab01.,xwh() \t-"))
def test_any_text_is_read(srcset: str) -> None:
    for start, end, _ in candidates(srcset):
        assert srcset[start:end].strip(" \t,") == srcset[start:end] != ""
