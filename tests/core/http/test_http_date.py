from __future__ import annotations

import pytest

from imgcache.core.http import http_date


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_a_date_is_the_same_each_time(text: str) -> None:
    assert [http_date.parse(text) for _ in range(2)] == [784111777.0] * 2


def test_what_is_no_date_stays_none() -> None:
    assert [http_date.parse(text) for text in (None, "", "soon", "soon")] == [None] * 4


def test_a_hosts_long_text_is_not_kept_in_mind() -> None:
    http_date._remembered.cache_clear()
    assert http_date.parse("Sun, 06 Nov 1994 08:49:37 GMT" + " " * 60000) == 784111777.0
    assert http_date._remembered.cache_info().currsize == 0
