"""Who is let in: names, origins, tokens, bodies; and what every answer carries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from imgcache.config import ServeSettings
from imgcache.service.access import LARGEST_BODY
from imgcache.service.host_rule import HostRule, is_loopback
from tests.support.service import TOKEN, Service, service
from tests.support.world import World

QUESTION = {"entries": [{"url": "ftp://nobody.test/"}]}
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("allowed", "host", "expected"),
    [
        ((), "127.0.0.1", True),
        ((), "127.0.0.1:8460", True),
        ((), "LOCALHOST:1", True),
        ((), "localhost.", False),
        ((), "evil.test", False),
        ((), "evil.test:8460", False),
        ((), "localhost.evil.test", False),
        ((), "127.0.0.1.evil.test", False),
        ((), "127.0.0.1@evil.test", False),
        ((), "evil.test#localhost", False),
        ((), "", False),
        ((), ":8460", False),
        ((), "localhost:port", False),
        ((), "[::1]", False),
        (("img.test",), "img.test:443", True),
        (("img.test",), "127.0.0.1", False),
        (("img.test:8443",), "img.test:8443", True),
        (("img.test:8443",), "img.test", False),
        (("[::1]",), "[0:0:0:0:0:0:0:1]:9", True),
        (("[::1]",), "[::2]", False),
        (("[::1]",), "[::1", False),
    ],
)
def test_a_host_header_is_allowed_by_name(
    allowed: tuple[str, ...], host: str, expected: bool
) -> None:
    assert HostRule(ServeSettings(allowed_hosts=allowed)).allows(host) is expected


def test_the_bound_address_is_a_name_of_the_service() -> None:
    assert HostRule(ServeSettings(host="::1")).allows("[::1]:8460")
    assert HostRule(ServeSettings(host="192.0.2.7")).allows("192.0.2.7:8460")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # noqa: S104  told apart, not bound
        ("::", False),
        ("192.0.2.7", False),
        ("img.test", False),
    ],
)
def test_loopback_is_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/entries", "/images/x", "/nowhere"])
async def test_a_name_that_leads_here_by_foul_play_is_refused(served: Service, path: str) -> None:
    answer = await served.get(path, headers={"host": "rebound.evil.test"})
    assert answer.status_code == 421
    assert answer.json()["title"] == "Misdirected Request"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://HOST"}, 200),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "http://localhost:1"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://HOST.evil.test"}, 403),
        ({"origin": "file://HOST"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/json-seq"}, 415),
        ({"content-type": ""}, 415),
        ({"content-type": "Application/JSON; charset=utf-8"}, 200),
    ],
)
async def test_a_page_of_another_site_can_not_post(
    served: Service, headers: Mapping[str, str], status: int
) -> None:
    told = {
        name: value.replace("HOST", f"127.0.0.1:{served.port}") for name, value in headers.items()
    }
    answer = await served.client.post(
        "/api/verify", content=json.dumps(QUESTION), headers=JSON | told
    )
    assert answer.status_code == status, answer.text


async def test_behind_a_proxy_the_origin_is_the_public_name(world: World) -> None:
    async with service(world, allowed_hosts=("img.test",)) as served:
        headers = {"host": "img.test", "origin": "https://img.test"}
        served.client.headers.update({"host": "img.test"})
        assert (await served.verify(QUESTION, **headers)).status_code == 200
        headers["origin"] = "https://img.test:443"
        assert (await served.verify(QUESTION, **headers)).status_code == 200


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("", 401),
        (TOKEN, 401),
        ("Bearer", 401),
        ("Bearer wrong", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Basic {TOKEN}", 401),
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
    ],
)
async def test_with_a_token_nobody_posts_without_it(
    guarded: Service, authorization: str | None, status: int
) -> None:
    headers = {"authorization": authorization} if authorization is not None else {}
    answer = await guarded.verify(QUESTION, **headers)
    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert TOKEN not in answer.text
    assert not any(TOKEN in note for note in guarded.heard.notes)


async def test_reading_needs_no_token(guarded: Service) -> None:
    assert (await guarded.get("/api/entries")).status_code == 200


async def test_beyond_loopback_posting_needs_a_token_to_be_set(world: World) -> None:
    everywhere = {"host": "0.0.0.0", "allowed_hosts": ("127.0.0.1",)}  # noqa: S104
    async with service(world, **everywhere) as served:
        assert (await served.verify(QUESTION)).status_code == 403
        assert (await served.get("/healthz")).status_code == 200
        assert any("serve.token" in note for note in served.heard.notes)
    async with service(world, **everywhere, token=TOKEN) as served:
        answer = await served.verify(QUESTION, authorization=f"Bearer {TOKEN}")
        assert answer.status_code == 200


async def test_an_announced_body_that_is_too_large_is_refused_unread(served: Service) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    head = "POST /api/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode())
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer
    writer.close()


async def test_a_body_that_grows_too_large_is_given_up(served: Service) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 40 * LARGEST_BODY:
            sent += 1 << 16
            yield b" " * (1 << 16)

    try:
        answer = await served.client.post("/api/verify", content=endless(), headers=JSON)
        assert answer.status_code == 413
    except httpx.TransportError:
        pass  # the service hung up while the client was still sending
    assert sent < 20 * LARGEST_BODY
    assert ("POST", "/api/verify", 413) in served.heard.requests


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"null",
        b"\xff\xfe",
        b'{"other": 1}',
        b'{"entries": 1}',
        b'{"entries": [], "article": ""}',
        b'{"entries": [{"url": 1}]}',
        b'{"entries": [{}]}',
        b'{"entries": [{"url": "a", "width": 0}]}',
        b'{"entries": [{"url": "a", "width": "1"}]}',
        b'{"entries": [{"url": "a", "width": true}]}',
        b'{"entries": [{"url": "a", "width": 1.5}]}',
        b'{"entries": [{"url": "a", "height": 1e9}]}',
        b'{"entries": [{"url": "a", "x": 1}]}',
        b'{"article": "\\ud800"}',
        b'{"entries": [{"url": "\\udfff"}]}',
        json.dumps({"entries": [{"url": "a"}] * 1001}).encode(),
    ],
)
async def test_a_body_with_a_flaw_is_told_so(served: Service, body: bytes) -> None:
    answer = await served.client.post("/api/verify", content=body, headers=JSON)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        ({"entries": [{"url": "a", "width": 0}, {}]}, 422, ["/entries/0/width", "/entries/1/url"]),
        ({"entries": [], "other": 1}, 422, ["/other"]),
        ({"article": 5}, 422, ["/article"]),
        ({}, 422, ["/entries", "/article"]),
        (None, 400, []),
    ],
)
async def test_only_what_is_wrong_is_named(
    served: Service, body: object, status: int, pointers: list[str]
) -> None:
    content = b'{"entries": [' if body is None else json.dumps(body).encode()
    answer = await served.client.post("/api/verify", content=content, headers=JSON)
    assert answer.status_code == status
    assert [one["pointer"] for one in answer.json().get("errors", [])] == pointers


async def test_every_answer_carries_what_keeps_browsers_safe(served: Service) -> None:
    for path in ("/api/entries", "/healthz", "/nowhere", "/metrics", "/openapi.json"):
        headers = (await served.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers


async def test_what_is_not_allowed_is_a_problem_too(served: Service) -> None:
    answer = await served.client.delete("/api/entries")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert "GET" in answer.headers["allow"]
    assert (await served.get("/api/verify")).status_code == 405
    assert (await served.get("/docs")).status_code == 404
    assert (await served.client.request("BREW", "/")).status_code == 405


async def test_a_slip_of_ours_is_no_trace(served: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("/secret/path")

    monkeypatch.setattr("imgcache.service.routes.entries.article_document", fail)
    monkeypatch.setattr("imgcache.edge.catalog.queries.CatalogQueries.select", fail)
    answer = await served.get("/api/entries")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert any("ZeroDivisionError" in note for note in served.heard.notes)


async def test_this_machines_trouble_names_no_path(world: World) -> None:
    async with service(world) as served:
        world.cache.mkdir()
        (world.cache / "index.sqlite3").write_bytes(b"no database at all" * 100)
        answer = await served.verify({"entries": [{"url": world.origin.url("/a.jpg")}]})
    assert answer.status_code == 503
    assert str(world.cache) not in answer.text
    assert "sqlite" not in answer.text
