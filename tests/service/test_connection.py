"""Clients that are slow, silent, strange or gone: they cost the others nothing."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from imgcache.service import access, connection, server
from tests.support import pictures
from tests.support.service import Service, service
from tests.support.world import World

HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def client(
    served: Service, *, buffer: int | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    one = socket.socket()
    if buffer is not None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    one.connect(("127.0.0.1", served.port))
    reader, writer = await asyncio.open_connection(sock=one, limit=buffer or 1 << 16)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """What came until the service hung up."""
    came = b""
    try:
        while data := await reader.read(1 << 16):
            came += data
    except ConnectionResetError:
        pass
    return came


@pytest.mark.parametrize("sent", [b"", b"GET", HEAD, HEAD + b"X: "])
async def test_a_head_that_does_not_come_ends_the_connection(
    world: World, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connection, "HEAD_TIME", 0.05)
    async with service(world) as served, client(served) as (reader, writer):
        writer.write(sent)
        assert await ended(reader) == b""


async def test_dripping_does_not_buy_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_TIME", 0.3)
    async with service(world) as served, client(served) as (reader, writer):
        writer.write(HEAD)

        async def drip() -> None:
            while not writer.is_closing():
                writer.write(b"X: y\r\n")
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        async with asyncio.timeout(30):
            assert await ended(reader) == b""
        dripping.cancel()


async def test_a_second_head_has_as_long_as_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_TIME", 0.3)
    async with service(world) as served, client(served) as (reader, writer):
        writer.write(HEAD + b"\r\n")
        await reader.readuntil(b"}")
        writer.write(HEAD)
        async with asyncio.timeout(30):
            assert await ended(reader) == b""


async def test_a_body_that_does_not_come_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "BODY_TIME", 0.05)
    async with service(world) as served, client(served) as (reader, writer):
        writer.write(POST + b'Content-Length: 99\r\n\r\n{"entries": [')
        answer = await ended(reader)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


async def test_a_client_that_does_not_read_is_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "STALL_TIME", 0.2)
    large = pictures.bmp(1800, 1800)
    sha256 = hashlib.sha256(large).hexdigest()
    world.article(world.entry(world.origin.route("/a.bmp", body=large), 1800, 1800))
    await world.refresh()
    async with service(world) as served:
        async with client(served, buffer=4096) as (reader, writer):
            writer.write(f"GET /images/{sha256} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            await served.heard.has_answered(f"/images/{sha256}")
            assert len(await ended(reader)) < len(large)
        assert (await served.get(f"/images/{sha256}")).content == large


async def test_a_client_that_goes_away_leaves_nothing_open(world: World) -> None:
    large = pictures.bmp(1800, 1800)
    sha256 = hashlib.sha256(large).hexdigest()
    world.article(world.entry(world.origin.route("/a.bmp", body=large), 1800, 1800))
    await world.refresh()
    async with service(world) as served:
        for number in range(1, 6):
            async with client(served, buffer=4096) as (reader, writer):
                writer.write(f"GET /images/{sha256} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                await reader.readuntil(b"\r\n\r\n")
            await served.heard.has_answered(f"/images/{sha256}", number)
        assert open_images(world) == 0


def open_images(world: World) -> int:
    if not Path("/proc/self/fd").exists():
        pytest.skip("only Linux tells which files are open")
    found = 0
    for one in Path("/proc/self/fd").iterdir():
        try:
            found += str(one.readlink()).startswith(str(world.cache / "images"))
        except FileNotFoundError:
            continue
    return found


async def test_when_too_many_wait_the_one_that_waits_longest_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "HEAD_TIME", 600.0)
    monkeypatch.setattr(server, "_MOST_CONNECTIONS", 4)
    async with (
        asyncio.timeout(60),
        service(world) as served,
        client(served) as (first, one),
        client(served) as (_, two),
    ):
        one.write(b"GET")
        two.write(b"GET")
        async with client(served) as (_, three), client(served) as (last, four):
            three.write(b"GET")
            four.write(HEAD + b"\r\n")
            assert (await last.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
            assert (await served.get("/healthz")).status_code == 200
            assert await ended(first) == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        HEAD + b"Host: other.test\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        HEAD + b"X\x00: y\r\n\r\n",
        POST + b"Content-Length: x\r\n\r\n",
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        POST + b"Transfer-Encoding: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_http_gets_a_problem_and_no_more(served: Service, sent: bytes) -> None:
    async with client(served) as (reader, writer):
        writer.write(sent)
        if sent.startswith(b"\x16"):
            writer.write(b"\r\n\r\n")
        answer = await ended(reader)
    assert answer.split(b" ")[1] in (b"400", b"431", b"501")
    assert b"application/problem+json" in answer
    assert (await served.get("/healthz")).status_code == 200


async def test_no_upgrade_is_made(served: Service) -> None:
    async with client(served) as (reader, writer):
        writer.write(HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")


async def test_the_end_does_not_wait_for_the_slow(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgcache.service.server._GRACE", 0)
    never = asyncio.Event()

    async def hang(*_: object) -> bool:
        await never.wait()
        return False

    world.origin.route("/slow.jpg", hang)
    async with service(world) as served:
        question = {"entries": [{"url": world.origin.url("/slow.jpg")}]}
        asking = asyncio.create_task(served.verify(question))
        await world.origin.asked("/slow.jpg")
    await asyncio.wait({asking})
    asking.exception()


async def test_nonsense_after_an_answer_ends_the_connection_without_a_trace(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with service(world) as served, client(served) as (reader, writer):
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        await reader.readuntil(b'{"status":"alive"}')
        writer.write(b"no chunk\r\n")
        assert await ended(reader) == b""
        assert (await served.get("/healthz")).status_code == 200
    assert not caplog.records
