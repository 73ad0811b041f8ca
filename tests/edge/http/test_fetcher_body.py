"""Bodies: whole, cut, empty, too large, compressed, chunked."""

from __future__ import annotations

import gzip

import pytest

from imgcache.edge.http.exchange import Body, Received
from imgcache.edge.http.fetcher import Fetcher
from imgcache.errors import LocalError
from imgcache.facts import Validators
from imgcache.model import Verdict
from tests.support.behaviours import (
    Behaviour,
    answer,
    chunked,
    cut,
    flood,
    gzipped,
    head,
    raw,
    reset,
    unannounced,
)
from tests.support.fetching import MemorySink, ask, failure, settings, web
from tests.support.origin import Origin

pytestmark = pytest.mark.usefixtures("both_ways")

CHUNKED = head(200, {"Transfer-Encoding": "chunked"})
THREE = head(200, {"Content-Length": "3"})


@pytest.mark.parametrize(
    ("behaviour", "body"),
    [
        (unannounced(b"abc"), b"abc"),
        (chunked(b"abc", b"def"), b"abcdef"),
        (raw(CHUNKED + b"3;x=y\r\nabc\r\n0\r\nA: b\r\n\r\n"), b"abc"),
        (gzipped(b"abc" * 100_000), b"abc" * 100_000),
        (answer(b"abc", headers={"Content-Encoding": "identity"}), b"abc"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\ncontent-length:3\r\n\r\nabc"), b"abc"),
        (raw(b"HTTP/1.1 103 Early Hints\r\n\r\n", THREE + b"abc"), b"abc"),
        (raw(b"HTTP/1.0 200 OK\r\n\r\nabc"), b"abc"),
        (answer(b"abc", headers={f"X-{number}": "y" for number in range(900)}), b"abc"),
        (answer(b"abc", headers={"X": "y" * 60_000}), b"abc"),
    ],
    ids=[
        "to the connection's end", "chunked", "chunk extension and trailer", "gzip", "identity",
        "length twice", "early hints", "HTTP/1.0", "900 headers", "a header of 60,000 bytes",
    ],
)  # fmt: skip
async def test_a_body_that_browsers_take_is_taken(behaviour: Behaviour, body: bytes) -> None:
    async with Origin() as origin:
        sink = MemorySink()
        attempt = await ask(settings(origin), origin.route("/a", behaviour), sink=sink)
    assert isinstance(attempt.result, Body)
    assert sink.data == body
    assert sink.resets == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        cut(b"abc", 10),
        chunked(b"abc", end=b""),
        chunked(b"abc", end=b"5\r\nab"),
        reset(head(200, {"Content-Length": "10"}) + b"abc"),
    ],
    ids=["fewer than announced", "no last chunk", "half a chunk", "reset"],
)
async def test_a_connection_lost_in_the_body_is_truncated_and_may_be_tried_again(
    behaviour: Behaviour,
) -> None:
    async with Origin() as origin:
        failed = failure(await ask(settings(origin), origin.route("/a", behaviour)))
        assert origin.count("/a") == 1
    assert (failed.verdict, failed.transient, failed.status) == (Verdict.TRUNCATED, True, 200)
    assert not failed.host_fault


async def test_a_cut_gzip_stream_with_an_honest_length_is_truncated() -> None:
    async with Origin() as origin:
        url = origin.route("/a", gzipped(b"abc" * 1000, cut=9))
        failed = failure(await ask(settings(origin), url))
    assert (failed.verdict, failed.transient) == (Verdict.TRUNCATED, False)


@pytest.mark.parametrize("behind", [bytes(32), b"more", gzip.compress(b"def"), bytes(100_000)])
async def test_what_stands_behind_gzip_is_passed_over(behind: bytes) -> None:
    async with Origin() as origin:
        body = gzip.compress(b"abc") + behind
        url = origin.route("/a", body=body, headers={"Content-Encoding": "gzip"})
        sink = MemorySink()
        attempt = await ask(settings(origin), url, sink=sink)
    assert isinstance(attempt.result, Body)
    assert (sink.data, attempt.wire_bytes) == (b"abc", len(body))


async def test_the_length_of_a_gzip_stream_is_not_that_of_the_image() -> None:
    body = b"abc" * 100_000
    packed = gzip.compress(body)
    whole = {
        "Content-Encoding": "gzip",
        "Content-Range": f"bytes 0-{len(packed) - 1}/{len(packed)}",
    }
    behaviours = [answer(body), gzipped(body), answer(packed, status=206, headers=whole)]
    async with Origin() as origin:
        received = []
        for number, behaviour in enumerate(behaviours):
            attempt = await ask(settings(origin), origin.route(f"/{number}", behaviour))
            assert isinstance(attempt.result, Body)
            received.append(attempt.result.received)
    assert received == [Received(total=len(body)), Received(), Received()]


