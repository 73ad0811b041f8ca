"""Listing of the image files in the cache folder, without the index."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from imgcache.core.cache.layout import FOLDERS, is_content_path
from imgcache.edge.safe_fs import local_errors


class KeptFile(NamedTuple):
    """An image or thumbnail on disk; `path` is relative to the cache folder."""

    path: str
    bytes: int
    mtime_ns: int


def kept_files(root: Path) -> Iterator[KeptFile]:
    """All files in the places and with the names of images and thumbnails, in no order.

    Files with other names are not ours; links are neither followed nor listed. Raises LocalError.
    """
    stack = list(FOLDERS)
    while stack:
        folder = stack.pop()
        for entry in _listed(root, folder):
            path = f"{folder}/{entry.name}"
            with local_errors(path):
                if entry.is_dir(follow_symlinks=False):
                    stack.append(path)
                elif is_content_path(path) and entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    yield KeptFile(path, status.st_size, status.st_mtime_ns)


def _listed(root: Path, folder: str) -> list[os.DirEntry[str]]:
    with local_errors(folder):
        try:
            with os.scandir(root / folder) as listing:
                return list(listing)
        except FileNotFoundError:
            return []
