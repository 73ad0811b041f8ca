"""Home of a cache on this machine's disk: the folder of index, catalog, lock and working files."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from imgcache.core.cache.layout import IGNORE, IGNORED, TMP
from imgcache.edge.safe_fs import create, is_temp_name, local_errors, make_folder, write_all


def prepare(home: Path) -> None:
    """Make the folder, and clear its `tmp/` of what a crash left; needs the cache's lock.

    Raises:
        LocalError: It can't be made or written.
    """
    with local_errors(str(home)):
        home.mkdir(parents=True, exist_ok=True)
    with local_errors(TMP), make_folder(home, TMP) as folder:
        present = os.listdir(folder)  # noqa: PTH208  # pathlib takes no descriptor
        for name in filter(is_temp_name, present):
            os.unlink(name, dir_fd=folder)


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
