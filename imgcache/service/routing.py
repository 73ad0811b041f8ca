"""Route decorator: registers each GET route for HEAD as well (RFC 9110 section 9.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter

F = TypeVar("F", bound=Callable[..., Any])


def get(router: APIRouter, path: str, **options: Any) -> Callable[[F], F]:
    """As `router.get`, and the same for HEAD, which the OpenAPI need not list."""

    def register(function: F) -> F:
        # In this order: a 405 takes its Allow header from the first route, which is GET.
        router.get(path, **options)(function)
        return router.head(path, include_in_schema=False)(function)

    return register
