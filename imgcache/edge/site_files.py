"""Reader of images that articles name by a path in their site; never outside the site's root."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import unquote_to_bytes

from imgcache.core.http.location import SitePath
from imgcache.edge.os_errors import OUR_OWN
from imgcache.edge.safe_fs import Identity, identity_of
from imgcache.errors import LocalError
from imgcache.model import Failure, Verdict

_NOFOLLOW = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read(site_root: Path | None, path: SitePath, max_bytes: int) -> bytes | Failure:
    """The bytes of a site's file, or why there are none.

    Relative and site-absolute paths both start at the root. A path that is outside, missing or no
    regular file is `gone` in each case, so that a report reveals nothing else of this machine.

    Raises:
        LocalError: this machine could not do its part (EMFILE, EIO and the like).
    """
    if site_root is None:
        return Failure(
            Verdict.UNSUPPORTED_URL, "the url is a path, and site_root is not configured"
        )
    try:
        found = _read_inside(site_root, path, max_bytes)
    except OSError as exc:
        if exc.errno in OUR_OWN:
            raise LocalError(f"{path.path}: {exc.strerror}") from exc
        found = None
    if found is None:
        return Failure(Verdict.GONE, "no such file under site_root")
    if len(found) > max_bytes:
        return Failure(Verdict.TOO_LARGE, f"the file is larger than the limit of {max_bytes} bytes")
    return found or Failure(Verdict.EMPTY, "the file is empty")


def identity(site_root: Path | None, path: SitePath) -> Identity | None:
    """Values that change when the file that `read` would read changes; None where there is none."""
    try:
        inside = None if site_root is None else _inside(site_root, path)
        return None if inside is None else identity_of(os.lstat(inside))
    except OSError:
        return None


def _inside(site_root: Path, path: SitePath) -> Path | None:
    """Where the path leads, links resolved; None for what is outside of the root."""
    name = os.fsdecode(unquote_to_bytes(path.path)).lstrip("/")
    if "\0" in name:
        return None
    root = site_root.resolve(strict=True)
    # Path.resolve would raise a RuntimeError for a loop of symlinks before Python 3.13.
    inside = Path(os.path.realpath(root / name, strict=True))
    return inside if inside.is_relative_to(root) else None


def _read_inside(site_root: Path, path: SitePath, max_bytes: int) -> bytes | None:
    inside = _inside(site_root, path)
    if inside is None:
        return None
    root = site_root.resolve(strict=True)
    return _read_regular(root, inside.relative_to(root).parts, max_bytes)


def _read_regular(root: Path, parts: tuple[str, ...], max_bytes: int) -> bytes | None:
    """Open one folder after the other, so that no symlink planted meanwhile leads outside."""
    with ExitStack() as opened:
        at = os.open(root, _NOFOLLOW)
        opened.callback(os.close, at)
        for part in parts:
            # O_NONBLOCK: a FIFO is opened without waiting for a writer, and then refused.
            at = os.open(part, _NOFOLLOW, dir_fd=at)
            opened.callback(os.close, at)
        if not stat.S_ISREG(os.fstat(at).st_mode):
            return None
        with open(at, "rb", closefd=False) as file:
            return file.read(max_bytes + 1)
