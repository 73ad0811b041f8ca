"""Reader and atomic writer of article files."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from imgcache.edge.articles.discovery import Found, Survey, check, discover, survey
from imgcache.edge.articles.folder import shown
from imgcache.edge.articles.names import base
from imgcache.edge.articles.staging import remove_leftover, staged
from imgcache.edge.os_errors import OUR_OWN, REMEDIES
from imgcache.edge.safe_fs import (
    identity_of,
    open_existing,
    open_folder,
    sync_folder,
    write_all,
)
from imgcache.errors import ArticleError, LocalError, NotDurableError, UnreadableError

__all__ = [
    "Found",
    "Steps",
    "Survey",
    "Sync",
    "advanced",
    "base",
    "check",
    "check_editable",
    "discover",
    "read",
    "relative_name",
    "replace",
    "replacing",
    "survey",
    "sweep",
    "waited",
]

Sync = Callable[[], None]
Steps = Generator[Sync, None, bool]

# O_NONBLOCK: should a FIFO have taken the file's place since it was looked at.
_OLD_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
# No article is that large; a sparse file of terabytes must not end the run.
_LARGEST = 256 << 20

# Attributes that only the system may set, or that the file system can't hold, are not copied.
_NO_ATTRIBUTE = frozenset({errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.ENODATA, errno.EINVAL})


def read(found: Found) -> bytes:
    """The bytes of a file. ArticleError where it can't be read or is no regular file.

    UnreadableError where that is this machine's fault.
    """
    try:
        # Checked before it is opened: opening a FIFO or a device can already have an effect.
        facts = found.path.stat()
        if stat.S_ISDIR(facts.st_mode):
            # Discovery yields only those folders that could not be listed.
            raise _unlisted(found.path)
        _check_regular(facts)
        file = os.open(found.path, _OLD_FILE)
        try:
            _check_regular(os.fstat(file))
            return _content(file)
        finally:
            os.close(file)
    except OSError as exc:
        reason = f"can't be read: {exc.strerror or exc}"
        if exc.errno in OUR_OWN:
            remedy = REMEDIES.get(exc.errno, "run again when this machine has room")
            raise UnreadableError(f"{reason}; {remedy}") from exc
        raise ArticleError(reason) from exc


def _unlisted(folder: Path) -> ArticleError:
    try:
        os.scandir(folder).close()
    except OSError as exc:
        if exc.errno in OUR_OWN:
            raise
    return ArticleError("is a folder that can't be listed")


def relative_name(found: Found) -> str:
    """Where the bytes of a file lie, from the working folder: what a patch of it has to name.

    Programs that apply patches refuse symbolic links.
    """
    return os.path.relpath(os.path.realpath(found.path))


def replace(found: Found, old: bytes, new: bytes) -> bool:
    """Put `new` in the place of `old`: atomic, on disk when this returns, mode and owner kept.

    False when the file no longer holds `old` and was left alone: read it again. A symbolic link
    stays one, its target is replaced in the target's own folder. Raises ArticleError when the
    file must not be edited (a link that leaves `found.root`, several hard links, read-only), and
    LocalError when this machine can't (disk full or broken, no file descriptors). Neither leaves
    anything behind; only after NotDurableError does the file hold `new`, while the power lasts.
    """
    steps = replacing(found, old, new)
    step = advanced(steps, None)
    while not isinstance(step, bool):
        step = advanced(steps, waited(step))
    return step


def replacing(found: Found, old: bytes, new: bytes) -> Steps:
    """As `replace`, in steps: each time that the disk has to be waited for, it yields what waits.

    Only that may be done by another thread.
    """
    if old == new:
        return True
    with _translated(found), _own_folder(found) as (folder, name):
        return (yield from _replace_in(folder, name, old, new))


def advanced(steps: Steps, fault: OSError | None) -> Sync | bool:
    """What has to be waited for next, or how it ended; `fault`: of what was waited for.

    Raises as `replace`.
    """
    try:
        return next(steps) if fault is None else steps.throw(fault)
    except StopIteration as end:
        return bool(end.value)


def waited(sync: Sync) -> OSError | None:
    """Wait for the disk; what went wrong is to be told to `advanced`."""
    try:
        sync()
    except OSError as exc:
        return exc
    return None


def check_editable(found: Found) -> None:
    """Raises what `replace` would for a file that must not be edited; writes nothing."""
    with _translated(found), _own_folder(found) as (folder, name):
        file = open_existing(folder, name)
        if file is not None:
            try:
                _check_editable(os.fstat(file), folder, name)
            finally:
                os.close(file)


def sweep(leftovers: Iterable[Path]) -> Iterator[str]:
    """Remove the leftovers of killed runs; yields a sentence for each that can't be removed."""
    for path in leftovers:
        try:
            remove_leftover(path)
        except OSError as exc:
            reason = exc.strerror or type(exc).__name__
            yield f"{shown(path)}: left by a killed run, and can't be removed: {reason}"


