"""What an origin can do to a client: each behaviour is an async function of (request, writer).

It returns True to keep the connection, False (or nothing) to close it.
"""

from __future__ import annotations

import asyncio
import gzip as gzip_module
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True)
class Request:
    """One request as it came: method, target as sent, headers by lower-case name."""

    method: str
    target: str
    headers: Mapping[str, str]
    connection: int = 0

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Behaviour = Callable[[Request, asyncio.StreamWriter], Awaitable[bool | None]]


def head(status: int, headers: Mapping[str, str], reason: str | None = None) -> bytes:
    """The bytes of a status line and header section."""
    if reason is None:
        reason = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Whatever"
    lines = [
        f"HTTP/1.1 {status} {reason}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("utf-8")


def answer(
    body: bytes = b"",
    *,
    status: int = 200,
    content_type: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Behaviour:
    """A proper answer with Content-Length; the connection stays open."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        fields = {"Content-Length": str(len(body))}
        if content_type is not None:
            fields["Content-Type"] = content_type
        writer.write(head(status, fields | dict(headers or {})) + body)
        await writer.drain()
        return True

    return behave


def conditional(
    body: bytes,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    content_type: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Behaviour:
    """The body, or a 304 to a request that holds its validator."""
    fields = dict(headers or {})
    fields |= {"ETag": etag} if etag else {}
    fields |= {"Last-Modified": last_modified} if last_modified else {}

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool | None:
        asked = request.headers.get("if-none-match")
        since = request.headers.get("if-modified-since")
        if (asked is not None and asked == etag) or (
            asked is None and since is not None and since == last_modified
        ):
            writer.write(head(304, fields))
            await writer.drain()
            return True
        return await answer(body, content_type=content_type, headers=fields)(request, writer)

    return behave


def ranged(body: bytes) -> Behaviour:
    """Honours `Range: bytes=0-N` with a 206; the whole body otherwise."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool | None:
        wanted = request.headers.get("range")
        if wanted is None:
            return await answer(body)(request, writer)
        last = min(int(wanted.removeprefix("bytes=0-")), len(body) - 1)
        part = {"Content-Range": f"bytes 0-{last}/{len(body)}"}
        return await answer(body[: last + 1], status=206, headers=part)(request, writer)

    return behave


def redirect(
    location: str | None, status: int = 302, headers: Mapping[str, str] | None = None
) -> Behaviour:
    """A redirect; without a Location where it is None."""
    fields = {} if location is None else {"Location": location}
    return answer(status=status, headers=fields | dict(headers or {}))


def gzipped(body: bytes, *, cut: int = 0) -> Behaviour:
    """The body as gzip with an honest Content-Length, less the last `cut` bytes of the stream."""
    packed = gzip_module.compress(body, mtime=0)
    return answer(packed[: len(packed) - cut], headers={"Content-Encoding": "gzip"})


def raw(*pieces: bytes, keep: bool = False) -> Behaviour:
    """Exactly these bytes, a write for each; then the connection ends, unless it is kept."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return keep

    return behave


def cut(body: bytes, announced: int) -> Behaviour:
    """A Content-Length of `announced`, the body, and the end of the connection."""
    return raw(head(200, {"Content-Length": str(announced)}) + body)


def unannounced(body: bytes) -> Behaviour:
    """A body without a length, whole when the connection ends (RFC 9112 section 6.3, rule 8)."""
    return raw(head(200, {}) + body)


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> Behaviour:
    """The chunked coding; another `end` makes it a broken one."""
    coded = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return raw(head(200, {"Transfer-Encoding": "chunked"}) + coded + end, keep=end == b"0\r\n\r\n")


def reset(first: bytes = b"") -> Behaviour:
    """These bytes, and the connection is reset (RST) once they are on their way."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        writer.write(first)
        await writer.drain()
        raw_socket = writer.get_extra_info("socket")
        raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False

    return behave


def stall(first: bytes = b"") -> Behaviour:
    """These bytes and then nothing, until the origin ends."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        writer.write(first)
        await writer.drain()
        await asyncio.Event().wait()
        return False

    return behave


def drip(first: bytes, byte: bytes, gap: float) -> Behaviour:
    """These bytes, and then one byte every `gap` seconds for ever."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        writer.write(first)
        while True:
            writer.write(byte)
            await writer.drain()
            await asyncio.sleep(gap)

    return behave


def flood(first: bytes, piece: bytes) -> Behaviour:
    """These bytes, and then the piece again and again as fast as it is taken."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool:
        writer.write(first)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # the client runs in the same event loop
        return False

    return behave


def after(event: asyncio.Event, behaviour: Behaviour) -> Behaviour:
    """Waits for the event before it behaves."""

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool | None:
        await event.wait()
        return await behaviour(request, writer)

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """A different behaviour for each request; the last one stays."""
    remaining = list(behaviours)

    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool | None:
        now = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        return await now(request, writer)

    return behave
