"""Safe file access: neither a power failure nor a planted link does harm.

Every folder is reached by descriptor, one component at a time and never through a symbolic link;
every file is new, or replaced by a rename. OSError becomes LocalError here.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from imgcache.edge.os_errors import REMEDIES
from imgcache.errors import LocalError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_TEMP_SUFFIX = ".part"
_RANDOM_BYTES = 16
# Nothing there, a symbolic link, a socket.
_NO_FILE = frozenset({errno.ENOENT, errno.ELOOP, errno.ENXIO})
# How a file system (CIFS, FUSE, a shared folder) says that it can't fsync a folder.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
_BLOCK = 1 << 20
_COARSEST = 2_000_000_000

_REMEDIES = REMEDIES | {
    errno.EMFILE: f"{REMEDIES[errno.EMFILE]}, or lower fetch.concurrency",
    errno.ENFILE: f"{REMEDIES[errno.ENFILE]}, or lower fetch.concurrency",
    errno.EROFS: "the file system is read-only; set cache.dir to a folder that can be written",
    errno.EACCES: "give this user the right to write the cache folder",
    errno.EPERM: "give this user the right to write the cache folder",
    errno.ELOOP: "a symbolic link stands where the cache has a file of its own; remove it",
    errno.ESPIPE: "a pipe stands where the cache has a file of its own; remove it",
    errno.ENOTDIR: "something else stands where the cache has a folder of its own; name another "
    "folder in cache.dir, or remove it",
    errno.EISDIR: "a folder stands where the cache has a file of its own; remove it",
}

# What changes when a file does: device, inode, size, mtime and ctime.
Identity = tuple[int, int, int, int, int]


@contextmanager
def local_errors(what: str) -> Iterator[None]:
    """Translate OSError into LocalError; `what` is the file, relative to the cache folder."""
    try:
        yield
    except OSError as exc:
        remedy = _REMEDIES.get(exc.errno or 0, "check the cache folder")
        reason = exc.strerror or type(exc).__name__
        raise LocalError(f"{what} in the cache folder: {reason}; {remedy}") from exc


def identity_of(status: os.stat_result) -> Identity:
    """The identity of a file. Its ctime changes even where its mtime is put back."""
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (status.st_dev, status.st_ino, status.st_size, *times)


def text_of(identity: Identity) -> str:
    """An identity as text, to be compared with that of another moment."""
    device, inode, size, modified, changed = identity
    return f"{device},{inode},{size},{modified},{changed}"


def mark_of(identity: Identity) -> str:
    """What an identity has beside size and mtime, to be kept as text: inodes may have 64 bits."""
    device, inode, _, _, ctime_ns = identity
    return f"{device}:{inode}:{ctime_ns}"


def identity(path: Path | str) -> Identity | None:
    """The identity of the file that a path leads to; None where there is none to be seen."""
    try:
        return identity_of(os.stat(path))  # noqa: PTH116  a third faster, and there may be 10,000
    except OSError:
        return None


def clock(folder: Path) -> int:
    """The time (ns) by the clock that a file system gives to what is written there now.

    Raises OSError where nothing can be written.
    """
    name = folder / temp_name()
    file = os.open(name, _NEW_FILE, 0o600)
    try:
        return os.fstat(file).st_mtime_ns
    finally:
        os.close(file)
        os.unlink(name)  # noqa: PTH108  made by us, in the same line of thought


def is_older(one: Identity, now: int) -> bool:
    """Whether a file was at rest at the time `now` (ns): a change from then on changes its times.

    The coarsest times of files in use have two seconds.
    """
    *_, modified, changed = one
    return max(modified, changed) < now - _COARSEST


def digest_of(file: int) -> str:
    """The SHA-256 of an open file, in 64 hex digits."""
    with open(file, "rb", closefd=False) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def random_name(suffix: str) -> str:
    """A file name that cannot be guessed."""
    return secrets.token_hex(_RANDOM_BYTES) + suffix


def temp_name() -> str:
    """A random name for a file in `tmp/`."""
    return random_name(_TEMP_SUFFIX)


def is_temp_name(name: str) -> bool:
    """Whether `temp_name` made it (SQLite adds `-wal`, `-shm` and `-journal`)."""
    stem, dot, suffix = name.partition(".")
    made = len(stem) == 2 * _RANDOM_BYTES and not stem.strip("0123456789abcdef")
    return made and (dot + suffix).partition("-")[0] == _TEMP_SUFFIX


@contextmanager
def make_folder(root: Path, *names: str) -> Iterator[int]:
    """A descriptor of the folder `root/names...`; what is missing below `root` is made, durably.

    `root` itself may be a symbolic link (it is configured), nothing below it may: OSError
    (ELOOP or ENOTDIR) where a component is no folder.
    """
    with _descend(root, names, open_or_make) as folder:
        yield folder


@contextmanager
def open_folder(root: Path, *names: str) -> Iterator[int]:
    """As `make_folder`, but FileNotFoundError where there is none."""
    with _descend(root, names, _open) as folder:
        yield folder


@contextmanager
def _descend(root: Path, names: tuple[str, ...], enter: Callable[[int, str], int]) -> Iterator[int]:
    folder = open_root(root)
    try:
        for name in names:
            above = folder
            folder = enter(above, name)
            os.close(above)
        yield folder
    finally:
        os.close(folder)


def _open(above: int, name: str) -> int:
    return os.open(name, _FOLDER, dir_fd=above)


def open_root(root: Path) -> int:
    """A descriptor of a configured folder, which may be a symbolic link. Raises OSError."""
    return os.open(root, _FOLDER & ~os.O_NOFOLLOW)


def open_or_make(above: int, name: str) -> int:
    """A descriptor of the folder `name` in the folder `above`; made, durably, where it is missing.

    Raises OSError: ELOOP or ENOTDIR where something else has that name.
    """
    try:
        return _open(above, name)
    except FileNotFoundError:
        with suppress(FileExistsError):  # another thread was faster
            os.mkdir(name, dir_fd=above)
        # Also when the other thread made it: its fsync may still be to come.
        sync_folder(above)
        return _open(above, name)


class _Unsynced:
    """Whether a folder could not be made durable, as the threads of this process found out."""

    seen = False


def sync_folder(folder: int, fsync: Callable[[int], None] | None = None) -> None:
    """Make the names in a folder durable, where its file system can do that.

    Where it can't, nothing can be done, and what was written is there all the same.
    """
    try:
        (fsync or os.fsync)(folder)
    except OSError as exc:
        if exc.errno not in _NO_FOLDER_SYNC:
            raise
        _Unsynced.seen = True


def note_unsynced() -> None:
    """Another process could not do it."""
    _Unsynced.seen = True


def was_unsynced() -> bool:
    """Whether `sync_folder` could not do its work since this was last asked."""
    seen, _Unsynced.seen = _Unsynced.seen, False
    return seen


def create(folder: int, name: str) -> int:
    """A descriptor of a new file, mode 0666 less umask, as what is published needs."""
    return os.open(name, _NEW_FILE, 0o666, dir_fd=folder)


def open_existing(folder: int, name: str) -> int | None:
    """A descriptor for reading; None where no regular file stands (a link is none)."""
    try:
        file = os.open(name, _OLD_FILE, dir_fd=folder)
    except OSError as exc:
        if exc.errno in _NO_FILE:
            return None
        raise
    if stat.S_ISREG(os.fstat(file).st_mode):
        return file
    os.close(file)
    return None


def write_all(file: int, data: bytes | memoryview) -> None:
    """`os.write` until nothing is left."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def equal(one: int, other: int) -> bool:
    """Whether two files hold the same bytes, both open for reading."""
    offset, block = 0, b"-"
    while block:
        block = os.pread(one, _BLOCK, offset)
        if block != os.pread(other, _BLOCK, offset):
            return False
        offset += len(block)
    return True
