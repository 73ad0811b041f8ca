"""Asking an origin for one URL, as the tests of the fetcher do it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ipaddress import IPv4Address, ip_address

from imgcache.config import FetchSettings
from imgcache.core.http.address import Address
from imgcache.core.http.url import WebUrl, parse_web
from imgcache.edge.http.apart.fetcher import ApartFetcher
from imgcache.edge.http.apart.serving import serve
from imgcache.edge.http.dns import Lookup
from imgcache.edge.http.exchange import Attempt, Fetches
from imgcache.edge.http.fetcher import Fetcher
from imgcache.facts import Validators
from imgcache.model import Failure
from tests.support.origin import Origin


class MemorySink:
    """Keeps a body in memory, and has enough after `wanted` bytes."""

    def __init__(self, wanted: int | None = None) -> None:
        self.data = b""
        self.resets = 0
        self.wanted = wanted

    @property
    def enough(self) -> bool:
        return self.wanted is not None and len(self.data) >= self.wanted

    @property
    def least(self) -> int | None:
        return None if self.wanted is None else max(0, self.wanted - 1 - len(self.data))

    async def write(self, data: bytes) -> None:
        self.data += data

    async def reset(self) -> None:
        self.data = b""
        self.resets += 1


def web(text: str) -> WebUrl:
    url = parse_web(text)
    assert isinstance(url, WebUrl), url
    return url


def settings(origin: Origin, **changed: object) -> FetchSettings:
    """Settings that let the origin through, with time-outs that tests can wait for."""
    values: dict[str, object] = {"allow_private": (origin.allow,), "idle_timeout": "20s"}
    return FetchSettings.model_validate(values | changed)


def names(**known: Sequence[str] | Exception) -> Lookup:
    """A look-up that knows these names (`_` for `.`), and raises what stands for an address."""

    def lookup(host: str) -> Sequence[Address]:
        found = known[host.replace(".", "_")]
        if isinstance(found, Exception):
            raise found
        return [ip_address(one) for one in ([found] if isinstance(found, str) else found)]

    return lookup


def nothing_is_looked_up(host: str) -> Sequence[IPv4Address]:
    raise AssertionError(f"{host} was looked up")


class Ways:
    """The fetcher that is asked: this process's own, or one over a line to another one."""

    def __init__(self) -> None:
        self.opened: Callable[[FetchSettings, Lookup], AbstractAsyncContextManager[Fetches]] = here


def here(fetch: FetchSettings, lookup: Lookup) -> Fetcher:
    return Fetcher(fetch, lookup=lookup)


@asynccontextmanager
async def apart(fetch: FetchSettings, lookup: Lookup) -> AsyncIterator[ApartFetcher]:
    """All but the process: both ends of the line are in this one."""
    ours, theirs = socket.socketpair()
    serving = asyncio.create_task(serve(theirs, fetch, lookup))
    async with ApartFetcher(ours, fetch) as fetcher:
        yield fetcher
        assert not fetcher.lost
    await serving


ways = Ways()


async def ask(
    fetch: FetchSettings,
    url: str,
    *,
    validators: Validators = Validators(),  # noqa: B008 -- frozen
    sink: MemorySink | None = None,
    first: int | None = None,
) -> Attempt:
    """One attempt with a fetcher of its own, which looks no name up."""
    async with ways.opened(fetch, nothing_is_looked_up) as fetcher:
        return await fetcher.attempt(web(url), validators, sink or MemorySink(), first=first)


def failure(attempt: Attempt) -> Failure:
    assert isinstance(attempt.result, Failure), attempt
    return attempt.result
