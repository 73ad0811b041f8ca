"""Staging files: an article's new text beside it until the rename; leftovers of killed runs.

The process that writes such a file holds a lock on it, which ends with the process. So a leftover
differs from a file that another imgcache (with another cache folder) is writing now.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imgcache.edge.safe_fs import open_existing, open_folder, random_name

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# A file system without locks: leftovers can't be recognised there, and stay.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS})
_NAME = re.compile(r"\.[0-9a-f]{32}\.imgcache")


def is_staged_name(name: str) -> bool:
    """Whether a file of this name was made here."""
    return _NAME.fullmatch(name) is not None


@contextmanager
def staged(folder: int) -> Iterator[tuple[int, str]]:
    """A new empty file in a folder, by descriptor and name; removed at the end unless renamed."""
    file, name = _create(folder)
    try:
        yield file, name
    finally:
        with suppress(FileNotFoundError):  # renamed: nothing is left to remove
            os.unlink(name, dir_fd=folder)
        os.close(file)


def _create(folder: int) -> tuple[int, str]:
    """A file with its lock. Until that is held, another run may remove the file as a leftover."""
    while True:
        name = f".{random_name('.imgcache')}"
        file = os.open(name, _NEW_FILE, 0o600, dir_fd=folder)
        try:
            _lock(file)
            if os.fstat(file).st_nlink:
                return file, name
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            os.close(file)
            raise
        os.close(file)


def _lock(file: int) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as exc:
        if exc.errno not in _NO_LOCKS:
            raise


def remove_leftover(path: Path) -> bool:
    """Remove what a killed run left; False for a file that is gone, in use, or no such file.

    Raises OSError where it can't be removed.
    """
    with open_folder(path.parent) as folder:
        file = open_existing(folder, path.name)
        if file is None:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(path.name, dir_fd=folder)
        except (BlockingIOError, FileNotFoundError):
            return False
        finally:
            os.close(file)
    return True
