"""httpx transport over aiohttp's connections, whose pool is an order of magnitude faster.

Requests go out as written, answers come back undecoded, and each failure becomes an
ExchangeError. Nothing is read from the environment but SSL_CERT_FILE and SSL_CERT_DIR.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import hdrs
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError
from aiohttp.tracing import Trace
from yarl import URL

from imgcache.config import FetchSettings
from imgcache.core.http.address import AddressRule
from imgcache.edge import descriptors
from imgcache.edge.http.connection import Answer, Reading, StaleConnectionError, ask
from imgcache.edge.http.deadlines import Deadlines
from imgcache.edge.http.dns import Lookup, LookupThreads
from imgcache.edge.http.errors import ConnectionCutError, ExchangeError, of_body, of_request
from imgcache.edge.http.httpx_import import httpx
from imgcache.edge.http.resolver import GuardedResolver, is_literal
from imgcache.edge.http.trust import trust

if TYPE_CHECKING:
    from aiohttp.connector import Connection

_LONGEST_LINE = 65536
_MOST_HEADERS = 1000
_READ_BUFFER = 1 << 16
_ENOUGH_FOR_IDLE = 512
_MOST_HOSTS = 1024  # that are kept in mind
# What no line of a head may hold: it would be two lines, or worse.
_CONTROL = re.compile(rb"[\0-\x08\n-\x1f\x7f]")


class _Body(httpx.AsyncByteStream):
    """The bytes of a body as they come from the wire."""

    def __init__(self, answer: Answer, fetch: FetchSettings) -> None:
        self._answer = answer
        self._fetch = fetch

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """A chunk of any size; raises ExchangeError."""
        answer = self._answer
        try:
            chunk = await answer.content.readany()
        except (aiohttp.ClientError, HttpProcessingError, OSError) as exc:
            raise ExchangeError(of_body(exc, answer.status, self._fetch)) from exc
        if chunk:
            return chunk
        if answer.surplus():
            more = BadHttpMessage("bytes after the end of the answer")
            raise ExchangeError(of_body(more, answer.status, self._fetch))
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        self._answer.end()


class Destination(aiohttp.ClientRequest):
    """A place to connect to, as aiohttp's connector takes it: made once a host, and never sent."""

    @property
    def is_behind_proxy(self) -> bool:
        """Whether a proxy is told the whole URL (RFC 9112 section 3.2.2); others get a tunnel."""
        return self.proxy is not None and not self.is_ssl()

    def target(self, path: bytes) -> bytes:
        """The request target for a path with its query."""
        return b"%b%b" % (str(self.url).encode("ascii"), path) if self.is_behind_proxy else path

    @property
    def credentials(self) -> list[tuple[bytes, bytes]]:
        """What a proxy must be told, which the connector has noted when it connects."""
        told = self.headers.get(hdrs.PROXY_AUTHORIZATION) if self.is_behind_proxy else None
        return [(b"Proxy-Authorization", told.encode("ascii"))] if told else []


