"""Placeholders as text: nothing but a short data URI of a WebP passes for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.images import placeholder


@given(st.binary(min_size=1, max_size=280))
def test_what_is_written_is_read_as_one(webp: bytes) -> None:
    assert placeholder.is_placeholder(placeholder.text(webp))


@pytest.mark.parametrize(
    "given",
    [
        "",
        "data:image/webp;base64,",
        "data:image/png;base64,AAAA",
        'data:image/webp;base64,AA"AA',
        "data:image/webp;base64,AAAA\n",
        "data:image/webp;base64," + "A" * 378,
    ],
)
def test_all_else_is_none(given: str) -> None:
    assert not placeholder.is_placeholder(given)
