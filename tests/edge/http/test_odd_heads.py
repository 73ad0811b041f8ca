"""Heads that are not in order: what browsers pass over brings no verdict; the rest is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.http.head_lines import as_browsers_read
from imgcache.edge.http.exchange import Body
from imgcache.model import Verdict
from tests.support.behaviours import raw
from tests.support.fetching import MemorySink, ask, failure, settings
from tests.support.heads import IMAGE, REFUSED, SHOWN
from tests.support.origin import Origin

pytestmark = pytest.mark.usefixtures("both_ways")


@pytest.mark.parametrize("answer", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("pieces", [1, 2])
async def test_what_browsers_pass_over_brings_no_verdict(answer: bytes, pieces: int) -> None:
    sink = MemorySink()
    async with Origin() as origin:
        half = len(answer) // pieces
        url = origin.route("/a", raw(answer[:half], answer[half:]))
        attempt = await ask(settings(origin), url, sink=sink)
    assert isinstance(attempt.result, Body), attempt.result
    assert sink.data == IMAGE


@pytest.mark.parametrize("answer", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("keep", [False, True], ids=["ends", "goes on"])
async def test_what_could_be_read_in_two_ways_is_refused_at_once(answer: bytes, keep: bool) -> None:
    async with Origin() as origin:
        url = origin.route("/a", raw(answer, keep=keep))
        failed = failure(await ask(settings(origin, deadline="15s"), url))
    assert (failed.verdict, failed.transient) == (Verdict.PROTOCOL_ERROR, False)


ODD = [
    b"X: y",
    b"Content-Length: 4",
    b"garbage",
    b" folded: x",
    b"\tx",
    b": x",
    b"X Y: z",
    b"Z : 1",
]


@given(st.lists(st.sampled_from(ODD), max_size=8), st.sampled_from([b"\n", b"\r\n"]))
def test_what_is_left_is_in_order_and_was_there_before(lines: list[bytes], end: bytes) -> None:
    head = end.join((b"HTTP/1.1 200 OK", *lines, b"", b""))
    left = as_browsers_read(head)
    assert as_browsers_read(left) == left
    status, *kept, last, rest = left.replace(b"\r\n", b"\n").split(b"\n")
    assert (status, last, rest) == (b"HTTP/1.1 200 OK", b"", b"")
    assert {line.partition(b":")[0] for line in kept} <= {b"X", b"Z", b"Content-Length"}
    headers = [line for line in lines if line in {b"X: y", b"Z : 1", b"Content-Length: 4"}]
    assert len(kept) == len(headers)


def test_hostile_lines_cost_nothing() -> None:
    """Long lines, and many, without a pattern that tries all ways to split them."""
    for line in (b"a" * 120_000, b"a" * 60_000 + b" " * 60_000 + b":", b"a\n" * 60_000):
        as_browsers_read(b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n")
