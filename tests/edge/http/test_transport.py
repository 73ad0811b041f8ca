"""What goes over the wire: targets as written, headers, connections kept and dropped, TLS."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from imgcache.config import FetchSettings
from imgcache.edge.http.exchange import Attempt, Body
from imgcache.edge.http.fetcher import Fetcher
from imgcache.facts import Validators
from imgcache.model import Verdict
from tests.support.behaviours import (
    Behaviour,
    Request,
    answer,
    chunked,
    head,
    in_turn,
    raw,
    redirect,
    reset,
    stall,
)
from tests.support.fetching import MemorySink, ask, failure, nothing_is_looked_up, settings, web
from tests.support.origin import Origin


async def twice(origin: Origin, path: str = "/a") -> list[Attempt]:
    url = web(origin.url(path))
    async with Fetcher(settings(origin), lookup=nothing_is_looked_up) as fetcher:
        return [await fetcher.attempt(url, Validators(), MemorySink()) for _ in range(2)]


@pytest.mark.parametrize(
    "target",
    ["/a%2Cb%7c|c,d;e=f", "/a//b", "/?", "/a?b?c=%20&d=+", "/a?x=[1]&y=(z)", "/a:b@c", "/%e4/%zz"],
)
async def test_a_target_goes_out_as_written(target: str) -> None:
    async with Origin() as origin:
        await ask(settings(origin), origin.url(target) + "#fragment")
        assert [request.target for request in origin.requests] == [target]


async def test_requests_say_who_asks_and_nothing_else() -> None:
    async with Origin() as origin:
        await ask(settings(origin, user_agent="imgcache/test"), origin.url("/a"))
        sent = dict(origin.requests[0].headers)
    assert sent.pop("accept").startswith("image/avif,image/webp,")
    assert sent == {
        "host": f"127.0.0.1:{origin.port}",
        "accept-encoding": "identity",
        "user-agent": "imgcache/test",
    }


@pytest.mark.parametrize("hostile", ["\r\nX-Key: evil", "\n", "\r", "\0", "\x7f"])
async def test_a_validator_never_becomes_a_line_of_the_head(hostile: str) -> None:
    async with Origin() as origin:
        url = web(origin.route("/a", body=b"x"))
        async with Fetcher(settings(origin), lookup=nothing_is_looked_up) as fetcher:
            tag, date = Validators(f'"a{hostile}"'), Validators(None, f"Sun{hostile}")
            attempts = [await fetcher.attempt(url, one, MemorySink()) for one in (tag, date)]
            assert origin.requests == []
            sound = await fetcher.attempt(url, Validators('"a\tb"'), MemorySink())
    assert {failure(one).verdict for one in attempts} == {Verdict.PROTOCOL_ERROR}
    assert isinstance(sound.result, Body)


async def test_a_hosts_own_header_takes_the_place_of_ours_in_any_case_of_its_letters() -> None:
    async with Origin() as origin:
        fetch = settings(origin, headers={"127.0.0.1": {"user-agent": "other", "X-Key": "secret"}})
        await ask(fetch, origin.url("/a"))
        sent = origin.requests[0].headers
    assert (sent["user-agent"], sent["x-key"]) == ("other", "secret")


async def test_requests_after_redirects_and_retries_say_no_more_than_the_first() -> None:
    """No Referer, no cookie, no trace of the page before; `Host` is the URL's."""
    async with Origin() as origin:
        origin.route("/a", redirect("/b", headers={"Set-Cookie": "a=b; Path=/"}))
        origin.route(
            "/b", in_turn(answer(b"x", headers={"Set-Cookie": "c=d"}), raw(), answer(b"y"))
        )
        async with Fetcher(settings(origin), lookup=nothing_is_looked_up) as fetcher:
            for _ in range(2):
                await fetcher.attempt(web(origin.url("/a")), Validators(), MemorySink())
        assert [request.path for request in origin.requests] == ["/a", "/b", "/a", "/b", "/b"]
        first, *later = [dict(request.headers) for request in origin.requests]
        assert later == [first] * 4
        assert sorted(first) == ["accept", "accept-encoding", "host", "user-agent"]


