"""Process that sends the requests of a run, beside the one that reads, judges and writes.

It is forked before the run begins, and imports the HTTP libraries while articles are read. It ends
with the run, whatever ends that.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from imgcache.config import FetchSettings
from imgcache.edge.cores import cores
from imgcache.edge.http.apart.fetcher import ApartFetcher
from imgcache.edge.http.apart.serving import serve


@contextmanager
def requests_apart(settings: FetchSettings) -> Iterator[ApartFetcher | None]:
    """The fetcher of a new process; None where none can be forked.

    It can be on Linux, and while this process has one thread: another one might hold a lock, which
    nobody would release in the copy. Nor is one of use where there is one core.
    """
    if sys.platform != "linux" or threading.active_count() > 1 or cores() == 1:
        yield None
        return
    here, there = socket.socketpair()
    with here:
        with there:
            process = _forked(here, there, settings)
        if process is None:
            yield None
            return
        try:
            yield ApartFetcher(here, settings)
        finally:
            _end(process)


def _forked(here: socket.socket, there: socket.socket, settings: FetchSettings) -> int | None:
    """The new process; None where the system has no room for it."""
    # What ends a run, from a terminal or a service manager, is for the run: it ends the process.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        process = os.fork()
        if process == 0:
            _serve(here, there, settings)
    except OSError:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


def _end(process: int) -> None:
    """End a process that keeps nothing."""
    # Nothing is told of it where the one who started this process wants no end to be told.
    with suppress(ChildProcessError):
        if os.waitpid(process, os.WNOHANG) == (0, 0):
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _serve(here: socket.socket, there: socket.socket, settings: FetchSettings) -> NoReturn:
    """All that the new process does."""
    status = 1
    try:
        here.close()
        os.setsid()
        there = _beyond_standard(there)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        asyncio.run(serve(there, settings))
        status = 0
    finally:
        os._exit(status)


def _beyond_standard(end: socket.socket) -> socket.socket:
    """The same socket, where no standard stream belongs: a parent may have closed these."""
    number = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 3)
    end.close()
    return socket.socket(fileno=number)
