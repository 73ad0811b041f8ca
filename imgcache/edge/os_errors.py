"""Which errors are this machine's own, and never held against a host."""

from __future__ import annotations

import errno

OUR_OWN = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENOMEM, errno.ENOBUFS}
    | {errno.EADDRNOTAVAIL}  # the ports of this machine are used up
)
