"""One writer per cache folder at a time, by a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from types import TracebackType
from typing import Self

from imgcache.core.layout import LOCK
from imgcache.edge.durable import local_errors
from imgcache.errors import CacheLockedError

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST_PID = 20


class CacheLock:
    """A context manager that holds `root/lock`; the file stays, only the lock on it goes.

    `holder_died` tells that the last holder was killed before it could let go.

    Raises:
        CacheLockedError: Another process (or another part of this one) holds it.
        LocalError: The cache folder can't be made or written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = -1
        self.holder_died = False

    def __enter__(self) -> Self:
        with local_errors(str(self._root)):
            self._root.mkdir(parents=True, exist_ok=True)
        with local_errors(LOCK):
            self._file = os.open(self._root / LOCK, _FLAGS, 0o666)
            try:
                self._acquire()
            except BaseException:
                os.close(self._file)
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # The next holder's pid takes a moment to be written; ours must not stand there then.
        os.ftruncate(self._file, 0)
        os.close(self._file)

    def _acquire(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise CacheLockedError(
                f"{self._root}: another imgcache{self._holder()} is writing this cache folder; "
                "wait until it has ended"
            ) from exc
        # Who lets go leaves an empty file.
        self.holder_died = os.fstat(self._file).st_size > 0
        mine = f"{os.getpid()}\n".encode()
        os.pwrite(self._file, mine, 0)
        os.ftruncate(self._file, len(mine))

    def _holder(self) -> str:
        """Who holds the lock, if the file tells."""
        match = re.match(rb"[0-9]+", os.pread(self._file, _LONGEST_PID, 0))
        return f" (process {match[0].decode()})" if match else ""
