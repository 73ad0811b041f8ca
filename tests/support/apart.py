"""Origin and object store in processes of their own: for sites that would keep the test's busy."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from tests.support.buckets import S3Server
from tests.support.many_hosts import ManyHosts
from tests.support.origin import Origin

# Making the pictures takes its time.
_BEGINNING_SECONDS = 120.0


class DistantServer(S3Server):
    """As its owner's process knows it: what is asked for is not seen here."""

    def __init__(self, url: str) -> None:
        self.requests = []
        self.failing = ""
        self._url = url

    @property
    def url(self) -> str:
        return self._url

    def close(self) -> None:
        """It ends with its process."""


@contextmanager
def site_apart(hosts: int, each: int, largest: int) -> Iterator[ManyHosts]:
    """A site whose origin is another process."""
    with _told_by(_serve_site, hosts, each, largest) as port:
        assert isinstance(port, int)
        yield ManyHosts(Origin(port=port), hosts=hosts, each=each, largest=largest)


@contextmanager
def store_apart() -> Iterator[DistantServer]:
    """An S3 server that is another process."""
    with _told_by(_serve_store) as url:
        yield DistantServer(str(url))


@contextmanager
def _told_by(target: Callable[..., None], *words: int) -> Iterator[object]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *words), daemon=True)
    process.start()
    try:
        assert here.poll(_BEGINNING_SECONDS), "it did not begin"
        yield here.recv()
    finally:
        process.kill()
        process.join()
        process.close()


def _serve_site(told: Connection, hosts: int, each: int, largest: int) -> None:
    async def serve() -> None:
        async with Origin() as origin:
            ManyHosts(origin, hosts=hosts, each=each, largest=largest).serve()
            told.send(origin.port)
            await asyncio.Event().wait()

    asyncio.run(serve())


def _serve_store(told: Connection) -> None:
    told.send(S3Server().url)
    threading.Event().wait()
