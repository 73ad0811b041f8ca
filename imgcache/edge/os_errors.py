"""Errors of the operating system: which are this machine's own, and what helps."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from imgcache.errors import LocalError

OUR_OWN = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.ENOBUFS}
    | {errno.EADDRNOTAVAIL}  # the ports of this machine are used up
)

# What helps against an error of this machine, whatever file it met.
REMEDIES = {
    errno.ENOSPC: "make room on this disk",
    errno.EDQUOT: "make room within the disk quota",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f)",
    errno.EIO: "the disk reports damage; check it before the next run",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "raise the system's limit of open files",
}


@contextmanager
def temporary_errors(what: str) -> Iterator[None]:
    """Translate OSError into LocalError; `what` could not be done in the temporary folder."""
    try:
        yield
    except OSError as exc:
        remedy = "set TMPDIR to a folder with room that can be written"
        raise LocalError(f"{what}: {exc.strerror or exc}; {remedy}") from exc
