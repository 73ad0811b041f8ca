"""Errors as pages for people: whoever asks with a browser gets no JSON."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.responses import HTMLResponse
from starlette.datastructures import Headers

from imgcache.render.html import jinja
from imgcache.render.html.moments import moment
from imgcache.render.html.page_views import Chrome, ErrorView


def headers(pictures: str | None) -> dict[str, str]:
    """The headers of pages whose pictures come from here, or also from there (`https://host`)."""
    return {"Content-Security-Policy": f"{jinja.policy(pictures)}; frame-ancestors 'none'"}


HEADERS = headers(None)
_QUALITY = re.compile(r";\s*q=([0-9.]+)")


def is_wanted(scope: Mapping[str, Any]) -> bool:
    """Whether the client would rather have a page than JSON (RFC 9110 section 12.5.1)."""
    accept = ",".join(Headers(raw=scope["headers"]).getlist("accept")).lower()
    wanted = {"text/html": 0.0, "json": 0.0}
    for part in accept.split(","):
        kind = part.partition(";")[0].strip()
        for name, before in wanted.items():
            if kind == name or (kind.startswith("application/") and kind.endswith(name)):
                wanted[name] = max(before, _quality(part))
    return wanted["text/html"] > wanted["json"]


def _quality(part: str) -> float:
    found = _QUALITY.search(part)
    try:
        return float(found[1]) if found else 1.0
    except ValueError:
        return 0.0


def page(
    scope: Mapping[str, Any],
    status: int,
    detail: str,
    headers: Mapping[str, str],
    flaws: Sequence[tuple[str, str]],
) -> HTMLResponse:
    """The page of an error; its links are relative, as those of all pages."""
    title = HTTPStatus(status).phrase
    chrome = Chrome(
        f"{title} \u00b7 imgcache",
        "../" * max(0, scope["path"].count("/") - 1),
        home="./",
        articles="articles",
        hosts="hosts",
        icon=jinja.versioned("icon.svg"),
        stylesheet=jinja.versioned("gallery.css"),
        script=jinja.versioned("gallery.js"),
        made=moment(time.time()),
    )
    text = jinja.error(ErrorView(chrome, status, title, detail, flaws))
    return HTMLResponse(text, status, {**headers, **HEADERS})
