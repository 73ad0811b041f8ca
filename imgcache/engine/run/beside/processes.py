"""Processes beside a run, forked before it begins: who sends its requests, who reads articles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    contextmanager,
    nullcontext,
)
from typing import TYPE_CHECKING

from msgspec import Struct

from imgcache.config import Settings
from imgcache.core.cache.layout import CATALOG

if TYPE_CHECKING:
    from imgcache.edge.http.apart.fetcher import ApartFetcher
    from imgcache.edge.http.exchange import Fetches
    from imgcache.engine.run.beside.article_work import ArticleHelpers

    # Open as long as the run lasts.
    Requests = AbstractAsyncContextManager[Fetches]

_SENDER_LOST = (
    "the process that sent the requests was lost: this one has sent those again that were under "
    "way, and the rest"
)
_HELPER_LOST = "a process that worked on articles was lost: this one has done its part"


class Beside(Struct, frozen=True):
    """Who sends the requests of a run, and who takes articles apart; None: the run itself."""

    requests: Requests | None = None
    helpers: ArticleHelpers | None = None


ALONE = Beside()


@contextmanager
def beside(settings: Settings, warn: Callable[[str], None], *, asks: bool) -> Iterator[Beside]:
    """What is of use to a run that `asks` for images, or does not; `warn` is told what was lost.

    Where a catalog is kept, few articles are to be read.
    """
    with _helpers(settings) as helpers, _sender(settings, asks=asks) as sender:
        yield Beside(sender, helpers)
    if helpers is not None and helpers.lost:
        warn(_HELPER_LOST)
    if sender is not None and sender.lost:
        warn(_SENDER_LOST)


def _helpers(settings: Settings) -> AbstractContextManager[ArticleHelpers | None]:
    if os.path.lexists(settings.cache.home / CATALOG):
        return nullcontext()
    from imgcache.edge.helpers import helpers_of  # noqa: PLC0415  most runs need none

    return helpers_of(settings, _prepare)


def _prepare() -> None:
    """In a helper: import what takes articles apart, and makes edits."""
    import imgcache.core.articles.writeback  # noqa: PLC0415
    import imgcache.engine.run.beside.article_work  # noqa: F401, PLC0415


def _sender(settings: Settings, *, asks: bool) -> AbstractContextManager[ApartFetcher | None]:
    if not asks:
        return nullcontext()
    from imgcache.edge.http.apart.process import requests_apart  # noqa: PLC0415  as above

    return requests_apart(settings.fetch)
