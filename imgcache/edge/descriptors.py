"""File descriptors of this process: as many as the system lets it have."""

from __future__ import annotations

import resource

# More than any run or service can use; some systems name no hard limit, and take no such value.
_ENOUGH = 1 << 16


def available() -> int:
    """How many this process may have, after the soft limit was raised to the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return _ENOUGH if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS: a limit of its own below the hard one
        return soft
    return wanted
