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

# Bytes: most bodies go through the socket in one piece, where the system has room for that.
_SENT_AT_ONCE = 1 << 20


@contextmanager
def requests_apart(settings: FetchSettings) -> Iterator[ApartFetcher | None]:
    """The fetcher of a new process; None where none can be forked."""

    def send(end: socket.socket) -> None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENT_AT_ONCE)
        asyncio.run(serve(end, settings))

    with forked(send) as end:
        yield None if end is None else ApartFetcher(end, settings)
