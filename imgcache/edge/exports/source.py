"""Cached files as an export takes them: hard links where they can be, else copies, or downloads."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol

from imgcache.core.cache.layout import FOLDERS
from imgcache.edge.safe_fs import write_all
from imgcache.errors import LocalError

# Two file systems, one without hard links, or a mount that allows none.
_NO_LINKS = frozenset({errno.EXDEV, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
# No more links to this file, or none to a file of this owner.
_NOT_THIS = frozenset({errno.EMLINK, errno.EPERM, errno.EACCES})
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_BLOCK = 1 << 20
# The coarsest times that file systems keep.
_COARSEST = 2_000_000_000
# What is downloaded together.
_MOST_FILES, _MOST_BYTES = 256, 1 << 26


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
        return _is_copy(there, here.st_size, here.st_mtime_ns)

    def put(self, files: Iterable[tuple[str, str]]) -> None:
        """Make new files: of each its path in the cache, and its own."""
        for path, target in files:
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


class Stored(Protocol):
    """What is asked of a cache without a folder; all raises LocalError."""

    def files(self) -> Iterator[tuple[str, int, int]]:
        """Path, length and time (ns) of all images and thumbnails."""

    def read_all(self, paths: Iterable[str]) -> Iterator[bytes | None]:
        """The bytes of each, in this order; None for what is not there."""


class StoredFiles:
    """The images and thumbnails of a cache without a folder; otherwise as CacheFiles.

    What is here as it is there, by its length and the time when it was written, need not come
    again. `copied`: how many came. Methods raise LocalError, too.
    """

    def __init__(self, store: Stored) -> None:
        self._store = store
        self.copied = 0

    @cached_property
    def _there(self) -> Mapping[str, tuple[int, int]]:
        """Length and time of all that the cache has: one long list is quicker than many looks."""
        return {path: (size, mtime_ns) for path, size, mtime_ns in self._store.files()}

    def is_same(self, path: str, there: os.stat_result) -> bool:
        """Whether a file was downloaded from what is there now."""
        return path in self._there and _is_copy(there, *self._there[path])

    def put(self, files: Iterable[tuple[str, str]]) -> None:
        """Download files, several at once; LocalError where one is gone, or another by now."""
        for some in self._loads(files):
            bodies = self._store.read_all([path for path, _ in some])
            for (path, target), data in zip(some, bodies, strict=True):
                size, mtime_ns = self._there.get(path, (-1, 0))
                if data is None or len(data) != size or not _is_as_named(path, data):
                    raise LocalError(f"{path}: it was changed while it was read; export again")
                _write(target, [data], mtime_ns)
                self.copied += 1

    def _loads(self, files: Iterable[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
        """So many at a time as memory holds."""
        load: list[tuple[str, str]] = []
        weight = 0
        for one in files:
            size, _ = self._there.get(one[0], (0, 0))
            if load and (len(load) == _MOST_FILES or weight + size > _MOST_BYTES):
                yield load
                load, weight = [], 0
            load.append(one)
            weight += size
        yield load


def _is_as_named(path: str, data: bytes) -> bool:
    """Whether an image has the hash that its name says; that of a thumbnail says another's."""
    is_image = path.startswith(f"{FOLDERS[0]}/")
    return not is_image or hashlib.sha256(data).hexdigest() == PurePosixPath(path).stem


def _is_copy(file: os.stat_result, size: int, mtime_ns: int) -> bool:
    is_of_then = abs(file.st_mtime_ns - mtime_ns) < _COARSEST
    return stat.S_ISREG(file.st_mode) and file.st_size == size and is_of_then


def _copy(source: str, target: str) -> None:
    """A copy with the source's times, by which it is known again."""
    with ExitStack() as opened:
        here = os.open(source, _READ)
        opened.callback(os.close, here)
        _write(target, iter(lambda: os.read(here, _BLOCK), b""), os.fstat(here).st_mtime_ns)


def _write(target: str, blocks: Iterable[bytes], mtime_ns: int) -> None:
    with ExitStack() as opened:
        new = os.open(target, _NEW, 0o666)
        opened.callback(os.close, new)
        for block in blocks:
            write_all(new, block)
        os.utime(new, ns=(mtime_ns, mtime_ns))
