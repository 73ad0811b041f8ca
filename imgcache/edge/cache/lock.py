"""The cache folder's lock: one writer at a time; the lock ends with its process."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from imgcache.core.cache.layout import LOCK
from imgcache.edge.safe_fs import local_errors
from imgcache.errors import CacheLockedError

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST_PID = 20


class CacheLock:
    """A context manager that holds `root/lock`; the file stays, only the lock on it goes.

    A holder that ends well leaves the file empty. `found_unclean`: the last one was killed,
    raised, or set `leaves_unclean`, so it may have left files that are not in the index.
    `made_folder`: there was no cache folder before. `taken_at`: when it was locked, in ns by the
    clock of the file system.

    Raises:
        CacheLockedError: Another process (or another part of this one) holds it.
        LocalError: The cache folder can't be made or written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = -1
        self.found_unclean = False
        self.leaves_unclean = False
        self.made_folder = False
        self.taken_at = 0

    def __enter__(self) -> Self:
        with local_errors(str(self._root)):
            self.made_folder = not self._root.exists()
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
        if kind is None and not self.leaves_unclean:
            with suppress(OSError):  # then the next run looks for leftovers in vain
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
        self.found_unclean = os.fstat(self._file).st_size > 0
        mine = f"{os.getpid()}\n".encode()
        os.pwrite(self._file, mine, 0)
        os.ftruncate(self._file, len(mine))
        self.taken_at = os.fstat(self._file).st_mtime_ns

    def _holder(self) -> str:
        """The process that holds the lock, if the file names it."""
        match = re.match(rb"[0-9]+", os.pread(self._file, _LONGEST_PID, 0))
        return f" (process {match[0].decode()})" if match else ""
