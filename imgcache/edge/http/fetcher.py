"""HTTP fetcher: one attempt at one URL, under one deadline, redirects followed by hand.

Retries, paused hosts and the order of requests are the engine's business. Each network failure
becomes a result here; only this machine's own faults are raised.
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Self

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import FetchSettings
from imgcache.core.http import response as answer
from imgcache.core.http.address import AddressRule
from imgcache.core.http.freshness import redirect_lifetime
from imgcache.core.http.retry import parse_retry_after
from imgcache.core.http.url import WebUrl
from imgcache.edge.http import aiohttp_import  # noqa: F401  before those that import aiohttp
from imgcache.edge.http.body import fields, receive
from imgcache.edge.http.deadlines import Deadlines
from imgcache.edge.http.dns import Lookup, system_lookup
from imgcache.edge.http.errors import ExchangeError, unknown
from imgcache.edge.http.exchange import (
    Attempt,
    AttemptStats,
    Body,
    Hop,
    NotModified,
    ReadLimit,
    Sink,
)
from imgcache.edge.http.httpx_import import httpx
from imgcache.edge.http.transport import Transport
from imgcache.errors import LocalError
from imgcache.facts import Validators
from imgcache.model import Failure, Verdict

ACCEPT = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


class _Client(httpx.AsyncClient):
    """httpx without cookies, redirects, authorization and log: none of these is for us."""

    async def send(self, request: httpx.Request, **_: object) -> httpx.Response:
        """What the transport answers; the body is still to be read."""
        return await self._transport.handle_async_request(request)


# httpx makes one, and more headers, for a request that is given none.
_NO_BODY = httpx.ByteStream(b"")
_MOST_HOSTS = 1024


class _Redirect(Struct, frozen=True):
    """Where an answer leads, and for how many seconds."""

    target: WebUrl
    lasts: float


class Fetcher:
    """Sends requests with httpx over the pool of one Transport; an async context manager."""

    def __init__(
        self,
        settings: FetchSettings,
        *,
        lookup: Lookup = system_lookup,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is opened yet.

        Args:
            settings: the `fetch` section.
            lookup: how names become addresses.
            context: what `trust` returned for its `ca_file`; None: asked for when it is opened.
        """
        self._settings = settings
        self._lookup = lookup
        self._context = context
        self._rule = AddressRule(settings.allow_private)
        self._named = frozenset((entry.host, entry.port) for entry in settings.resolve)
        self._headers = {
            "Accept": ACCEPT,
            "Accept-Encoding": "identity",
            "User-Agent": settings.user_agent,
        }
        self._extra = {
            host: {name.title(): value for name, value in extra.items()}
            for host, extra in settings.headers.items()
        }
        self._deadlines = Deadlines(settings.deadline)
        self._headers_of = lru_cache(maxsize=_MOST_HOSTS)(self._always)

    async def __aenter__(self) -> Self:
        """Open the session; raises ConfigError for a `ca_file` that can't be read."""
        transport = Transport(self._settings, self._lookup, self._context, self._deadlines)
        self._client = _Client(transport=transport, follow_redirects=False, trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    def expect(self) -> None:
        """It is ready."""

    async def attempt(
        self,
        url: WebUrl,
        validators: Validators,
        sink: Sink,
        stats: AttemptStats | None = None,
        first: int | None = None,
    ) -> Attempt:
        """Ask for `url` once; a failure is a result, too.

        Args:
            url: from the gate.
            validators: of a sound copy; empty where there is none.
            sink: takes the body, if one comes.
            stats: updated on the way, for a caller that may cancel the attempt.
            first: ask for so many bytes only (RFC 9110 section 14.2); None for the whole.

        Raises:
            LocalError: from the sink.
        """
        stats = stats or AttemptStats()
        stats.answering = False  # an earlier attempt may have been counted here, too
        try:
            async with self._deadlines.one():
                limit = ReadLimit(self._settings.max_bytes, first)
                result = await self._follow(url, validators, sink, stats, limit)
        except TimeoutError:
            result = self._late(stats)
        except ExchangeError as exc:
            result = exc.failure
        except LocalError:
            raise
        except Exception as exc:  # noqa: BLE001 -- one bad URL must never end a run
            result = unknown(exc)
        return Attempt(result, stats.requests, stats.wire_bytes)

    def _late(self, stats: AttemptStats) -> Failure:
        """The deadline has passed; a host that was answering would be as slow again."""
        moving = "; bytes were coming, so raise fetch.deadline for a slow host"
        return Failure(
            Verdict.TIMEOUT,
            f"the answer was not whole within {self._settings.deadline:g} s"
            f"{moving if stats.answering and stats.wire_bytes else ''}",
            transient=not stats.answering,
            host_fault=not stats.answering,
        )

    async def _follow(
        self,
        url: WebUrl,
        validators: Validators,
        sink: Sink,
        stats: AttemptStats,
        limit: ReadLimit,
    ) -> Body | NotModified | Failure:
        visited, lasts = [url], math.inf
        while True:
            ended = await self._exchange(visited, validators, sink, stats, limit)
            if isinstance(ended, _Redirect):
                visited.append(ended.target)
                lasts = min(lasts, ended.lasts)
            elif validators and answer.is_failed_condition(ended):
                validators = Validators()
            elif isinstance(ended, Failure) or len(visited) == 1:
                return ended
            else:
                return _redirected(ended, visited[-1], lasts)

    async def _exchange(
        self,
        visited: Sequence[WebUrl],
        validators: Validators,
        sink: Sink,
        stats: AttemptStats,
        limit: ReadLimit,
    ) -> Body | NotModified | Failure | _Redirect:
        """One request, for the last of the URLs."""
        url = visited[-1]
        if (validators.url or visited[0].href) != url.href:
            validators = Validators()
        stats.host = url.host
        if stats.watch is not None:
            stats.watch.asking(url)
        refused = self._refused(url)
        if refused is not None:
            return refused
        request = self._request(url, validators, stats.sent, limit.first)
        asked_at = time.time()
        response = await self._client.send(request)
        stats.answering = True
        if stats.watch is not None:
            stats.watch.answered(_hop(url, response))
        try:
            decided = self._decide(response, asked_at, visited, bool(validators))
            if not isinstance(decided, Body):
                return decided
            received = await receive(response, sink, stats, limit)
        finally:
            await response.aclose()
        if isinstance(received, Failure):
            return received
        return replace(decided, received=received)

    def _decide(
        self,
        response: httpx.Response,
        asked_at: float,
        visited: Sequence[WebUrl],
        conditional: bool,  # noqa: FBT001 -- a fact about the request
    ) -> Body | NotModified | Failure | _Redirect:
        """What the head of an answer means."""
        settings, now = self._settings, time.time()
        status, headers = response.status_code, fields(response)
        asked_to_wait = parse_retry_after(headers.get("retry-after", ""), headers.get("date"), now)
        failure = answer.refusal(
            status, response.reason_phrase, asked_to_wait, settings.retry_after_cap
        )
        if failure is not None:
            return failure
        facts = answer.facts(status, headers, asked_at, now)
        if status in answer.REDIRECTS:
            locations = response.extensions["locations"]
            target = answer.redirected(status, locations, visited, settings.max_redirects)
            if isinstance(target, Failure):
                return target
            return _Redirect(target, redirect_lifetime(facts))
        if status != answer.NOT_MODIFIED:
            return answer.without_end(facts) or Body(facts)
        return NotModified(facts) if conditional else answer.unasked_not_modified()

    def _refused(self, url: WebUrl) -> Failure | None:
        """The rule for literal addresses; names are checked where they are resolved."""
        literal = url.literal
        if literal is None or not self._rule.refuses(literal, url.port):
            return None
        # A --resolve for this very address permits it; one for `*` names no address.
        if self._settings.proxy is None and (url.host, url.port) in self._named:
            return None
        return Failure(Verdict.FORBIDDEN_ADDRESS, "the URL leads to an address that is not public")

    def _request(
        self, url: WebUrl, validators: Validators, on_send: Callable[[], None], first: int | None
    ) -> httpx.Request:
        request = httpx.Request(
            "GET",
            _origin(url.scheme, url.host, url.port),
            headers=self._headers_of(url.authority, url.host),  # httpx makes a copy
            stream=_NO_BODY,
            extensions={"target": url.target.encode("ascii"), "on_send": on_send},
        )
        if first is not None:
            request.headers["Range"] = f"bytes=0-{first - 1}"
        if validators.etag:
            request.headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            request.headers["If-Modified-Since"] = validators.last_modified
        return request

    def _always(self, authority: str, host: str) -> httpx.Headers:
        """The headers of all requests to a host."""
        # Set by hand: httpx would decode an IDN for it, and refuses those that browsers open.
        return httpx.Headers({"Host": authority} | self._headers | self._extra.get(host, {}))


def _redirected(ended: Body | NotModified, url: WebUrl, lasts: float) -> Body | NotModified:
    """An answer of this URL, to which redirects have led that last so many seconds."""
    validators = replace(ended.response.validators, url=url.href)
    redirected = None if math.isinf(lasts) else lasts
    response = replace(ended.response, validators=validators, redirected=redirected)
    return replace(ended, response=response)


def _hop(url: WebUrl, response: httpx.Response) -> Hop:
    raw = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
    ]
    sent = response.extensions["locations"]
    locations = [("Location", value.decode("utf-8", "backslashreplace")) for value in sent]
    return Hop(url.href, response.status_code, (*locations, *raw))


@lru_cache(maxsize=_MOST_HOSTS)
def _origin(scheme: str, host: str, port: int) -> httpx.URL:
    """The origin as httpx has it; the target goes beside it, as httpx would requote it."""
    return httpx.URL(f"{scheme}://{host}:{port}")
