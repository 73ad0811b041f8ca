"""Swap of two folders: whoever reads finds the older one or the newer one, whole."""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

# renameat2(2): since Linux 3.15 and glibc 2.28, on most file systems.
_EXCHANGE = 2
_HERE = -100
_CAN_NOT = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


def exchange(one: Path, other: Path) -> bool:
    """Give each folder the other's name, at once; False where the system can't do that.

    Raises OSError.
    """
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    if call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), ctypes.c_uint(_EXCHANGE)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _CAN_NOT:
        return False
    raise OSError(number, os.strerror(number), str(one))