async def test_the_length_of_a_gzip_stream_is_checked() -> None:
    packed = gzip.compress(b"abc")
    begun = head(200, {"Content-Encoding": "gzip", "Content-Length": str(len(packed) + 1)})
    async with Origin() as origin:
        failed = failure(await ask(settings(origin), origin.route("/a", raw(begun, packed))))
    assert failed.verdict is Verdict.TRUNCATED


@pytest.mark.parametrize(
    "body",
    [b"no gzip at all", gzip.compress(b"abc")[:-5] + b"wrong"],
    ids=["no gzip", "wrong checksum"],
)
async def test_broken_gzip_is_a_protocol_error(body: bytes) -> None:
    async with Origin() as origin:
        url = origin.route("/a", body=body, headers={"Content-Encoding": "gzip"})
        failed = failure(await ask(settings(origin), url))
    assert failed.verdict is Verdict.PROTOCOL_ERROR


@pytest.mark.parametrize(
    "behaviour",
    [
        chunked(b"abc", end=b"zz\r\n"),
        raw(head(200, {"Content-Length": "3"}) + b"abcGARBAGE", keep=True),
        raw(head(200, {"Content-Length": "3"}) + b"abc" + head(200, {"Content-Length": "0"})),
    ],
    ids=["bad chunk", "surplus", "a second answer"],
)
async def test_a_body_out_of_order_is_a_protocol_error(behaviour: Behaviour) -> None:
    async with Origin() as origin:
        failed = failure(await ask(settings(origin), origin.route("/a", behaviour)))
    assert (failed.verdict, failed.transient) == (Verdict.PROTOCOL_ERROR, False)


@pytest.mark.parametrize(
    "forever",
    [
        flood(CHUNKED + b"3\r\nabc\r\n0\r\n", b"X: " + b"y" * 4000 + b"\r\n"),
        flood(CHUNKED + b"3\r\nabc\r\n0\r\nX: ", b"y" * 4000),
        flood(CHUNKED + b"3;x=", b"y" * 4000),
        flood(CHUNKED, b"0" * 4000),
    ],
    ids=["trailers", "a trailer", "a chunk extension", "a chunk size"],
)
async def test_what_stands_around_chunks_must_have_an_end(forever: Behaviour) -> None:
    async with Origin() as origin:
        attempt = await ask(settings(origin), origin.route("/a", forever))
        assert origin.count("/a") == 1
    assert (failure(attempt).verdict, failure(attempt).transient) == (Verdict.PROTOCOL_ERROR, False)
    assert attempt.wire_bytes <= 3


async def test_small_chunks_and_long_extensions_are_no_offence_while_the_body_grows() -> None:
    extended = b"".join(b"1;" + b"y" * 30_000 + b"\r\nx\r\n" for _ in range(20))
    tiny = b"1\r\nx\r\n" * 60_000
    async with Origin() as origin:
        sink = MemorySink()
        url = origin.route("/a", raw(CHUNKED + extended + tiny + b"0\r\n\r\n", keep=True))
        attempt = await ask(settings(origin), url, sink=sink)
    assert isinstance(attempt.result, Body)
    assert sink.data == b"x" * 60_020


CODINGS = [
    b"gzip",
    b"gzip, chunked",
    b"chunked, gzip",
    b"chunked, chunked",
    b"xchunked",
    b"identity",
]


@pytest.mark.parametrize("coding", CODINGS)
async def test_a_transfer_coding_that_nobody_asked_for_is_a_protocol_error(coding: bytes) -> None:
    async with Origin() as origin:
        coded = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + coding + b"\r\n\r\n"
        url = origin.route("/a", raw(coded + b"3\r\nabc\r\n0\r\n\r\n"))
        attempt = await ask(settings(origin), url)
    assert (failure(attempt).verdict, failure(attempt).transient) == (Verdict.PROTOCOL_ERROR, False)
    assert coding.decode() in failure(attempt).detail
    assert attempt.wire_bytes == 0


@pytest.mark.parametrize("length", [3, 9])
async def test_a_length_beside_chunks_is_a_protocol_error(length: int) -> None:
    """RFC 9112 section 6.3, rule 3: it may be response splitting, and is handled as an error."""
    both = head(200, {"Content-Length": str(length), "Transfer-Encoding": "chunked"})
    async with Origin() as origin:
        url = origin.route("/a", raw(both + b"3\r\nabc\r\n0\r\n\r\n"))
        failed = failure(await ask(settings(origin), url))
    assert (failed.verdict, failed.transient) == (Verdict.PROTOCOL_ERROR, False)


