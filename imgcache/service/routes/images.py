"""Image routes: cached originals and thumbnails, by the SHA-256 of the original."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import Headers

from imgcache.edge.cache.serving import Held
from imgcache.service import problems
from imgcache.service.problems import ProblemError, documented
from imgcache.service.ranges import NotSatisfiableError, Part, asked_part
from imgcache.service.routing import get
from imgcache.service.state import ServiceNow, ServiceState

_BLOCK = 1 << 16
# imgproxy's rule for SVG, which may hold scripts: opened by itself it can do nothing.
_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    # Pages of any site may show them: that is their purpose.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Accept-Ranges": "bytes",
}
# A signed URL leads somewhere for longer than this.
_SENT_AWAY = {"Cache-Control": "private, max-age=300", "Referrer-Policy": "no-referrer"}
_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]

Sha256 = Annotated[
    str,
    Path(
        description="The SHA-256 of the original's bytes, 64 lower-case hex digits",
        json_schema_extra={"pattern": "^[0-9a-f]{64}$"},
    ),
]
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {
        "description": "The part of the bytes that Range asks for",
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "If-None-Match names these bytes"},
    307: {"description": "The bytes are to be had from the object store (`serve.images`)"},
    **documented(404, 416, 503),
}
router = APIRouter(tags=["images"], default_response_class=Response)


@get(router, "/images/{sha256}", responses=_ANSWERS)
async def image(sha256: Sha256, request: Request, service: ServiceNow) -> Response:
    """The original bytes."""
    held = await asyncio.to_thread(service.holdings.image, sha256)
    return await _answer(held, request, service)


@get(router, "/thumbs/{name}/{sha256}", responses=_ANSWERS)
async def thumbnail(
    name: Annotated[str, Path(description="The name of a configured thumbnail")],
    sha256: Sha256,
    request: Request,
    service: ServiceNow,
) -> Response:
    """A thumbnail, made by the last refresh."""
    held = await asyncio.to_thread(service.holdings.thumbnail, name, sha256)
    return await _answer(held, request, service)


async def _answer(held: Held | None, request: Request, service: ServiceState) -> Response:
    if held is None:
        # The same for what is not cached, what is damaged, and what is no hash at all.
        raise ProblemError(HTTPStatus.NOT_FOUND, "the cache holds no such image")
    etag = f'"{held.sha256}"'
    headers = _HEADERS | {"ETag": etag}
    if is_known(request.headers, etag):
        held.close()
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    # What signs a GET signs no HEAD.
    if service.pictures is not None and request.method == "GET":
        url = await asyncio.to_thread(held.url)
        if url is not None:
            held.close()
            return RedirectResponse(url, headers=_SENT_AWAY)
    try:
        part = asked_part(_range(request, etag), held.size)
    except NotSatisfiableError:
        held.close()
        behind = {"Content-Range": f"bytes */{held.size}"}
        detail = f"the image has {held.size} bytes"
        return problems.answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, detail, behind)
    return HeldResponse(held, part, headers)


def is_known(headers: Headers, etag: str) -> bool:
    """Whether If-None-Match names this entity tag (RFC 9110 section 13.1.2, weak comparison)."""
    field = headers.get("if-none-match", "")
    tags = {tag.strip().removeprefix("W/") for tag in field.split(",")}
    return field.strip() == "*" or etag in tags


def _range(request: Request, etag: str) -> str | None:
    """The Range header, unless If-Range says that it was meant for other bytes.

    It has a meaning for GET only (RFC 9110 section 14.2).
    """
    condition = request.headers.get("if-range")
    is_meant = request.method == "GET" and condition in (None, etag)
    return request.headers.get("range") if is_meant else None


class HeldResponse(Response):
    """Sends an open file block by block, no faster than the client reads, and closes it."""

    def __init__(self, held: Held, part: Part | None, headers: dict[str, str]) -> None:
        self._held = held
        self._part = part or Part(0, held.size, held.size)
        status = HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT
        headers["Content-Length"] = str(self._part.end - self._part.start)
        if part is not None:
            headers["Content-Range"] = part.content_range
        super().__init__(None, status, headers, held.format.media_type)

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request."""
        gone = asyncio.ensure_future(_gone(receive))
        try:
            head = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **head})
            if scope["method"] != "HEAD":
                await self._send_blocks(send, gone)
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self._held.close()

    async def _send_blocks(self, send: _Send, gone: asyncio.Future[None]) -> None:
        position, end = self._part.start, self._part.end
        while position < end and not gone.done():
            length = min(_BLOCK, end - position)
            block = await asyncio.to_thread(self._held.read, position, length)
            if not block:
                raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the image was cut short")
            await send({"type": "http.response.body", "body": block, "more_body": True})
            position += len(block)


async def _gone(receive: _Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