async def test_cookies_are_not_kept() -> None:
    async with Origin() as origin:
        origin.route("/a", body=b"x", headers={"Set-Cookie": "a=b; Path=/"})
        await twice(origin)
        assert len(origin.requests) == 2
        assert not any("cookie" in request.headers for request in origin.requests)


@pytest.mark.parametrize("behaviour", [answer(b"x" * 300_000), chunked(b"x", b"y"), answer()])
async def test_a_connection_is_kept_for_the_next_request(behaviour: Behaviour) -> None:
    async with Origin() as origin:
        origin.route("/a", behaviour)
        await twice(origin)
        assert (len(origin.requests), origin.connections) == (2, 1)


async def test_no_host_gets_more_connections_than_its_limit() -> None:
    async with Origin() as origin:
        origin.route("/a", body=b"x")
        fetch = settings(origin, per_host=3)
        async with Fetcher(fetch, lookup=nothing_is_looked_up) as fetcher:
            url = web(origin.url("/a"))
            await asyncio.gather(
                *(fetcher.attempt(url, Validators(), MemorySink()) for _ in range(30))
            )
        assert len(origin.requests) == 30
        assert origin.connections <= 3


async def test_a_body_that_is_not_read_to_its_end_costs_its_connection() -> None:
    async with Origin() as origin:
        origin.route("/a", stall(head(404, {"Content-Length": "9"}) + b"abc"))
        await twice(origin)
        assert origin.connections == 2


@pytest.mark.parametrize("end", [raw(), reset()], ids=["closed", "reset"])
async def test_a_stale_connection_is_one_free_try_on_a_fresh_one(end: Behaviour) -> None:
    async with Origin() as origin:
        origin.route("/a", in_turn(answer(b"x"), end, answer(b"y")))
        first, second = await twice(origin)
        assert origin.connections == 2
    assert isinstance(first.result, Body)
    assert isinstance(second.result, Body)
    assert (first.requests, second.requests) == (1, 2)


async def test_a_kept_connection_that_fails_in_its_answer_is_not_tried_again() -> None:
    async with Origin() as origin:
        origin.route("/a", in_turn(answer(b"x"), raw(b"HTTP/1.1 200 OK\r\n"), answer(b"y")))
        _, second = await twice(origin)
    assert failure(second).verdict is Verdict.PROTOCOL_ERROR
    assert second.requests == 1


EVIL = head(200, {"Content-Length": "4"}) + b"evil"


@pytest.mark.parametrize("seen", [False, True], ids=["not yet read", "read"])
@pytest.mark.parametrize(
    "surplus", [EVIL, b"HTTP/1.1 200 OK\r\nX: ", b"garbage"], ids=["answer", "half", "garbage"]
)
async def test_bytes_between_two_answers_never_become_an_answer(surplus: bytes, seen: bool) -> None:
    """Response desync: the connection is dropped, whatever the surplus looks like."""
    go, gone = asyncio.Event(), asyncio.Event()

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        await answer(b"good")(request, writer)
        await go.wait()
        writer.write(surplus)
        await writer.drain()
        gone.set()
        return True

    async with Origin() as origin:
        url = web(origin.route("/a", behave))
        async with Fetcher(settings(origin), lookup=nothing_is_looked_up) as fetcher:
            sink = MemorySink()
            first = await fetcher.attempt(url, Validators(), sink)
            assert isinstance(first.result, Body)
            go.set()
            await gone.wait()
            for _ in range(5 if seen else 0):  # turns of the event loop, which reads what is there
                await asyncio.sleep(0)
            origin.route("/a", body=b"fresh")
            second = await fetcher.attempt(url, Validators(), sink)
        assert isinstance(second.result, Body)
        assert sink.data == b"fresh"
        assert origin.connections == 2