class Transport(httpx.AsyncBaseTransport):
    """Sends httpx requests with aiohttp. Make it inside the running event loop.

    `deadlines`: of the tasks that send; they stand still while a request waits for a connection.

    It honours the request extensions `target` (httpx's own: the bytes of the request target as
    they go out) and `on_send` (called for each request on the wire, silent retries included).
    All Location headers of an answer are in its extension `locations`, byte for byte.
    """

    def __init__(
        self,
        fetch: FetchSettings,
        lookup: Lookup,
        context: ssl.SSLContext | None = None,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._fetch = fetch
        self._traces = [] if deadlines is None else [_trace_of_waits(deadlines)]
        # With a proxy we connect to the proxy only; it is configured, so the rule does not apply.
        rule = AddressRule(fetch.allow_private) if fetch.proxy is None else None
        mapped = fetch.resolve if fetch.proxy is None else ()
        self._resolver = GuardedResolver(LookupThreads(lookup), rule, mapped, fetch.connect_timeout)
        self._dialled = lru_cache(maxsize=_MOST_HOSTS)(self._where)
        self._proxy = None if fetch.proxy is None else URL(fetch.proxy)
        self._reading = Reading(fetch.idle_timeout, _READ_BUFFER, _LONGEST_LINE, _MOST_HEADERS)
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=fetch.connect_timeout)
        self._connector = self._open_connector(context or trust(fetch.ca_file))

    def _open_connector(self, context: ssl.SSLContext) -> aiohttp.TCPConnector:
        fetch = self._fetch
        return aiohttp.TCPConnector(
            limit=fetch.concurrency,
            limit_per_host=fetch.per_host,
            # An idle connection has a descriptor, too, and there may be one per host.
            force_close=descriptors.available() < _ENOUGH_FOR_IDLE,
            resolver=self._resolver,
            socket_factory=self._resolver.connect_socket,
            ssl=context,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange; raises ExchangeError for all network faults."""
        host = request.url.raw_host.decode("ascii")
        try:
            answer = await self._send(request, host)
        except ExchangeError:
            raise
        except Exception as exc:
            raise ExchangeError(of_request(exc, host, self._fetch)) from exc
        locations = [value for name, value in answer.raw_headers if name.lower() == b"location"]
        return httpx.Response(
            answer.status,
            # httpx would parse a Location even if it is not to follow it, and fail on many.
            headers=[pair for pair in answer.raw_headers if pair[0].lower() != b"location"],
            stream=_Body(answer, self._fetch),
            extensions={
                "reason_phrase": answer.reason.encode("utf-8", "replace"),
                "locations": locations,
            },
        )

    async def _send(self, request: httpx.Request, host: str) -> Answer:
        """The answer over a connection that was silent until it was asked.

        A kept one that proves stale costs nothing but another one (RFC 9112 section 9.3.1).
        """
        url = request.url
        there = self._dialled(url.scheme, host, url.port)
        on_send = request.extensions.get("on_send")
        stale: Exception = StaleConnectionError()
        for _ in range(self._fetch.per_host + 1):
            connection = await self._connect(there)
            try:
                return await ask(connection, self._head(request, there), self._reading, on_send)
            except StaleConnectionError as exc:
                connection.close()
                stale = exc
            except BaseException:
                connection.close()
                raise
        raise ConnectionCutError(stale, heard=False) from stale

    async def _connect(self, there: Destination) -> Connection:
        try:
            return await self._connector.connect(there, self._traces, self._timeout)
        except TimeoutError as exc:
            raise aiohttp.ConnectionTimeoutError from exc

    def _head(self, request: httpx.Request, there: Destination) -> bytes:
        """The request as it goes out: as written, so that not a byte is requoted."""
        target = there.target(request.extensions.get("target", request.url.raw_path))
        lines = [b"%b %b HTTP/1.1" % (request.method.encode("ascii"), target)]
        lines += [b"%b: %b" % pair for pair in (*request.headers.raw, *there.credentials)]
        if self._connector.force_close and "Connection" not in request.headers:
            lines.append(b"Connection: close")
        if _CONTROL.search(b"\t".join(lines)):
            raise ValueError("a control character in the head of a request")
        return b"\r\n".join((*lines, b"", b""))

    def _where(self, scheme: str, host: str, port: int | None) -> Destination:
        """What aiohttp's connector is to dial.

        It never asks its resolver about a literal address, so --resolve is applied here.
        """
        named = None
        port = port or (443 if scheme == "https" else 80)
        mapping = self._resolver.mapping(f"[{host}]" if ":" in host else host, port)
        if mapping is not None and is_literal(host):
            named = host if scheme == "https" else None
            host, port = str(mapping.address), mapping.to_port
        authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return Destination(
            "GET",
            URL.build(scheme=scheme, authority=authority, encoded=True),
            loop=asyncio.get_running_loop(),
            proxy=self._proxy,
            server_hostname=named,
        )

    async def aclose(self) -> None:
        """Close all connections; look-ups that still hang are not waited for."""
        await self._connector.close()
        await self._resolver.close()


def _trace_of_waits(deadlines: Deadlines) -> Trace:
    """Stops a request's clock while it waits for a connection to be free.

    Redirects of many hosts may lead to one, and that this one gets few connections is our rule.
    """

    async def begins(*_: object) -> None:
        deadlines.pause()

    async def ends(*_: object) -> None:
        deadlines.go_on()

    config = aiohttp.TraceConfig()
    config.on_connection_queued_start.append(begins)
    config.on_connection_queued_end.append(ends)
    config.freeze()
    return Trace(None, config, SimpleNamespace())  # type: ignore[arg-type]  # no session is needed
