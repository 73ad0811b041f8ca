"""Publication of files in the cache: staged first, then made durable and renamed together.

The steps go over all files of a group one after the other (write, write back, fsync, rename, fsync
of the folder), so that the file system can write its journal once for several files.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from msgspec import Struct

from imgcache.core.cache.layout import temp_path
from imgcache.edge.safe_fs import (
    Identity,
    create,
    digest_of,
    equal,
    identity_of,
    local_errors,
    open_existing,
    open_or_make,
    open_root,
    sync_folder,
    temp_name,
    write_all,
)
from imgcache.errors import LocalError

_BLOCK = 1 << 20


class _Staged(Struct, frozen=True):
    """One whole file, open, and the path that it gets.

    `temp` is its path until then, None if it is there already.
    `identity` is that of the file when its bytes were known: it was written, or is to be hashed.
    """

    path: str
    file: int
    temp: str | None
    identity: Identity

    @property
    def mtime_ns(self) -> int:
        return self.identity[3]


class Folders:
    """The cache's folders as descriptors, each opened (or made) once for a group of publications.

    A context manager. Methods raise OSError.
    """

    def __init__(self, root: Path, fsync: Callable[[int], None]) -> None:
        self._root = root
        self._fsync = fsync
        self._open: dict[str, int] = {}
        self._synced: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for folder in self._open.values():
            os.close(folder)

    def of(self, path: str) -> int:
        """The folder with this path below the cache folder; "" is the cache folder itself."""
        if path not in self._open:
            above, _, name = path.rpartition("/")
            self._open[path] = open_or_make(self.of(above), name) if path else open_root(self._root)
        return self._open[path]

    def sync(self, path: str) -> None:
        """Make the names in a folder durable, once for the group: after its last rename."""
        if path not in self._synced:
            sync_folder(self.of(path), self._fsync)
            self._synced.add(path)


class Publication:
    """A context manager: stage files, then `commit`. Without it nothing is published.

    Paths are relative to the cache folder. All methods raise LocalError when the disk fails.
    """

    def __init__(self, folders: Folders, fsync: Callable[[int], None]) -> None:
        self._folders = folders
        self._fsync = fsync
        self._staged: list[_Staged] = []
        self._temps: set[str] = set()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A file whose fsync failed is lost and is never synced again: its temp is removed, too.
        with self._open:
            for temp in self._temps:
                above, name = _split(temp)
                with local_errors(temp), suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=self._folders.of(above))

    def add(self, path: str, blocks: Iterable[bytes]) -> int:
        """Stage a new file, which will replace what is at `path`; returns its mtime in ns."""
        temp = temp_path(temp_name())
        above, name = _split(temp)
        with local_errors(temp):
            file = self._hold(create(self._folders.of(above), name))
            self._temps.add(temp)
            for block in blocks:
                write_all(file, block)
        return self._stage(path, file, temp)

    def adopt(self, path: str, name: str) -> int:
        """Stage the whole file of this name, already in `tmp/`; returns its mtime in ns."""
        temp = temp_path(name)
        with local_errors(temp):
            file = open_existing(self._folders.of(_split(temp)[0]), name)
            if file is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            self._temps.add(temp)
            return self._stage(path, self._hold(file), temp)

    def keep(self, path: str, sha256: str) -> int | None:
        """Stage the file at `path` if it has this hash; returns its mtime in ns, else None.

        It is synced like the others: a crash may have left it before it was durable.
        """
        with local_errors(path):
            above, name = _split(path)
            file = open_existing(self._folders.of(above), name)
            if file is None:
                return None
            # From before the hashing: a change meanwhile makes it another file.
            staged = _Staged(path, self._hold(file), None, _identity(file))
            if digest_of(file) != sha256:
                return None  # the rename replaces what is there
            self._staged.append(staged)
            return staged.mtime_ns

    def changes(self) -> bool:
        """Whether a staged file differs from what is at its path."""
        return any(not self._is_published(staged) for staged in self._staged)

    def commit(self) -> None:
        """Make all staged files durable under their names."""
        for step in _STEPS:
            step(self)

    def write_back(self) -> None:
        """The first step of `commit`, for publications that take each step together.

        The system begins to write all files to the disk, and nobody waits for it. So the first
        fsync finds all of them on their way, in one transaction of the journal, and most of the
        others have nothing left to do. What is not written yet stays in the page cache.
        """
        if sys.platform == "linux":
            for staged in self._staged:
                with suppress(OSError):  # it is advice, and the fsync tells of a failing disk
                    os.posix_fadvise(staged.file, 0, 0, os.POSIX_FADV_DONTNEED)

    def sync(self) -> None:
        """The second step: all bytes are made durable."""
        for staged in self._staged:
            with local_errors(staged.path):
                self._fsync(staged.file)

    def rename(self) -> None:
        """The third step: all files get their names."""
        for staged in self._staged:
            self._rename(staged)

    def sync_folders(self) -> None:
        """The last step: the names are made durable."""
        for staged in self._staged:
            above, _ = _split(staged.path)
            with local_errors(above or "."):
                self._folders.sync(above)

    def published(self, path: str) -> Identity | None:
        """The identity under which the file at `path` was committed; None if it was not staged."""
        staged = next((one for one in self._staged if one.path == path), None)
        if staged is None:
            return None
        if staged.temp is None:
            return staged.identity
        with local_errors(path):
            return _identity(staged.file)  # the rename has changed its ctime

    def _rename(self, staged: _Staged) -> None:
        if staged.temp is None:
            return
        with local_errors(staged.path):
            (tmp, temp), (above, name) = _split(staged.temp), _split(staged.path)
            source, target = self._folders.of(tmp), self._folders.of(above)
            os.rename(temp, name, src_dir_fd=source, dst_dir_fd=target)
        self._temps.discard(staged.temp)

    def _stage(self, path: str, file: int, temp: str) -> int:
        with local_errors(path):
            self._folders.of(_split(path)[0])
            staged = _Staged(path, file, temp, _identity(file))
            self._staged.append(staged)
            return staged.mtime_ns

    def _hold(self, file: int) -> int:
        self._open.callback(os.close, file)
        return file

    def _is_published(self, staged: _Staged) -> bool:
        with local_errors(staged.path):
            above, name = _split(staged.path)
            present = open_existing(self._folders.of(above), name)
            return present is not None and equal(staged.file, self._hold(present))


# Of a commit, in this order.
_STEPS = (
    Publication.write_back,
    Publication.sync,
    Publication.rename,
    Publication.sync_folders,
)


def commit_all(publications: Mapping[int, Publication]) -> dict[int, LocalError]:
    """Commit a group, each step for all of it; those that failed at a step go no further."""
    failed: dict[int, LocalError] = {}
    for step in _STEPS:
        for number, publication in publications.items():
            if number not in failed:
                try:
                    step(publication)
                except LocalError as exc:
                    failed[number] = exc
    return failed


def _split(path: str) -> tuple[str, str]:
    """The folder of a path, and the name in it."""
    above, _, name = path.rpartition("/")
    return above, name


def _identity(file: int) -> Identity:
    return identity_of(os.fstat(file))


def blocks(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines as ASCII in blocks of about 1 MiB: one write each."""
    waiting: list[str] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= _BLOCK:
            yield "".join(waiting).encode("ascii")
            waiting, size = [], 0
    yield "".join(waiting).encode("ascii")
