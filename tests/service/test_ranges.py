"""One byte range, by RFC 9110 section 14."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.service.ranges import NotSatisfiableError, Part, asked_part


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-", (0, 10)),
        ("bytes=0-0", (0, 1)),
        ("Bytes= 2-5", (2, 6)),
        ("bytes=2-99", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
    ],
)
def test_one_range_is_a_part(header: str, part: tuple[int, int]) -> None:
    found = asked_part(header, 10)
    assert found == Part(*part, 10)
    assert found is not None
    assert found.content_range == f"bytes {part[0]}-{part[1] - 1}/10"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes=",
        "bytes=-",
        "bytes=0-1,4-5",
        "bytes=5-2",
        "items=0-1",
        "bytes=+1-2",
        "bytes=0x1-2",
        "bytes=1",
        "bytes=1-2-3",
        "bytes=\u0661-2",
        f"bytes={'9' * 30}-",
    ],
)
def test_what_is_not_exactly_one_range_is_ignored(header: str | None) -> None:
    assert asked_part(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=999-1000", "bytes=-0"])
def test_a_range_without_a_byte_is_refused(header: str) -> None:
    with pytest.raises(NotSatisfiableError):
        asked_part(header, 10)


@given(st.text(max_size=30) | st.from_regex(r"bytes=[0-9]{0,4}-[0-9]{0,4}", fullmatch=True))
def test_a_part_is_never_outside_of_the_whole(header: str) -> None:
    for size in (0, 1, 1000):
        try:
            part = asked_part(header, size)
        except NotSatisfiableError:
            continue
        assert part is None or 0 <= part.start < part.end <= size
