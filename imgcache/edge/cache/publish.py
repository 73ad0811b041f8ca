"""Publication of files in the cache: staged first, then made durable and renamed together."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from imgcache.core.cache.layout import TMP
from imgcache.edge.safe_fs import (
    Identity,
    create,
    digest_of,
    equal,
    identity_of,
    local_errors,
    make_folder,
    open_existing,
    sync_folder,
    temp_name,
    write_all,
)


class _Staged(Struct, frozen=True):
    """One whole file, open, and the folder and name that it gets; `temp` is None if it is there.

    `identity` is that of the file when its bytes were known: it was written, or is to be hashed.
    """

    path: str
    file: int
    folder: int
    name: str
    temp: str | None
    identity: Identity

    @property
    def mtime_ns(self) -> int:
        return self.identity[3]


class Publication:
    """A context manager: stage the files, then `commit`. Without it nothing is published.

    Paths are relative to `root`, the cache folder. The steps go over all files one after the
    other (write, fsync, rename, fsync of the folder), so that the file system can write the
    journal once for several files. All methods raise LocalError when the disk fails.
    """

    def __init__(self, root: Path, fsync: Callable[[int], None]) -> None:
        self._root = root
        self._fsync = fsync
        self._staged: list[_Staged] = []
        self._temps: set[str] = set()
        self._folders: dict[str, int] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with local_errors(TMP):
            self._tmp = self._open.enter_context(make_folder(self._root, TMP))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A file whose fsync failed is lost and is never synced again: its temp is removed, too.
        with self._open:
            for temp in self._temps:
                with local_errors(f"{TMP}/{temp}"), suppress(FileNotFoundError):
                    os.unlink(temp, dir_fd=self._tmp)

    def add(self, path: str, blocks: Iterable[bytes]) -> int:
        """Stage a new file, which will replace what is at `path`; returns its mtime in ns."""
        temp = temp_name()
        with local_errors(f"{TMP}/{temp}"):
            file = self._hold(create(self._tmp, temp))
            self._temps.add(temp)
            for block in blocks:
                write_all(file, block)
        return self._stage(path, file, temp)

    def adopt(self, path: str, temp: str) -> int:
        """Stage the whole file `temp`, already in `tmp/`; returns its mtime in ns."""
        with local_errors(f"{TMP}/{temp}"):
            file = open_existing(self._tmp, temp)
            if file is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            self._temps.add(temp)
            return self._stage(path, self._hold(file), temp)

    def keep(self, path: str, sha256: str) -> int | None:
        """Stage the file at `path` if it has this hash; returns its mtime in ns, else None.

        It is synced like the others: a crash may have left it before it was durable.
        """
        with local_errors(path):
            folder, name = self._place(path)
            file = open_existing(folder, name)
            if file is None:
                return None
            # From before the hashing: a change meanwhile makes it another file.
            staged = _Staged(path, self._hold(file), folder, name, None, _identity(file))
            if digest_of(file) != sha256:
                return None  # the rename replaces what is there
            self._staged.append(staged)
            return staged.mtime_ns

    def changes(self) -> bool:
        """Whether a staged file differs from what is at its path."""
        return any(not self._is_published(staged) for staged in self._staged)

    def commit(self) -> None:
        """Make all staged files durable under their names."""
        for staged in self._staged:
            with local_errors(staged.path):
                self._fsync(staged.file)
        for staged in self._staged:
            self._rename(staged)
        for path, folder in self._folders.items():
            with local_errors(path or "."):
                sync_folder(folder, self._fsync)

    def published(self, path: str) -> Identity:
        """The identity under which the file at `path` holds what was committed."""
        staged = next(one for one in self._staged if one.path == path)
        if staged.temp is None:
            return staged.identity
        with local_errors(path):
            return _identity(staged.file)  # the rename has changed its ctime

    def _rename(self, staged: _Staged) -> None:
        if staged.temp is None:
            return
        with local_errors(staged.path):
            os.rename(staged.temp, staged.name, src_dir_fd=self._tmp, dst_dir_fd=staged.folder)
        self._temps.discard(staged.temp)

    def _stage(self, path: str, file: int, temp: str) -> int:
        with local_errors(path):
            folder, name = self._place(path)
            staged = _Staged(path, file, folder, name, temp, _identity(file))
            self._staged.append(staged)
            return staged.mtime_ns

    def _place(self, path: str) -> tuple[int, str]:
        above, _, name = path.rpartition("/")
        if above not in self._folders:
            names = above.split("/") if above else ()
            self._folders[above] = self._open.enter_context(make_folder(self._root, *names))
        return self._folders[above], name

    def _hold(self, file: int) -> int:
        self._open.callback(os.close, file)
        return file

    def _is_published(self, staged: _Staged) -> bool:
        with local_errors(staged.path):
            present = open_existing(staged.folder, staged.name)
            return present is not None and equal(staged.file, self._hold(present))


def _identity(file: int) -> Identity:
    return identity_of(os.fstat(file))
