"""Second place of the manifest, where a site generator looks for data."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from imgcache.core.cache.layout import MANIFEST
from imgcache.core.cache.manifest import HEAD
from imgcache.edge import atomic_file
from imgcache.edge.safe_fs import equal, open_existing, open_root
from imgcache.errors import LocalError

_BLOCK = 1 << 20


def update(root: Path, target: Path) -> bool:
    """Put the manifest of the cache folder at `target`, too; False where it says the same.

    Raises LocalError, also where something else than a manifest is there.
    """
    with _told(target), ExitStack() as opened:
        source = _opened(root / MANIFEST, opened)
        if source is None:
            return False
        return _put(target, lambda: _blocks(source), lambda there: equal(source, there))


def write(parts: Callable[[], Iterable[bytes]], target: Path) -> bool:
    """As `update`, of a manifest that is in no file; `parts` are its bytes, asked for twice."""
    with _told(target):
        return _put(target, parts, lambda there: _says(there, parts()))


def _put(
    target: Path, parts: Callable[[], Iterable[bytes]], is_same: Callable[[int], bool]
) -> bool:
    with ExitStack() as opened:
        there = _opened(target, opened) if target.is_file() else None
        if there is not None and is_same(there):
            return False
        if there is not None and not _is_ours(there):
            raise LocalError(f"{target} is no manifest; name another file in manifest.path")
    target.parent.mkdir(parents=True, exist_ok=True)
    atomic_file.replace_with(target, parts())
    return True


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise LocalError(f"{target} (manifest.path) can't be written: {reason}") from exc


def _says(file: int, parts: Iterable[bytes]) -> bool:
    """Whether a file holds these bytes, and no more."""
    offset = 0
    for part in parts:
        if os.pread(file, len(part), offset) != part:
            return False
        offset += len(part)
    return offset == os.fstat(file).st_size


def _opened(path: Path, opened: ExitStack) -> int | None:
    """A descriptor of a file, whatever links lead to its folder; None for none."""
    real = Path(os.path.realpath(path))
    folder = open_root(real.parent)
    opened.callback(os.close, folder)
    file = open_existing(folder, real.name)
    if file is not None:
        opened.callback(os.close, file)
    return file


def _is_ours(file: int) -> bool:
    """Whether it begins as every manifest does, or is empty."""
    return os.pread(file, len(HEAD), 0) in (HEAD.encode(), b"")


def _blocks(file: int) -> Iterator[bytes]:
    offset = 0
    while block := os.pread(file, _BLOCK, offset):
        offset += len(block)
        yield block
