"""Reader of images that articles name by a path in their site; never outside of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from imgcache.core.http.location import SitePath
from imgcache.edge.os_errors import OUR_OWN
from imgcache.edge.safe_fs import Identity, identity_of
from imgcache.errors import LocalError
from imgcache.model import Failure, Verdict

_NOFOLLOW = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Grounds(Struct, frozen=True):
    """Where a path may lead to. `site` is the folder from which articles' folders are named.

    A relative path is looked up beside its article, never outside of the run's `paths`; then, as
    a site-absolute one, in each of the `roots`, never outside of that.
    """

    site: Path
    paths: tuple[Path, ...]
    roots: tuple[Path, ...]


class _Place(NamedTuple):
    """A folder in which a path is looked up, and the one that it does not leave."""

    folder: Path
    within: Path


def read(grounds: Grounds, path: SitePath, max_bytes: int) -> bytes | Failure:
    """The bytes of a site's file, or why there are none.

    A path that is outside, missing or no regular file is `gone` in each case, so that a report
    reveals nothing else of this machine. Without a root a site-absolute path is `not-checked`, and
    so is a relative one of a text in no file that is not found in the roots.

    Raises:
        LocalError: this machine could not do its part (EMFILE, EIO and the like).
    """
    places = list(_places(grounds, path))
    if not places and path.folder is None:
        return _nowhere(path)
    readings = (_read(place, path, max_bytes) for place in places)
    found = next((one for one in readings if one is not None), None)
    if found is None and path.folder is None and not path.path.startswith("/"):
        return _nowhere(path)
    if found is None:
        return Failure(Verdict.GONE, f"there is no file {_where(grounds, path)}")
    if len(found) > max_bytes:
        return Failure(Verdict.TOO_LARGE, f"the file is larger than the limit of {max_bytes} bytes")
    return found or Failure(Verdict.EMPTY, "the file is empty")


def _nowhere(path: SitePath) -> Failure:
    if path.path.startswith("/"):
        return Failure(
            Verdict.NOT_CHECKED, "the url is a path of the site, and no site_root is set"
        )
    return Failure(
        Verdict.NOT_CHECKED,
        "the url is a relative path, and there is no article beside which to look it up",
        remedy="verify the article where it is saved",
    )


def identity(grounds: Grounds, path: SitePath) -> Identity | None:
    """Values that change when the file that `read` would read changes; None where there is none."""
    for place in _places(grounds, path):
        try:
            inside = _inside(place, path)
            if inside is not None:
                return identity_of(os.lstat(inside))
        except OSError:
            continue
    return None


def _places(grounds: Grounds, path: SitePath) -> Iterator[_Place]:
    if path.folder is not None:
        folder = grounds.site / path.folder
        real = Path(os.path.realpath(folder))
        for within in grounds.paths:
            if real.is_relative_to(os.path.realpath(within)):
                yield _Place(folder, within)
    for root in grounds.roots:
        yield _Place(root, root)


def _where(grounds: Grounds, path: SitePath) -> str:
    """The places that were looked at, without the folders of this machine that they are in."""
    name = path.path.lstrip("/")
    beside = ["beside the article"] if path.folder is not None else []
    roots = [f"in {root.name or root}" for root in grounds.roots]
    return f"{name} {' or '.join([*beside, *roots])}"


def _inside(place: _Place, path: SitePath) -> Path | None:
    """Where the path leads, links resolved; None for what is outside."""
    names = path.names
    if names is None:
        return None
    name = os.fsdecode(b"/".join(names))
    # Path.resolve would raise a RuntimeError for a loop of symlinks before Python 3.13.
    inside = Path(os.path.realpath(place.folder / name, strict=True))
    return inside if inside.is_relative_to(place.within.resolve(strict=True)) else None


def _read(place: _Place, path: SitePath, max_bytes: int) -> bytes | None:
    try:
        inside = _inside(place, path)
        if inside is None:
            return None
        root = place.within.resolve(strict=True)
        return _read_regular(root, inside.relative_to(root).parts, max_bytes)
    except OSError as exc:
        if exc.errno in OUR_OWN:
            raise LocalError(f"{path.path}: {exc.strerror}") from exc
        return None


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
