"""Reader and atomic writer of the baseline file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from imgcache.core.verdicts import baseline_format
from imgcache.core.verdicts.baseline import BaselineLine
from imgcache.edge import atomic_file
from imgcache.errors import ConfigError, LocalError
from imgcache.units import read_named, utf8


def read(path: Path) -> tuple[BaselineLine, ...] | None:
    """The lines of the file; None where there is none. Raises ConfigError."""
    try:
        data = read_named(path)
    except FileNotFoundError:
        return None
    except ValueError as exc:
        raise ConfigError(f"--baseline {path}: {exc}") from exc
    try:
        return baseline_format.parse(utf8(data))
    except ValueError as exc:
        raise ConfigError(f"--baseline {path}: {exc}; fix it, or make it anew") from exc


def write(path: Path, lines: Iterable[BaselineLine]) -> None:
    """Replace the file by these lines. Raises LocalError; the old file is then unchanged."""
    try:
        atomic_file.replace(path, baseline_format.render(lines).encode())
    except OSError as exc:
        raise LocalError(f"--baseline {path}: can't be written: {exc.strerror}") from exc
