"""Process that sends the requests of a run, beside the one that reads, judges and writes.

It is forked before the run begins, and imports the HTTP libraries while articles are read.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from imgcache.config import FetchSettings
from imgcache.edge.forked import forked
from imgcache.edge.http.apart.fetcher import ApartFetcher
from imgcache.edge.http.apart.serving import serve


@contextmanager
def requests_apart(settings: FetchSettings) -> Iterator[ApartFetcher | None]:
    """The fetcher of a new process; None where none can be forked."""

    def send(end: socket.socket) -> None:
        asyncio.run(serve(end, settings))

    with forked(send) as end:
        yield None if end is None else ApartFetcher(end, settings)
