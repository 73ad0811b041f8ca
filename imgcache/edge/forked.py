"""Forked processes of a run: each does a part of it, and ends with it, whatever ends that."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from imgcache.edge import descriptors
from imgcache.edge.cores import cores

_OPEN_FILES = Path("/proc/self/fd")

Work = Callable[[socket.socket], object]


@contextmanager
def forked(work: Work) -> Iterator[socket.socket | None]:
    """A new process does this work; yields the end of a socket whose other end the work gets.

    None where none can be forked. It can be on Linux, and while this process has one thread:
    another one might hold a lock, which nobody would release in the copy. Nor is one of use where
    there is one core. The work has to end when this end of the socket is gone.
    """
    if sys.platform != "linux" or threading.active_count() > 1 or cores() == 1:
        yield None
        return
    try:
        here, there = socket.socketpair()
    except OSError:  # no descriptor is left for it
        yield None
        return
    with here:
        with there:
            process = _forked(there, work)
        if process is None:
            yield None
            return
        try:
            yield here
        finally:
            _end(process)


def _forked(there: socket.socket, work: Work) -> int | None:
    """The new process; None where the system has no room for it."""
    # What ends a run, from a terminal or a service manager, is for the run: it ends the process.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        process = os.fork()
        if process == 0:
            _do(there, work)
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


def _do(there: socket.socket, work: Work) -> NoReturn:
    """All that the new process does, in a session of its own and without standard streams."""
    status = 1
    try:
        os.setsid()
        # Where no standard stream belongs: a parent may have closed these.
        number = fcntl.fcntl(there, fcntl.F_DUPFD_CLOEXEC, 3)
        _close_all_but(number)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        work(socket.socket(fileno=number))
        status = 0
    finally:
        os._exit(status)


def _close_all_but(number: int) -> None:
    """Close what the run has open: the ends of lines, too, whose closing others wait for."""
    try:
        others = {int(path.name) for path in _OPEN_FILES.iterdir()} - {number}
    except FileNotFoundError:  # no /proc
        os.closerange(0, number)
        os.closerange(number + 1, descriptors.available())
        return
    for one in others:
        with suppress(OSError):  # that of the listing
            os.close(one)
