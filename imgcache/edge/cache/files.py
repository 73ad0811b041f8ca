"""Files of the cache folder, without the index: listed, compared, read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from imgcache.core.cache.layout import FOLDERS, is_content_path
from imgcache.edge.safe_fs import (
    Identity,
    identity_of,
    local_errors,
    mark_of,
    open_existing,
    open_folder,
    text_of,
)
from imgcache.facts import ImageFacts


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


def mark_at(path: str) -> str:
    """The identity of a file as text, to be compared later; empty where there is none."""
    try:
        return text_of(identity_of(os.lstat(path)))
    except OSError:
        return ""


def is_recorded(image: ImageFacts, identity: Identity) -> bool:
    """Whether a file of this identity is the one that was hashed."""
    _, _, size, mtime_ns, _ = identity
    recorded = (image.bytes, image.mtime_ns, image.hashed)
    return recorded == (size, mtime_ns, mark_of(identity))


def read_file(root: Path, path: str) -> bytes | None:
    """The bytes of a file; None where no regular file stands. Raises LocalError."""
    *names, name = path.split("/")
    with local_errors(path):
        try:
            with open_folder(root, *names) as folder:
                file = open_existing(folder, name)
        except FileNotFoundError:
            return None
        if file is None:
            return None
        with os.fdopen(file, "rb") as stream:
            return stream.read()


def _listed(root: Path, folder: str) -> list[os.DirEntry[str]]:
    with local_errors(folder):
        try:
            with os.scandir(root / folder) as listing:
                return list(listing)
        except FileNotFoundError:
            return []