@pytest.mark.parametrize("length", ["-1", "+3", "0x3", "3 3", "3, 4", "1_0", "", "9" * 20])
async def test_a_length_that_is_none_is_a_protocol_error(length: str) -> None:
    async with Origin() as origin:
        url = origin.route("/a", raw(head(200, {"Content-Length": length}) + b"abc"))
        failed = failure(await ask(settings(origin), url))
    assert (failed.verdict, failed.transient) == (Verdict.PROTOCOL_ERROR, False)


@pytest.mark.parametrize("digits", [18, 19])
async def test_a_length_beyond_all_measure_is_too_large(digits: int) -> None:
    async with Origin() as origin:
        url = origin.route("/a", raw(head(200, {"Content-Length": "9" * digits}) + b"abc"))
        failed = failure(await ask(settings(origin), url))
    assert (failed.verdict, failed.transient) == (Verdict.TOO_LARGE, False)


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
async def test_no_bytes_are_empty(headers: dict[str, str]) -> None:
    async with Origin() as origin:
        failed = failure(await ask(settings(origin), origin.route("/a", headers=headers)))
    assert (failed.verdict, failed.transient) == (Verdict.EMPTY, False)


async def test_a_body_that_announces_too_much_is_not_read() -> None:
    async with Origin() as origin:
        url = origin.route("/a", body=b"x" * 101)
        attempt = await ask(settings(origin, max_bytes=100), url)
    failed = failure(attempt)
    assert (failed.verdict, failed.bytes) == (Verdict.TOO_LARGE, 101)
    assert attempt.wire_bytes == 0


async def test_a_body_of_just_the_limit_is_taken() -> None:
    async with Origin() as origin:
        attempt = await ask(settings(origin, max_bytes=100), origin.route("/a", body=b"x" * 100))
    assert isinstance(attempt.result, Body)


async def test_a_body_without_end_stops_at_the_limit() -> None:
    async with Origin() as origin:
        url = origin.route("/a", flood(head(200, {}), b"x" * 10_000))
        sink = MemorySink()
        attempt = await ask(settings(origin, max_bytes=100_000), url, sink=sink)
    assert failure(attempt).verdict is Verdict.TOO_LARGE
    assert len(sink.data) <= 100_000


async def test_a_gzip_bomb_stops_at_the_limit() -> None:
    async with Origin() as origin:
        url = origin.route("/a", gzipped(b"\0" * (8 << 20)))
        sink = MemorySink()
        attempt = await ask(settings(origin, max_bytes=1 << 20), url, sink=sink)
    assert failure(attempt).verdict is Verdict.TOO_LARGE
    assert attempt.wire_bytes < 10_000
    assert len(sink.data) <= 1 << 20


async def test_gzip_that_goes_on_for_ever_and_means_nothing_stops_at_the_limit() -> None:
    nothing = b"\0\0\0\xff\xff" * 1000  # empty stored blocks, RFC 1951 section 3.2.4
    begun = head(200, {"Content-Encoding": "gzip"}) + gzip.compress(b"")[:10]
    async with Origin() as origin:
        url = origin.route("/a", flood(begun, nothing))
        attempt = await ask(settings(origin, max_bytes=100_000, deadline="20s"), url)
    assert failure(attempt).verdict is Verdict.TOO_LARGE


class FullDisk(MemorySink):
    async def write(self, data: bytes) -> None:
        raise LocalError(f"no space left on device for {len(data)} bytes")


async def test_a_local_error_of_the_sink_passes_through_untouched() -> None:
    async with Origin() as origin:
        url = origin.route("/a", body=b"x")
        with pytest.raises(LocalError, match="no space left"):
            await ask(settings(origin), url, sink=FullDisk())


class Broken(MemorySink):
    async def write(self, data: bytes) -> None:
        raise ZeroDivisionError(data)


async def test_what_nobody_thought_of_costs_one_verdict_and_not_the_run() -> None:
    async with Origin() as origin:
        url = web(origin.route("/a", body=b"x"))
        async with Fetcher(settings(origin)) as fetcher:
            broken = await fetcher.attempt(url, Validators(), Broken())
            sound = await fetcher.attempt(url, Validators(), MemorySink())
    assert failure(broken).verdict is Verdict.PROTOCOL_ERROR
    assert "ZeroDivisionError" in failure(broken).detail
    assert isinstance(sound.result, Body)
