"""httpx transport over one aiohttp session, whose pool is an order of magnitude faster.

Requests go out as written, answers come back undecoded, and each failure becomes an
ExchangeError. Nothing is read from the environment but SSL_CERT_FILE and SSL_CERT_DIR.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

import aiohttp
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError
from yarl import URL

from imgcache.config import FetchSettings
from imgcache.core.http.address import AddressRule
from imgcache.edge import descriptors
from imgcache.edge.http.connection import Request, Response, RetryStale
from imgcache.edge.http.dns import Lookup, LookupThreads
from imgcache.edge.http.errors import ExchangeError, of_body, of_request
from imgcache.edge.http.httpx_import import httpx
from imgcache.edge.http.resolver import GuardedResolver, is_literal
from imgcache.edge.http.trust import trust

_LONGEST_LINE = 65536
_MOST_HEADERS = 1000
_READ_BUFFER = 1 << 16
_ENOUGH_FOR_IDLE = 512
_MOST_HOSTS = 1024  # that are kept in mind


class _Body(httpx.AsyncByteStream):
    """The bytes of a body as they come from the wire."""

    def __init__(self, response: Response, fetch: FetchSettings) -> None:
        self._response = response
        self._fetch = fetch

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Chunks of any size; raises ExchangeError."""
        read = self._response.content.readany
        try:
            while chunk := await read():
                yield chunk
        except (aiohttp.ClientError, HttpProcessingError, OSError) as exc:
            raise ExchangeError(of_body(exc, self._response.status, self._fetch)) from exc
        if self._response.surplus():
            more = BadHttpMessage("bytes after the end of the answer")
            raise ExchangeError(of_body(more, self._response.status, self._fetch))

    async def aclose(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        self._response.end()


class Transport(httpx.AsyncBaseTransport):
    """Sends httpx requests with aiohttp. Make it inside the running event loop.

    It honours the request extensions `target` (httpx's own: the bytes of the request target as
    they go out) and `on_send` (called for each request on the wire, silent retries included).
    All Location headers of an answer are in its extension `locations`, byte for byte.
    """

    def __init__(
        self, fetch: FetchSettings, lookup: Lookup, context: ssl.SSLContext | None = None
    ) -> None:
        self._fetch = fetch
        # With a proxy we connect to the proxy only; it is configured, so the rule does not apply.
        rule = AddressRule(fetch.allow_private) if fetch.proxy is None else None
        mapped = fetch.resolve if fetch.proxy is None else ()
        self._resolver = GuardedResolver(LookupThreads(lookup), rule, mapped, fetch.connect_timeout)
        self._dialled = lru_cache(maxsize=_MOST_HOSTS)(self._where)
        self._session = self._open_session(context or trust(fetch.ca_file))

    def _open_session(self, context: ssl.SSLContext) -> aiohttp.ClientSession:
        fetch = self._fetch
        connector = aiohttp.TCPConnector(
            limit=fetch.concurrency,
            limit_per_host=fetch.per_host,
            # An idle connection has a descriptor, too, and there may be one per host.
            force_close=descriptors.available() < _ENOUGH_FOR_IDLE,
            resolver=self._resolver,
            socket_factory=self._resolver.connect_socket,
            ssl=context,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            proxy=fetch.proxy,
            request_class=Request,
            response_class=Response,
            read_bufsize=_READ_BUFFER,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            max_headers=_MOST_HEADERS,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=fetch.connect_timeout, sock_read=fetch.idle_timeout
            ),
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
                "reason_phrase": (answer.reason or "").encode("utf-8", "replace"),
                "locations": locations,
            },
        )

    async def _send(self, request: httpx.Request, host: str) -> Response:
        url, options = self._address(request, host)
        answer = await self._session.request(
            request.method,
            url,
            headers=request.headers.multi_items(),
            allow_redirects=False,
            middlewares=(RetryStale(self._fetch.per_host, request.extensions.get("on_send")),),
            **options,
        )
        assert isinstance(answer, Response)  # noqa: S101 -- the session makes no other
        return answer

    def _address(self, request: httpx.Request, host: str) -> tuple[URL, dict[str, Any]]:
        """The URL for aiohttp; the whole target is its path, so that not a byte is requoted."""
        url = request.url
        authority, options = self._dialled(url.scheme, host, url.port)
        target = request.extensions.get("target", url.raw_path).decode("ascii")
        return URL.build(scheme=url.scheme, authority=authority, path=target, encoded=True), options

    def _where(self, scheme: str, host: str, port: int | None) -> tuple[str, dict[str, Any]]:
        """The authority to dial, and what aiohttp is told beside it.

        aiohttp never asks its resolver about a literal address, so --resolve is applied here.
        """
        options: dict[str, Any] = {}
        port = port or (443 if scheme == "https" else 80)
        mapping = self._resolver.mapping(f"[{host}]" if ":" in host else host, port)
        if mapping is not None and is_literal(host):
            options["server_hostname"] = host if scheme == "https" else None
            host, port = str(mapping.address), mapping.to_port
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}", options

    async def aclose(self) -> None:
        """Close all connections; look-ups that still hang are not waited for."""
        await self._session.close()
        await self._resolver.close()
