"""The cache folder's lock: one writer at a time; the lock ends with its process."""

from __future__ import annotations

import fcntl
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from imgcache.core.cache.layout import LOCK
from imgcache.edge.safe_fs import local_errors
from imgcache.errors import CacheLockedError

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LONGEST_PID = 20
# Seconds. One that was killed while it started a decoder has a child, which holds the lock until it
# is that decoder: some milliseconds, or more where all cores are busy.
_PATIENCE, _PAUSE = 3.0, 0.01


class CacheLock:
    """A context manager that holds `root/lock`; the file stays, only the lock on it goes.

    A holder that ends well leaves the file empty. `found_unclean`: the last one was killed,
    raised, or set `leaves_unclean`, so it may have left files that are not in the index.
    `made_folder`: there was no cache folder before. `taken_at`: when it was locked, in ns by the
    clock of the file system.

    One that a killed process held is waited for, as a child of it may still be starting.

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
        until = time.monotonic() + _PATIENCE
        while not self._try():
            holder = self._holder()
            if holder is None or _is_alive(holder) or time.monotonic() > until:
                named = "" if holder is None else f" (process {holder})"
                raise CacheLockedError(
                    f"{self._root}: another imgcache{named} is writing this cache folder; "
                    "wait until it has ended"
                )
            time.sleep(_PAUSE)
        self.found_unclean = os.fstat(self._file).st_size > 0
        mine = f"{os.getpid()}\n".encode()
        os.pwrite(self._file, mine, 0)
        os.ftruncate(self._file, len(mine))
        self.taken_at = os.fstat(self._file).st_mtime_ns

    def _try(self) -> bool:
        """Take the lock; False where somebody has it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _holder(self) -> int | None:
        """The process that holds the lock, if the file names it."""
        match = re.match(rb"[0-9]+", os.pread(self._file, _LONGEST_PID, 0))
        return int(match[0]) if match else None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it is somebody else's
        pass
    return True