NO_BODY = [
    b"HTTP/1.1 204 x\r\n\r\n",
    b"HTTP/1.1 304 x\r\n\r\n",
    b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 x\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n",
]


@pytest.mark.parametrize("split", [False, True], ids=["at once", "in two pieces"])
@pytest.mark.parametrize("first", NO_BODY, ids=["204", "304", "404", "302", "200"])
async def test_bytes_behind_an_answer_without_a_body_never_become_an_answer(
    first: bytes, split: bool
) -> None:
    async with Origin() as origin:
        origin.route("/a", raw(first, EVIL, keep=True) if split else raw(first + EVIL, keep=True))
        origin.route("/b", body=b"fresh")
        async with Fetcher(settings(origin), lookup=nothing_is_looked_up) as fetcher:
            first_sink, sink = MemorySink(), MemorySink()
            await fetcher.attempt(web(origin.url("/a")), Validators(), first_sink)
            await fetcher.attempt(web(origin.url("/b")), Validators(), sink)
        assert first_sink.data in (b"", b"fresh")
        assert sink.data == b"fresh"
        assert origin.connections == 2


async def test_a_bad_chunk_long_after_the_good_ones_is_a_protocol_error() -> None:
    seen = asyncio.Event()

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        writer.write(head(200, {"Transfer-Encoding": "chunked"}) + b"3\r\nabc\r\n")
        await seen.wait()
        writer.write(b"zz\r\n")
        await asyncio.Event().wait()
        return False

    class Watching(MemorySink):
        async def write(self, data: bytes) -> None:
            await super().write(data)
            seen.set()

    async with Origin() as origin:
        attempt = await ask(settings(origin), origin.route("/a", behave), sink=Watching())
    assert failure(attempt).verdict is Verdict.PROTOCOL_ERROR
    assert attempt.wire_bytes == 3


async def test_a_body_far_larger_than_the_read_buffer_arrives_byte_by_byte() -> None:
    body = bytes(range(256)) * 8192
    async with Origin() as origin:
        sink = MemorySink()
        await ask(settings(origin), origin.route("/a", body=body), sink=sink)
    assert sink.data == body


async def test_tls_is_verified_against_the_urls_host_behind_resolve(tmp_path: Path) -> None:
    async with Origin(tls=True, hosts=["img.test"]) as origin:
        origin.route("/a", body=b"x")
        mapped = (origin.resolve("img.test"), origin.resolve("other.test"))
        fetch = FetchSettings.model_validate(
            {"resolve": mapped, "ca_file": origin.ca_file(tmp_path)}
        )
        right = await ask(fetch, "https://img.test/a")
        wrong = await ask(fetch, "https://other.test/a")
        assert origin.requests[0].headers["host"] == "img.test"
    assert isinstance(right.result, Body)
    failed = failure(wrong)
    assert failed.verdict is Verdict.TLS_ERROR
    assert "not valid for 'other.test'" in failed.detail
    assert (failed.transient, failed.host_fault, wrong.requests) == (False, True, 0)


async def test_an_address_in_the_url_is_checked_in_the_certificate(tmp_path: Path) -> None:
    async with Origin(tls=True, hosts=["93.184.216.34"]) as origin:
        origin.route("/a", body=b"x")
        fetch = FetchSettings.model_validate(
            {"resolve": (origin.resolve("*"),), "ca_file": origin.ca_file(tmp_path)}
        )
        right = await ask(fetch, "https://93.184.216.34/a")
        wrong = await ask(fetch, "https://93.184.216.35/a")
    assert isinstance(right.result, Body)
    assert failure(wrong).verdict is Verdict.TLS_ERROR


async def test_an_unknown_authority_is_a_tls_error_and_never_http() -> None:
    async with Origin(tls=True) as origin:
        failed = failure(await ask(settings(origin), origin.route("/a", body=b"x")))
        assert origin.requests == []
    assert failed.verdict is Verdict.TLS_ERROR
    assert "certificate" in failed.detail


