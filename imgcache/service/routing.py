"""Routes and queries: each GET is a HEAD as well (RFC 9110 section 9.1), nothing is not given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar

from fastapi import APIRouter

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
F = TypeVar("F", bound=Callable[..., Any])


def get(router: APIRouter, path: str, **options: Any) -> Callable[[F], F]:
    """As `router.get`, and the same for HEAD, which the OpenAPI need not list."""

    def register(function: F) -> F:
        # In this order: a 405 takes its Allow header from the first route, which is GET.
        router.get(path, **options)(function)
        return router.head(path, include_in_schema=False)(function)

    return register


class NothingGiven:
    """ASGI middleware: a parameter of a query without a value is one that was not given.

    A form sends all its fields, also those that nobody filled.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, or what else ASGI has."""
        if scope["type"] == "http":
            parts = scope["query_string"].split(b"&")
            # In place: what the routes note in it is read outside.
            scope["query_string"] = b"&".join(one for one in parts if one.partition(b"=")[2])
        await self._app(scope, receive, send)
