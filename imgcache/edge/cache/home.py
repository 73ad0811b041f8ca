"""Home of a cache on this machine's disk: the folder of index, catalog, lock and working files."""

from __future__ import annotations

import fcntl
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path

from imgcache.core.cache.layout import IGNORE, IGNORED, INDEX, MANIFEST, TMP
from imgcache.core.cache.manifest import HEAD
from imgcache.edge.safe_fs import (
    create,
    is_temp_name,
    local_errors,
    make_folder,
    open_or_make,
    write_all,
)
from imgcache.errors import ConfigError

# Linux: FS_IOC_GETFLAGS and FS_IOC_SETFLAGS, whose number is an int in the room of a long, and
# FS_TOPDIR_FL (`chattr +T`): the folders in this one have nothing to do with each other.
_GET_FLAGS, _SET_FLAGS, _SPREAD = 0x80086601, 0x40086602, 0x20000
_FLAGS = struct.Struct("@i4x")
_DIGITS = frozenset("0123456789abcdef")


def refuse_foreign(home: Path) -> None:
    """Raise ConfigError for a folder without an index and with a manifest.json of somebody else."""
    path = home / MANIFEST
    if os.path.lexists(home / INDEX) or not path.is_file():
        return
    with local_errors(MANIFEST), path.open("rb") as file:
        beginning = file.read(len(HEAD))
    if beginning not in (HEAD.encode(), b""):
        raise ConfigError(
            f"{path} is no manifest of imgcache, which would replace it: name another folder in "
            "cache.dir, or move that file away"
        )


def prepare(home: Path) -> None:
    """Make the folder, and clear its `tmp/` of what a crash left; needs the cache's lock.

    Raises:
        LocalError: It can't be made or written.
    """
    with local_errors(str(home)):
        home.mkdir(parents=True, exist_ok=True)
    with local_errors(TMP), make_folder(home, TMP) as folder:
        _spread(folder)
        for name in _clear(folder):
            if name in _DIGITS:
                _clear_below(folder, name)


def _clear_below(folder: int, name: str) -> None:
    with local_errors(f"{TMP}/{name}"):
        below = open_or_make(folder, name)
        try:
            _clear(below)
        finally:
            os.close(below)


def _clear(folder: int) -> list[str]:
    """Delete the temporary files in a folder; returns the names of all else."""
    present = os.listdir(folder)  # pathlib takes no descriptor
    for name in filter(is_temp_name, present):
        os.unlink(name, dir_fd=folder)
    return [name for name in present if not is_temp_name(name)]


def _spread(folder: int) -> None:
    """Have ext4 put the folders made in this one far from each other.

    Else it puts them all where this one is, and each new file there looks at each inode that was
    deleted in the last minutes: half a millisecond where there are 2,400.
    """
    # No other file system knows this, nor has it the trouble; a stranger's folder stays as it is.
    with suppress(OSError):
        if sys.platform == "linux":
            (flags,) = _FLAGS.unpack(fcntl.ioctl(folder, _GET_FLAGS, bytes(_FLAGS.size)))
            if not flags & _SPREAD:
                fcntl.ioctl(folder, _SET_FLAGS, _FLAGS.pack(flags | _SPREAD))


def ignore_own_files(home: Path) -> None:
    """Write a .gitignore for what is of no use in git; one that is there stays as it is.

    Raises:
        LocalError: The folder can't be written.
    """
    with local_errors(IGNORE), suppress(FileExistsError), make_folder(home) as folder:
        file = create(folder, IGNORE)
        try:
            write_all(file, IGNORED.encode())
        finally:
            os.close(file)
