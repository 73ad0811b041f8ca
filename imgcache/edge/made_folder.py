"""Folders that imgcache makes for others to read: known again by a mark, told when they fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imgcache.errors import ConfigError, LocalError


def is_made(path: Path, mark: str, refusal: str) -> bool:
    """Whether an older run made the folder: a file named `mark` lies in it. False for a free one.

    Raises ConfigError with the `refusal` for what is neither, OSError where that can't be seen.
    """
    is_older = (path / mark).is_file() and not (path / mark).is_symlink()
    is_free = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    if not is_older and not is_free:
        raise ConfigError(refusal)
    return is_older


@contextmanager
def output_errors(what: str) -> Iterator[None]:
    """Translate OSError into LocalError; `what` is how the user named the place."""
    try:
        yield
    except OSError as exc:
        reason = exc.strerror or type(exc).__name__
        raise LocalError(
            f"{what}: can't be written: {reason}; make room there, "
            "or name a place that this user may write"
        ) from exc