@contextmanager
def _own_folder(found: Found) -> Iterator[tuple[int, str]]:
    """The folder (a descriptor) and name of the file itself, symbolic links inside resolved."""
    root = Path(os.path.realpath(found.root))
    target = Path(os.path.realpath(found.path))
    if not target.is_relative_to(root):
        raise ArticleError(
            "is a symbolic link that leaves the given path; name the article's own folder"
        )
    *folders, name = target.relative_to(root).parts
    with open_folder(root, *folders) as folder:
        yield folder, name


@contextmanager
def _translated(found: Found) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        reason = exc.strerror or str(exc)
        if exc.errno in REMEDIES:
            raise LocalError(f"{found.shown}: {reason}; {REMEDIES[exc.errno]}") from exc
        raise ArticleError(f"can't be written: {reason}") from exc


def _replace_in(folder: int, name: str, old: bytes, new: bytes) -> Steps:
    file = open_existing(folder, name)
    if file is None:
        return False
    with ExitStack() as held:
        held.callback(os.close, file)
        before = os.fstat(file)
        if before.st_size != len(old) or _content(file) != old:
            return False
        _check_editable(before, folder, name)
        with staged(folder) as (new_file, temp):
            write_all(new_file, new)
            _copy_attributes(file, new_file)
            yield partial(os.fsync, new_file)
            if not _is_unchanged(folder, name, file, before, old):
                return False
            os.rename(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
        held.pop_all()
        try:
            yield partial(_settle, folder, file)
        except OSError as exc:
            raise NotDurableError(
                f"was written, but may not survive a power cut ({exc.strerror or exc}): "
                f"{REMEDIES.get(exc.errno or 0, 'check the disk')}"
            ) from exc
    return True


def _settle(folder: int, replaced: int) -> None:
    """Wait for the folder; a file that has no name any more is removed as it is closed."""
    try:
        sync_folder(folder)
    finally:
        os.close(replaced)


def _is_unchanged(folder: int, name: str, file: int, before: os.stat_result, old: bytes) -> bool:
    """Whether the name still leads to the file that was read, with the same bytes in it."""
    try:
        now = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    # The bytes as well: an edit may fall into the same tick of the file system's clock.
    same = identity_of(now) == identity_of(before) and now.st_nlink == before.st_nlink
    return same and _content(file) == old


def _check_regular(facts: os.stat_result) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise ArticleError("is no regular file")
    if facts.st_size > _LARGEST:
        raise ArticleError(f"has {facts.st_size} bytes; no article is that large")


def _check_editable(facts: os.stat_result, folder: int, name: str) -> None:
    if facts.st_nlink > 1:
        raise ArticleError(
            f"has {facts.st_nlink} hard links, and an edit would part them; make it a copy"
        )
    # os.access alone is not enough: for root it allows what the owner made read-only.
    if not facts.st_mode & _ANY_WRITE or not os.access(name, os.W_OK, dir_fd=folder):
        raise ArticleError("is read-only; make it writable")


def _content(file: int) -> bytes:
    size = os.fstat(file).st_size
    parts = []
    offset = 0
    while part := os.pread(file, max(size - offset, 0) + 1, offset):
        parts.append(part)
        offset += len(part)
        if offset > _LARGEST:
            raise ArticleError("grows while it is read")
    return b"".join(parts)


def _copy_attributes(source: int, target: int) -> None:
    """Owner, mode and extended attributes (an ACL is one), as far as this user may set them."""
    facts = os.fstat(source)
    with suppress(PermissionError):  # a group that this user is not in
        os.fchown(target, -1, facts.st_gid)
    with suppress(PermissionError):  # another owner's file in one's own folder
        os.fchown(target, facts.st_uid, -1)
    os.fchmod(target, stat.S_IMODE(facts.st_mode))
    if sys.platform == "linux":
        for name in _attributes(source):
            try:
                os.setxattr(target, name, os.getxattr(source, name))
            except OSError as exc:
                if exc.errno not in _NO_ATTRIBUTE:
                    raise


def _attributes(file: int) -> list[str]:
    if sys.platform != "linux":
        return []
    try:
        return os.listxattr(file)
    except OSError as exc:
        if exc.errno not in _NO_ATTRIBUTE:
            raise
        return []
