"""A verdict of the IMG2xx group for each way that a host can fail, against a real origin."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

from imgcache.edge.http.exchange import Body, NotModified
from imgcache.edge.http.fetcher import Fetcher
from imgcache.facts import Validators
from imgcache.model import Verdict
from tests.support.behaviours import (
    Behaviour,
    Request,
    answer,
    drip,
    flood,
    head,
    raw,
    redirect,
    reset,
    stall,
)
from tests.support.fetching import MemorySink, ask, failure, settings, web
from tests.support.origin import Origin

pytestmark = pytest.mark.usefixtures("both_ways")

HEAD = head(200, {"Content-Length": "9"})


async def test_a_body_arrives_whole_and_its_facts_are_kept() -> None:
    async with Origin() as origin:
        sink = MemorySink()
        url = origin.route(
            "/a.jpg",
            body=b"jpeg" * 50_000,
            content_type="image/jpeg",
            etag='"v1"',
            last_modified="Mon, 02 Jan 2023 03:04:05 GMT",
            headers={
                "Cache-Control": "max-age=60",
                "Age": "5",
                "X-Content-Type-Options": "nosniff",
            },
        )
        attempt = await ask(settings(origin), url, sink=sink)
    assert sink.data == b"jpeg" * 50_000
    assert isinstance(attempt.result, Body)
    facts = attempt.result.response
    assert facts.status == 200
    assert facts.validators == Validators('"v1"', "Mon, 02 Jan 2023 03:04:05 GMT")
    assert (facts.cache_control, facts.age, facts.content_type) == ("max-age=60", "5", "image/jpeg")
    assert facts.nosniff
    assert 0 < facts.requested_at <= facts.answered_at
    assert (attempt.requests, attempt.wire_bytes) == (1, 200_000)


STATUSES = [
    (404, Verdict.GONE, False),
    (410, Verdict.GONE, False),
    (401, Verdict.BLOCKED, False),
    (403, Verdict.BLOCKED, False),
    (407, Verdict.BLOCKED, False),
    (451, Verdict.BLOCKED, False),
    (429, Verdict.RATE_LIMITED, True),
    (400, Verdict.HTTP_ERROR, False),
    (408, Verdict.HTTP_ERROR, True),
    (425, Verdict.HTTP_ERROR, True),
    (201, Verdict.HTTP_ERROR, False),
    (204, Verdict.HTTP_ERROR, False),
    (206, Verdict.HTTP_ERROR, False),
    (304, Verdict.HTTP_ERROR, False),
    (500, Verdict.SERVER_ERROR, True),
    (502, Verdict.SERVER_ERROR, True),
    (503, Verdict.SERVER_ERROR, True),
    (504, Verdict.SERVER_ERROR, True),
    (501, Verdict.SERVER_ERROR, False),
    (521, Verdict.SERVER_ERROR, True),
    (599, Verdict.SERVER_ERROR, False),
    (300, Verdict.REDIRECT_ERROR, False),
    (600, Verdict.PROTOCOL_ERROR, False),
    (999, Verdict.PROTOCOL_ERROR, False),
]


@pytest.mark.parametrize(("status", "verdict", "again"), STATUSES)
async def test_each_status_has_its_verdict(status: int, verdict: Verdict, again: bool) -> None:
    async with Origin() as origin:
        url = origin.route("/a", status=status)
        attempt = await ask(settings(origin), url)
    failed = failure(attempt)
    assert (failed.verdict, failed.status, failed.transient) == (verdict, status, again)
    assert str(status) in failed.detail
    assert not failed.host_fault
    assert (attempt.requests, attempt.wire_bytes) == (1, 0)


async def test_a_203_is_a_success() -> None:
    async with Origin() as origin:
        attempt = await ask(settings(origin), origin.route("/a", status=203, body=b"x"))
    assert isinstance(attempt.result, Body)


async def test_a_206_that_is_the_whole_is_a_success() -> None:
    async with Origin() as origin:
        whole = answer(b"0123", status=206, headers={"Content-Range": "bytes 0-3/4"})
        part = answer(b"0123", status=206, headers={"Content-Range": "bytes 0-3/5"})
        lying = answer(b"012", status=206, headers={"Content-Range": "bytes 0-3/4"})
        origin.route("/whole", whole)
        origin.route("/part", part)
        origin.route("/lying", lying)
        fetch = settings(origin)
        assert isinstance((await ask(fetch, origin.url("/whole"))).result, Body)
        assert failure(await ask(fetch, origin.url("/part"))).verdict is Verdict.HTTP_ERROR
        assert failure(await ask(fetch, origin.url("/lying"))).verdict is Verdict.TRUNCATED


async def test_retry_after_is_read_and_beyond_the_cap_it_gives_the_host_up() -> None:
    async with Origin() as origin:
        origin.route("/soon", status=429, headers={"Retry-After": "7"})
        origin.route("/late", status=503, headers={"Retry-After": "86400"})
        origin.route("/never", status=404, headers={"Retry-After": "86400"})
        fetch = settings(origin, retry_after_cap="60s")
        soon, late, never = [
            failure(await ask(fetch, origin.url(path))) for path in ("/soon", "/late", "/never")
        ]
    assert (soon.retry_after, soon.host_fault) == (7, False)
    assert (late.retry_after, late.host_fault) == (86400, True)
    assert (never.retry_after, never.host_fault) == (None, False)


async def test_validators_go_out_as_received_and_a_304_is_not_modified() -> None:
    validators = Validators('W/"a, b"', "Mon, 02 Jan 2023 03:04:05 GMT")
    async with Origin() as origin:
        url = origin.route("/a", body=b"x", etag=validators.etag)
        attempt = await ask(settings(origin), url, validators=validators)
        sent = origin.requests[0].headers
    assert sent["if-none-match"] == validators.etag
    assert sent["if-modified-since"] == validators.last_modified
    assert isinstance(attempt.result, NotModified)
    assert attempt.result.response.status == 304
    assert attempt.result.response.validators.etag == validators.etag


async def test_a_412_to_a_condition_of_ours_is_asked_again_without_it() -> None:
    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool | None:
        refused = "if-none-match" in request.headers or "if-modified-since" in request.headers
        return await (answer(b"", status=412) if refused else answer(b"x"))(request, writer)

    sink = MemorySink()
    async with Origin() as origin:
        origin.route("/a", redirect("/b"))
        origin.route("/b", behave)
        origin.route("/always", status=412)
        date, answered_by = "Mon, 02 Jan 2023 03:04:05 GMT", origin.url("/b")
        for validators in (
            Validators('"a"', None, answered_by),
            Validators(None, date, answered_by),
        ):
            url = origin.url("/a")
            attempt = await ask(settings(origin), url, validators=validators, sink=sink)
            assert isinstance(attempt.result, Body)
            assert (sink.data, attempt.requests) == (b"x", 3)
        always = await ask(settings(origin), origin.url("/always"), validators=Validators('"a"'))
    assert (failure(always).verdict, always.requests) == (Verdict.HTTP_ERROR, 2)


async def test_a_stream_of_images_is_told_at_once() -> None:
    kind = {"Content-Type": "Multipart/X-Mixed-Replace; boundary=x"}
    async with Origin() as origin:
        url = origin.route("/a", stall(head(200, kind) + b"--x\r\n"))
        attempt = await ask(settings(origin), url)
    assert failure(attempt).verdict is Verdict.UNSUPPORTED_FORMAT
    assert attempt.wire_bytes == 0


@pytest.mark.parametrize(
    "behaviour",
    [
        raw(b"what is this\r\n\r\n"),
        raw(b"SSH-2.0-OpenSSH_9\r\n", keep=True),
        raw(b"HTTP/1.1 20 OK\r\n\r\n"),
        raw(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
        raw(b"HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Type: image/j"),
        flood(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 4000 + b"\r\n"),
        flood(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 4000),
        flood(b"\r\nHTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 4000 + b"\r\n"),
        flood(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 20),
        flood(b"", b"\r\nHTTP/1.1 103 Early Hints\r\n\r\n" * 20),
        flood(b"", b"\r\n" * 100),
        raw(b"RTSP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
        answer(b"x", headers={"Content-Encoding": "br"}),
        answer(b"x", headers={"Content-Encoding": "gzip, gzip"}),
    ],
    ids=[
        "no HTTP", "another protocol", "short status", "switching", "below 100", "length no number",
        "two lengths", "half a header", "headers without end", "a header without end",
        "headers without end after an empty line", "interim answers without end",
        "interim answers and empty lines without end", "empty lines without end", "RTSP",
        "brotli", "gzip twice",
    ],
)  # fmt: skip
async def test_what_is_not_proper_http_is_a_protocol_error(behaviour: Behaviour) -> None:
    async with Origin() as origin:
        url = origin.route("/a", behaviour)
        failed = failure(await ask(settings(origin), url))
        assert origin.count("/a") == 1
    assert failed.verdict is Verdict.PROTOCOL_ERROR
    assert not failed.transient
    assert not failed.host_fault


async def test_a_refused_connection_is_a_connect_error() -> None:
    async with Origin() as origin:
        url, fetch = origin.url("/a"), settings(origin)
    failed = failure(await ask(fetch, url))
    assert failed.verdict is Verdict.CONNECT_ERROR
    assert failed.detail == "the connection was refused"
    assert (failed.transient, failed.host_fault) == (True, True)


@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        (reset(), "the connection was reset"),
        (raw(), "the connection was closed without an answer"),
        (reset(b"HTTP/1.1 200 OK\r\nContent-Le"), "the connection was reset"),
    ],
)
async def test_a_connection_lost_before_the_answer_is_tried_again_by_the_engine_only(
    behaviour: Behaviour, detail: str
) -> None:
    async with Origin() as origin:
        url = origin.route("/a", behaviour)
        attempt = await ask(settings(origin), url)
        assert origin.count("/a") == attempt.requests == 1
    failed = failure(attempt)
    assert (failed.verdict, failed.detail) == (Verdict.CONNECT_ERROR, detail)
    assert (failed.transient, failed.host_fault) == (True, True)


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\n"])
async def test_a_host_that_does_not_answer_is_a_timeout(first: bytes) -> None:
    async with Origin() as origin:
        url = origin.route("/a", stall(first))
        failed = failure(await ask(settings(origin, idle_timeout="100ms"), url))
    assert (failed.verdict, failed.detail) == (Verdict.TIMEOUT, "no answer within 0.1 s")
    assert (failed.transient, failed.host_fault) == (True, True)


async def test_a_body_that_stops_is_a_timeout_but_not_the_hosts_fault() -> None:
    async with Origin() as origin:
        url = origin.route("/a", stall(HEAD + b"abc"))
        failed = failure(await ask(settings(origin, idle_timeout="100ms"), url))
    assert (failed.verdict, failed.detail) == (Verdict.TIMEOUT, "no byte for 0.1 s")
    assert (failed.transient, failed.host_fault, failed.status) == (True, False, 200)


async def test_a_connection_that_is_never_made_is_a_timeout() -> None:
    with socket.socket() as full:  # its backlog is full: the next connection waits
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)  # noqa: FBT003 -- socket's own interface
            assert one.connect_ex(("127.0.0.1", port)) in (0, errno.EINPROGRESS)
        fetch = settings(Origin(), allow_private=(f"127.0.0.1:{port}",), connect_timeout="100ms")
        failed = failure(await ask(fetch, f"http://127.0.0.1:{port}/a"))
        for one in waiting:
            one.close()
    assert (failed.verdict, failed.detail) == (Verdict.TIMEOUT, "no connection within 0.1 s")
    assert (failed.transient, failed.host_fault) == (True, True)


async def test_a_drip_ends_at_the_deadline_and_is_not_tried_again() -> None:
    async with Origin() as origin:
        url = origin.route("/a", drip(head(200, {"Content-Length": "999"}), b"x", 0.01))
        attempt = await ask(settings(origin, deadline="200ms"), url)
    failed = failure(attempt)
    assert failed.verdict is Verdict.TIMEOUT
    assert failed.detail.startswith("the answer was not whole within 0.2 s; bytes were coming")
    assert "fetch.deadline" in failed.detail
    assert (failed.transient, failed.host_fault) == (False, False)
    assert attempt.wire_bytes > 0


async def test_a_deadline_before_the_first_byte_may_be_tried_again() -> None:
    async with Origin() as origin:
        origin.route("/a", redirect("/b"))
        origin.route("/b", stall())
        attempt = await ask(settings(origin, deadline="200ms"), origin.url("/a"))
    failed = failure(attempt)
    assert (failed.verdict, failed.transient, failed.host_fault) == (Verdict.TIMEOUT, True, True)
    assert attempt.requests == 2


async def test_cancelling_an_attempt_passes_through() -> None:
    async with Origin() as origin:
        url = web(origin.route("/a", stall()))
        async with Fetcher(settings(origin)) as fetcher:
            task = asyncio.create_task(fetcher.attempt(url, Validators(), MemorySink()))
            await origin.asked("/a")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
