"""Cached files as an export takes them: hard links where they can be, copies elsewhere."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack
from pathlib import Path

from imgcache.edge.safe_fs import write_all

# Two file systems, one without hard links, or a mount that allows none.
_NO_LINKS = frozenset({errno.EXDEV, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
# No more links to this file, or none to a file of this owner.
_NOT_THIS = frozenset({errno.EMLINK, errno.EPERM, errno.EACCES})
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_BLOCK = 1 << 20
# The coarsest times that file systems keep.
_COARSEST = 2_000_000_000


class CacheFiles:
    """The images and thumbnails of the cache folder `root`; paths as layout.py has them.

    `copied`: how many of those that were put somewhere are copies. Methods raise OSError.
    """

    def __init__(self, root: Path) -> None:
        self._prefix = f"{root}{os.sep}"
        self._links = True
        self.copied = 0

    def is_same(self, path: str, there: os.stat_result) -> bool:
        """Whether a file elsewhere is this one by another name, or a copy of it as it is."""
        here = os.lstat(self._prefix + path)
        if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
            return True
        is_copied = abs(here.st_mtime_ns - there.st_mtime_ns) < _COARSEST
        return stat.S_ISREG(there.st_mode) and here.st_size == there.st_size and is_copied

    def put(self, path: str, target: str) -> None:
        """Make the file `target`, which is not there yet."""
        if not (self._links and self.link(self._prefix + path, target)):
            _copy(self._prefix + path, target)
            self.copied += 1

    def link(self, source: str, target: str) -> bool:
        """Link a file if that can be done."""
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError as exc:
            if exc.errno not in _NO_LINKS | _NOT_THIS:
                raise
            self._links = exc.errno in _NOT_THIS
            return False
        return True


def _copy(source: str, target: str) -> None:
    """A copy with the source's times, by which it is known again."""
    with ExitStack() as opened:
        here = os.open(source, _READ)
        opened.callback(os.close, here)
        new = os.open(target, _NEW, 0o666)
        opened.callback(os.close, new)
        while block := os.read(here, _BLOCK):
            write_all(new, block)
        times = os.fstat(here)
        os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
