"""Reader and atomic writer of the baseline file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from imgcache.core.verdicts import baseline_format
from imgcache.core.verdicts.baseline import BaselineLine
from imgcache.edge import atomic_file
from imgcache.errors import ConfigError, LocalError

# In bytes; a bound for devices without end.
_LARGEST = 64 << 20


def read(path: Path) -> tuple[BaselineLine, ...] | None:
    """The lines of the file; None where there is none. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise ConfigError(f"--baseline {path}: is larger than 64 MiB; no baseline is")
        return baseline_format.parse(data.decode("utf-8-sig"))
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise ConfigError(f"--baseline {path}: can't be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise ConfigError(f"--baseline {path}: {exc}; fix it, or make it anew") from exc


def write(path: Path, lines: Iterable[BaselineLine]) -> None:
    """Replace the file by these lines. Raises LocalError; the old file is then unchanged."""
    try:
        atomic_file.replace(path, baseline_format.render(lines).encode())
    except OSError as exc:
        raise LocalError(f"--baseline {path}: can't be written: {exc.strerror}") from exc
