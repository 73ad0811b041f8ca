"""Answers from the catalog: each is made of one moment of it, or says that nothing has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from hashlib import blake2b
from http import HTTPStatus
from typing import TypeVar

from fastapi import Request, Response

from imgcache.core.catalog import Catalog
from imgcache.engine.catalog.watcher import CatalogWatcher
from imgcache.service.routes.images import is_known

T = TypeVar("T")


async def in_moment(known: CatalogWatcher, question: Callable[[Catalog], T]) -> T:
    """What the catalog says, asked in a thread."""

    def ask() -> T:
        with known.moment() as catalog:
            return question(catalog)

    return await asyncio.to_thread(ask)


async def answered(
    request: Request,
    known: CatalogWatcher,
    headers: Mapping[str, str],
    draw: Callable[[Catalog], Response],
    age: str = "",
) -> Response:
    """What is drawn, or 304; the entity tag names the edition and what was asked for.

    So a tag is known only to who was given this very document. `age` is a part of the tag, for
    what is drawn otherwise after some time.
    """
    asked = f"{request.url.path}?{request.url.query}"
    mark = blake2b(asked.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    def tagged(catalog: Catalog) -> Response:
        response = draw(catalog)
        response.headers.update({**headers, "ETag": f'"{catalog.edition}{age}.{mark}"'})
        return response

    tag = f'"{known.edition}{age}.{mark}"'
    # `*` is true of what there is, and only drawing tells whether that is so.
    if request.headers.get("if-none-match", "").strip() != "*" and is_known(request.headers, tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**headers, "ETag": tag})
    response = await in_moment(known, tagged)
    if is_known(request.headers, response.headers["etag"]):
        tag = response.headers["etag"]
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={**headers, "ETag": tag})
    return response
