"""Record of the files that this process opens, by Python's audit events."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# An audit hook can't be removed again.
_RECORDS: list[list[str]] = []


def _hear(event: str, args: tuple[object, ...]) -> None:
    if event == "open" and _RECORDS and isinstance(args[0], str | bytes):
        _RECORDS[-1].append(os.fsdecode(args[0]))


sys.addaudithook(_hear)


@contextmanager
def opened_files() -> Iterator[list[str]]:
    """The paths of the files that are opened meanwhile."""
    _RECORDS.append([])
    try:
        yield _RECORDS[-1]
    finally:
        _RECORDS.pop()


def names(paths: list[str], suffix: str) -> list[str]:
    """The names of those files with this suffix."""
    return sorted(Path(path).name for path in paths if path.endswith(suffix))
