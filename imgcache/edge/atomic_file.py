"""Small files that others read at any moment: they find the old or the new one, never a part."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from imgcache.edge.safe_fs import random_name, write_all

ANOTHER = "name a place that this user may write"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of the file. Raises OSError."""
    replace_with(path, (data,))


def replace_with(path: Path, blocks: Iterable[bytes]) -> None:
    """Put these bytes in the place of the file. Raises OSError.

    Its mode is kept, and a symbolic link stays one: what it points at is replaced. What is no
    regular file (a device, a pipe) is written to as it is.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        target.write_bytes(b"".join(blocks))
        return
    temp = target.with_name(f".{random_name('')}.{target.name[:64]}")
    try:
        file = os.open(temp, _NEW, 0o666)
        try:
            if target.exists():
                os.fchmod(file, stat.S_IMODE(target.stat().st_mode))
            for block in blocks:
                write_all(file, block)
            os.fsync(file)
        finally:
            os.close(file)
        temp.replace(target)
    finally:
        with suppress(FileNotFoundError):
            temp.unlink()


def hindrance(folder: Path) -> str | None:
    """Why no file can be made in a folder, with the remedy; None where nothing is in the way."""
    if not os.path.lexists(folder):
        return "there is no such folder; make it first"
    if not folder.is_dir():
        return f"{folder} is no folder; name another"
    return None if os.access(folder, os.W_OK | os.X_OK) else f"can't be written; {ANOTHER}"