def validity(first: int, last: int) -> dict[str, datetime]:
    """The days from now between which a certificate is valid."""
    now = datetime.now(UTC)
    return {
        "not_before": now + timedelta(days=first),
        "not_after": now + timedelta(days=last),
    }


BAD_CERTIFICATES = [
    (["img.test"], validity(-9, -1), "expired"),
    (["img.test"], validity(1, 9), "not yet valid"),
    (["other.test"], {}, "not valid for 'img.test'"),
    (["*.test"], {}, "not valid for 'img.test'"),
    (["127.0.0.1"], {}, "not valid for 'img.test'"),
]


@pytest.mark.parametrize(("names", "valid", "word"), BAD_CERTIFICATES)
async def test_a_bad_certificate_is_a_tls_error_and_nothing_is_asked(
    tmp_path: Path, names: list[str], valid: dict[str, datetime], word: str
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert(*names, **valid)  # type: ignore[arg-type]
    async with Origin(tls=True, authority=authority, certificate=certificate) as origin:
        mapped = (origin.resolve("img.test"),)
        fetch = FetchSettings.model_validate(
            {"resolve": mapped, "ca_file": origin.ca_file(tmp_path)}
        )
        attempt = await ask(fetch, "https://img.test/a")
        assert (origin.requests, attempt.requests) == ([], 0)
    failed = failure(attempt)
    assert failed.verdict is Verdict.TLS_ERROR
    assert word in failed.detail
    assert (failed.transient, failed.host_fault) == (False, True)


HELLO = 5  # bytes of a record's header (RFC 8446 section 5.1)
HANDSHAKES = [
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", Verdict.TLS_ERROR),
    (b"\x15\x03\x01\x00\x02\x02\x28", Verdict.TLS_ERROR),  # a fatal alert
    (b"", Verdict.CONNECT_ERROR),
    (None, Verdict.TIMEOUT),
]


@pytest.mark.parametrize(("said", "verdict"), HANDSHAKES, ids=["plain", "alert", "end", "silence"])
async def test_a_broken_handshake_is_never_answered_with_http(
    said: bytes | None, verdict: Verdict
) -> None:
    heard, done = [], asyncio.Event()

    async def shake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readexactly(HELLO))
        if said is None:
            await done.wait()
        writer.write(said or b"")
        writer.close()

    server = await asyncio.start_server(shake, "127.0.0.1", 0)
    allowed = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    fetch = FetchSettings.model_validate(
        {"allow_private": (allowed,), "connect_timeout": "200ms" if said is None else "20s"}
    )
    attempt = await ask(fetch, f"https://{allowed}/a")
    done.set()
    server.close()
    assert failure(attempt).verdict is verdict
    assert failure(attempt).host_fault
    assert attempt.requests == 0
    assert {record[:2] for record in heard} == {b"\x16\x03"}  # handshakes and nothing else


async def test_ssl_cert_file_is_honoured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Origin(tls=True) as origin:
        monkeypatch.setenv("SSL_CERT_FILE", str(origin.ca_file(tmp_path)))
        attempt = await ask(settings(origin), origin.route("/a", body=b"x"))
    assert isinstance(attempt.result, Body)


async def test_https_to_http_is_a_redirect_error(tmp_path: Path) -> None:
    async with Origin() as plain, Origin(tls=True) as origin:
        target = plain.route("/b", body=b"x")
        url = origin.route("/a", raw(head(302, {"Location": target, "Content-Length": "0"})))
        fetch = settings(
            origin, allow_private=(origin.allow, plain.allow), ca_file=origin.ca_file(tmp_path)
        )
        failed = failure(await ask(fetch, url))
        assert plain.requests == []
    assert failed.verdict is Verdict.REDIRECT_ERROR
    assert "https to http" in failed.detail
