"""Access middleware (ASGI): checks Host, Origin, token and body before a route gets a request.

It wraps the whole application. It also sets the headers that every answer must have, answers 500
without a trace where our own code fails, and reports each answer to the meter.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders

from imgcache.config import ServeSettings
from imgcache.service import problems
from imgcache.service.host_rule import HostRule, is_loopback
from imgcache.service.metrics import ServiceMetrics
from imgcache.service.problems import ProblemError
from imgcache.service.routing import App, Message, Receive, Send

VERIFY = "/api/verify"
LARGEST_BODY = 4 << 20
# uvicorn limits only a head that comes in pieces.
LARGEST_HEAD = 64 << 10
# For the whole body of a request, in seconds.
BODY_TIME = 30.0
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}


class AccessMiddleware:
    """Wraps `app`; `settings` say which requests are allowed, `meter` counts answers."""

    def __init__(self, app: App, settings: ServeSettings, meter: ServiceMetrics) -> None:
        self._app = app
        self._hosts = HostRule(settings)
        self._token = settings.token
        self._loopback = is_loopback(settings.host)
        self._meter = meter

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, or what else ASGI has."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Bounded(receive, scope)
        answer = _Answer(send, body)
        began = time.monotonic()
        try:
            await self._serve(scope, body, answer)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            seconds = time.monotonic() - began
            status = answer.status or 0
            self._meter.answered(_method(scope), route, scope["path"], status, seconds)

    async def _serve(self, scope: Message, body: _Bounded, answer: _Answer) -> None:
        try:
            self._check(scope)
            await self._app(scope, body, answer)
        except ProblemError as exc:
            await _refuse(scope, body, answer, exc)
        except Exception as exc:  # noqa: BLE001  an error of ours costs one answer
            error = f"{type(exc).__name__}: {exc}"
            self._meter.warned(f"imgcache itself failed ({error}); please report it")
            await _refuse(scope, body, answer, _OUR_ERROR)

    def _check(self, scope: Message) -> None:
        """Raises ProblemError for a request that must not reach a route."""
        headers = Headers(scope=scope)
        if _length(scope) > LARGEST_HEAD:
            detail = f"the head has more than {LARGEST_HEAD} bytes"
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ProblemError(status, detail, {"Connection": "close"})
        host = headers.get("host")
        if host is None or not self._hosts.allows(host):
            detail = "this service does not go by that name; set serve.allowed_hosts if it should"
            raise ProblemError(HTTPStatus.MISDIRECTED_REQUEST, detail)
        # Elsewhere the router answers that there is nothing to POST to.
        if scope["method"] == "POST" and scope["path"] == VERIFY:
            self._check_post(headers, host)

    def _check_post(self, headers: Headers, host: str) -> None:
        if not _is_own_origin(headers, host):
            raise ProblemError(HTTPStatus.FORBIDDEN, "pages of other sites may not ask this")
        self._check_token(headers.get("authorization"))
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            detail = "send application/json"
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, {"Accept": _JSON})
        announced = headers.get("content-length", "0")
        if not announced.isdecimal() or int(announced) > LARGEST_BODY:
            raise _too_large()

    def _check_token(self, authorization: str | None) -> None:
        if self._token is None:
            if not self._loopback:
                detail = "POST needs a token here: set serve.token"
                raise ProblemError(HTTPStatus.FORBIDDEN, detail)
            return
        scheme, _, token = (authorization or "").partition(" ")
        given, wanted = token.strip().encode("latin-1", "replace"), self._token.encode()
        if scheme.lower() != "bearer" or not hmac.compare_digest(given, wanted):
            challenge = {"WWW-Authenticate": 'Bearer realm="imgcache"'}
            raise ProblemError(HTTPStatus.UNAUTHORIZED, "send serve.token as Bearer", challenge)


_JSON = "application/json"
_OUR_ERROR = ProblemError(
    HTTPStatus.INTERNAL_SERVER_ERROR, "imgcache itself failed; its operator finds why in the log"
)


def _length(scope: Message) -> int:
    fields = sum(len(name) + len(value) for name, value in scope["headers"])
    return fields + len(scope["raw_path"]) + len(scope["query_string"])


def _method(scope: Message) -> str:
    """The method as a label: clients may send any word, and each label costs memory."""
    methods = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")
    return scope["method"] if scope["method"] in methods else "other"


def _is_own_origin(headers: Headers, host: str) -> bool:
    """Whether a browser page that sends this came from this very service; programs send none."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in ("none", "same-origin")
    scheme, _, authority = origin.lower().partition("://")
    port = {"http": ":80", "https": ":443"}.get(scheme)
    if port is None:
        return False
    return authority.removesuffix(port) == host.lower().removesuffix(port)


def _too_large() -> ProblemError:
    detail = f"the body has more than {LARGEST_BODY} bytes"
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


async def _refuse(scope: Message, receive: Receive, answer: _Answer, exc: ProblemError) -> None:
    """Answer with the problem; an answer that has begun already is aborted instead."""
    if answer.status is not None:
        raise ConnectionAbortedError(exc.detail) from exc
    found = problems.answer(exc.status_code, exc.detail, exc.headers, scope=scope)
    await found(scope, receive, answer)


class _Answer:
    """Passes an answer on, with the headers that every one must have."""

    def __init__(self, send: Send, body: _Bounded) -> None:
        self.status: int | None = None
        self._send = send
        self._body = body

    async def __call__(self, message: Message) -> None:
        """One message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if self._body.is_unread:
                # The rest of the body is not read, so the connection can't be used again.
                headers["Connection"] = "close"
        await self._send(message)


class _Bounded:
    """Hands a body on until it is too large, or takes too long to come.

    `is_unread`: some of it may be still to come.
    """

    def __init__(self, receive: Receive, scope: Message) -> None:
        self._receive = receive
        self._left = LARGEST_BODY
        self.is_unread = scope["method"] == "POST"
        self._until = asyncio.get_running_loop().time() + BODY_TIME

    async def __call__(self) -> Message:
        """The next message. Raises ProblemError."""
        if not self.is_unread:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError as exc:
            detail = f"the body did not come within {BODY_TIME:g} s"
            raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, detail) from exc
        self._left -= len(message.get("body", b""))
        self.is_unread = message.get("more_body", False)
        if self._left < 0:
            raise _too_large()
        return message
