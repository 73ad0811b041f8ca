"""Verify route: verdicts now, for a CMS before it publishes; nothing is written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response, Security
from fastapi.security import HTTPBearer

from imgcache.engine.run.report import Report
from imgcache.model import Declared
from imgcache.render.json import entry_document, summary_document
from imgcache.service import state
from imgcache.service.access import VERIFY
from imgcache.service.documents import ArticleQuestion, EntriesQuestion, VerifyAnswer
from imgcache.service.problems import documented, too_early
from imgcache.service.state import ServiceNow

# Seconds after which a question is answered with what is known by then.
LONGEST = 60.0
# Questions under way; each may hold some megabytes.
_CLIENT_GONE = 499

router = APIRouter(tags=["verify"])
# Only documents it: the middleware (access.py) checks the token before a byte of the body is read.
_bearer = Security(HTTPBearer(auto_error=False, description="serve.token, if it is configured"))


@router.post(
    VERIFY,
    response_model=VerifyAnswer,
    responses=documented(400, 401, 403, 408, 413, 415, 422, 503),
    dependencies=[_bearer],
)
async def verify(
    question: EntriesQuestion | ArticleQuestion, request: Request, service: ServiceNow
) -> Response:
    """Judge images, or an article's text, as `imgcache verify` would; asks their origins."""
    if service.questions.locked():
        raise too_early(f"{state.MOST_QUESTIONS} questions are being answered already")
    async with service.questions:
        report = await _while_there(request, _asked(question, service))
    if report is None:
        return Response(status_code=_CLIENT_GONE)
    try:
        document = _document(report, in_article=isinstance(question, ArticleQuestion))
    finally:
        report.close()
    return Response(json.dumps(document), media_type="application/json")


async def _asked(question: EntriesQuestion | ArticleQuestion, service: ServiceNow) -> Report:
    interrupt = asyncio.Event()
    timer = asyncio.get_running_loop().call_later(LONGEST, interrupt.set)
    try:
        if isinstance(question, ArticleQuestion):
            return await service.checker.check_article(question.article, interrupt)
        entries = [(one.url, Declared(one.width, one.height)) for one in question.entries]
        return await service.checker.check_entries(entries, interrupt)
    finally:
        timer.cancel()


async def _while_there(request: Request, work: Coroutine[Any, Any, Report]) -> Report | None:
    """The report, or None when the client went away: then the work is cancelled."""
    asked, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({asked, gone}, return_when=asyncio.FIRST_COMPLETED)
        return asked.result() if asked.done() else None
    finally:
        asked.cancel()
        gone.cancel()
        await asyncio.wait({asked, gone})


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _document(report: Report, *, in_article: bool) -> dict[str, Any]:
    entries = [entry_document(one) | {"article": None} for one in report.entries()]
    if not in_article:
        entries = [one | {"line": None, "column": None} for one in entries]
    return {
        "seconds": round(report.seconds, 3),
        "interrupted": report.interrupted,
        "entries": entries,
        "article_errors": [
            {"article": one.article or None, "line": one.line, "message": one.message}
            for one in report.article_errors()
        ],
        "summary": summary_document(report.summary),
    }
