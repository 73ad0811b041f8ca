"""Header lines, as a browser makes them of an answer's bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.http.head_lines import as_browsers_read

STATUS = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("lines", "read"),
    [
        (b"A: b\r\n c\r\n", b"A: b c\r\n"),
        (b"A: b\r\n\t \tc\r\n  \r\nD: e\r\n", b"A: b c \r\nD: e\r\n"),
        (b"A:\n b\n", b"A: b\r\n"),
        (b"A: b\rC: d\r\n", b"A: b\r\nC: d\r\n"),
        (b"A: b\r c\r\n", b"A: b c\r\n"),
        (b"A: b\r\njunk\r\n more: junk\r\nC: d\r\n", b"A: b\r\nC: d\r\n"),
        (
            b"Content-Length: 4\rContent-Length: 5\r\n",
            b"Content-Length: 4\r\nContent-Length: 5\r\n",
        ),
    ],
    ids=ascii,
)
def test_lines_are_joined_ended_and_left_out(lines: bytes, read: bytes) -> None:
    assert as_browsers_read(STATUS + lines + b"\r\n") == STATUS + read + b"\r\n"


@pytest.mark.parametrize(
    "head",
    [
        STATUS + b"A: b\r\nC:d\r\n\r\n",
        STATUS + b"\r\n",
        b"HTTP/1.1 200 OK\nA: b\n\n",
        STATUS + b"A: b\r\n \0c\r\njunk\r\n\r\n",
    ],
    ids=ascii,
)
def test_plain_lines_and_those_with_a_nul_stay_as_they_are(head: bytes) -> None:
    assert as_browsers_read(head) == head


@given(st.lists(st.sampled_from([b"A: b", b"junk", b" more", b"\r", b"\n", b"\r\n", b":"])))
def test_what_was_read_is_plain(parts: list[bytes]) -> None:
    head = as_browsers_read(STATUS + b"X: y\r\n" + b"".join(parts) + b"\r\n\r\n")
    assert as_browsers_read(head) == head
