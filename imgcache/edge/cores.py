"""Cores of the processor, as far as this process may use them."""

from __future__ import annotations

import os


def cores() -> int:
    """How many there are, at least one."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
