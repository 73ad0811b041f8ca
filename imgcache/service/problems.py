"""Errors as JSON problem details (RFC 9457), without paths of this machine and without traces.

Browsers get them as pages (error_pages.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from imgcache.errors import ImgcacheError
from imgcache.service import error_pages

MEDIA_TYPE = "application/problem+json"
# How long a client that asks too early or too much should wait, in seconds.
_WAIT = "2"


class Flaw(BaseModel):
    """One part of a request that can't be used."""

    pointer: str = Field(description="Where it is: a JSON Pointer into the body, or a parameter")
    detail: str


class Problem(BaseModel):
    """Why a request was not answered as asked (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(description="The reason phrase of the status")
    status: int
    detail: str
    errors: list[Flaw] | None = Field(default=None, description="Only of requests with flaws")


class ProblemError(HTTPException):
    """Raised for an answer that is no success; the handlers here make the document of it."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)


def too_early(detail: str) -> ProblemError:
    """503: the same request will work a little later."""
    return ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": _WAIT})


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """How a route's OpenAPI says that it may answer with these problems."""
    return {
        status: {"model": Problem, "description": HTTPStatus(status).phrase} for status in statuses
    }


def answer(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Flaw] | None = None,
    *,
    scope: Mapping[str, Any] | None = None,
) -> Response:
    """The problem document, or a page for a browser; never stored by a cache on the way.

    `scope` is that of the request (ASGI); without it nobody knows who asks.
    """
    extra = {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})}
    if scope is not None and error_pages.is_wanted(scope):
        flaws = [(flaw.pointer, flaw.detail) for flaw in errors or ()]
        return error_pages.page(scope, status, detail, extra, flaws)
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)
    document = problem.model_dump(exclude={"errors"})
    if errors is not None:
        document["errors"] = [flaw.model_dump() for flaw in errors]
    return Response(json.dumps(document), status, extra, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of the routes a problem document."""

    @app.exception_handler(HTTPException)
    async def _(request: Request, exc: HTTPException) -> Response:
        detail = exc.detail
        if not isinstance(exc, ProblemError):
            detail = _DETAILS.get(exc.status_code, detail)
        return answer(exc.status_code, detail, exc.headers, scope=request.scope)

    @app.exception_handler(RequestValidationError)
    async def _(request: Request, exc: RequestValidationError) -> Response:
        errors = exc.errors()
        if any(one["type"] == "json_invalid" for one in errors):
            return answer(HTTPStatus.BAD_REQUEST, _DETAILS[400], scope=request.scope)
        # Without what was sent: it may be long, or hold what JSON can't.
        flaws = [Flaw(pointer=_pointer(one["loc"]), detail=one["msg"]) for one in _meant(errors)]
        detail = "the request can't be used; see errors"
        return answer(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=flaws, scope=request.scope)

    @app.exception_handler(ImgcacheError)
    async def _(request: Request, exc: ImgcacheError) -> Response:  # noqa: ARG001  it may name paths
        detail = "this machine could not do its part; its operator finds why in the log"
        return answer(
            HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": _WAIT}, scope=request.scope
        )


_DETAILS = {
    400: "the body is no JSON",
    404: "there is nothing here; /openapi.json lists what there is",
    405: "this method is not for this resource; see Allow",
}


def _meant(errors: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Without the errors of the other of a body's two shapes: the one it has no key of."""
    other = {one["loc"][1] for one in errors if one["type"] == "missing" and len(one["loc"]) == 3}  # noqa: PLR2004  body, shape, key
    return [one for one in errors if one["loc"][1:2] == () or one["loc"][1] not in other] or errors


def _pointer(place: Sequence[int | str]) -> str:
    """`/entries/0/width` of a body, `verdict` of a query."""
    source, *rest = place
    if source != "body":
        return ".".join(str(part) for part in rest) or str(source)
    # Which of the two shapes of a body was tried last does not matter to the client.
    parts = [str(part) for part in rest if str(part) not in ("EntriesQuestion", "ArticleQuestion")]
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)
