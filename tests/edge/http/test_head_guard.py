"""The guard before the parser, for every way in which the bytes may be cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.edge.http.head_guard import (
    MOST_HEAD_BYTES,
    MOST_INTERIM,
    HeadGuard,
    without_equal_lengths,
)

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: y\r\ncontent-length:4 \r\n\r\nbody"
PASSED = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: y\r\n\r\nbody"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"


class Parser:
    """Stands for the parser: remembers what it was given."""

    def __init__(self) -> None:
        self.data = b""
        self.refused: list[str] = []
        self.dropped = 0
        self.guard = HeadGuard(self.take, self.refused.append, self.drop)
        self.guard.expect()

    def take(self, data: bytes) -> None:
        self.data += data

    def drop(self) -> None:
        self.dropped += 1

    def feed(self, *pieces: bytes) -> Parser:
        for piece in pieces:
            self.guard(piece)
        return self


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted({cut % len(data) for cut in cuts} - {0}), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


@given(st.lists(st.integers(0, 500), max_size=8))
def test_the_pieces_make_no_difference(cuts: list[int]) -> None:
    parser = Parser().feed(*pieces_of(HINTS * 2 + ANSWER, cuts))
    assert parser.data == HINTS * 2 + PASSED
    assert (parser.refused, parser.dropped) == ([], 0)


@given(st.binary(min_size=1, max_size=60), st.lists(st.integers(0, 60), max_size=4))
def test_what_is_no_head_never_reaches_the_parser(data: bytes, cuts: list[int]) -> None:
    parser = Parser().feed(*pieces_of(b"x" + data, cuts))
    assert parser.data == b""
    assert set(parser.refused) == {"no status line of HTTP"}


@pytest.mark.parametrize(
    "line", [b"RTSP/1.0 200 OK", b"ICY 200 OK", b"ICE/1.0 200 OK", b" HTTP/1.1"]
)
def test_other_protocols_never_reach_the_parser(line: bytes) -> None:
    assert Parser().feed(line + b"\r\n\r\n").data == b""


@given(st.lists(st.integers(0, 500), max_size=8))
def test_a_few_empty_bytes_before_a_head_are_passed_over(cuts: list[int]) -> None:
    parser = Parser().feed(*pieces_of(b"\r\n" + HINTS + b"\r\n" + ANSWER, cuts))
    assert parser.data == HINTS + PASSED


def test_empty_lines_without_end_are_refused() -> None:
    parser = Parser().feed(*[b"\r\n"] * 3)
    assert parser.refused == ["no status line of HTTP"]


def test_different_lengths_are_left_for_the_parser_to_refuse() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n"
    assert without_equal_lengths(head) == head


@pytest.mark.parametrize(
    "length",
    [b"Content-Length: 1" + b" " * 60_000 + b"1", b"Content-Length:" + b" " * 60_000 + b"\r1"],
    ids=["blanks inside", "blanks before"],
)
def test_blanks_in_a_repeated_length_cost_nothing(length: bytes) -> None:
    """A pattern for these lines once took minutes for a thousand blanks."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n" + length + b"\r\n\r\n"
    assert without_equal_lengths(head) == head


def test_a_folded_length_is_left_for_the_parser_to_refuse() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: y\r\nContent-Length: 4\r\n 5\r\n\r\n"
    assert without_equal_lengths(head) == head


def test_lines_that_end_in_lf_only_are_understood() -> None:
    head = b"HTTP/1.1 200 OK\nContent-Length: 4\nContent-Length: 4\n\n"
    assert Parser().feed(head).data == b"HTTP/1.1 200 OK\nContent-Length: 4\n\n"


def test_a_head_without_end_is_refused_at_its_limit() -> None:
    parser = Parser().feed(b"HTTP/1.1 200 OK\r\n")
    for _ in range(MOST_HEAD_BYTES // 1000 + 1):
        parser.feed(b"X: " + b"y" * 995 + b"\r\n")
    assert len(parser.refused) >= 1
    assert parser.data == b""


@pytest.mark.parametrize("before", [b"", b"\r\n"])
def test_no_head_is_read_without_being_counted(before: bytes) -> None:
    for line in (b"HTTP/1.1 103\r\n\r\n", b"HTTP/2.0 103 x\r\n\r\n", b"HTTP/1.1 199 \n\n"):
        parser = Parser().feed(before + line * (MOST_INTERIM + 1))
        assert parser.refused == ["interim answers without end"]


def test_interim_answers_without_end_are_refused() -> None:
    assert Parser().feed(HINTS * MOST_INTERIM).refused == []
    assert Parser().feed(*[HINTS] * (MOST_INTERIM + 1)).refused == ["interim answers without end"]


def test_switching_protocols_is_no_interim_answer() -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
    parser = Parser().feed(switch, b"anything")
    assert parser.data == switch + b"anything"


def test_bytes_between_two_answers_drop_the_connection() -> None:
    parser = Parser().feed(ANSWER)
    parser.guard.rest()
    assert parser.feed(ANSWER).dropped == 1
    assert parser.data == PASSED


def test_a_parser_that_is_asked_to_go_on_is_asked_at_any_time() -> None:
    parser = Parser()
    parser.guard.rest()
    assert parser.feed(b"").dropped == 0


@given(st.lists(st.integers(0, 500), max_size=8), st.sampled_from([b"", b"\r\n", b"x", b"HTTP/"]))
def test_what_came_behind_a_body_is_counted_however_it_is_cut(cuts: list[int], more: bytes) -> None:
    chunks = b"4\r\nbody\r\n0\r\nX: y\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    surplus = bool(more.strip())
    with_length = Parser().feed(*pieces_of(HINTS + ANSWER + more, cuts)).guard
    in_chunks = Parser().feed(*pieces_of(HINTS + chunked + more, cuts)).guard
    assert with_length.goes_beyond(4, chunked=False) is surplus
    assert in_chunks.goes_beyond(4, chunked=True) is surplus
