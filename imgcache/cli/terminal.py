"""Facts about the terminal: colours, and what must not be printed there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator


def unsteered(pieces: Iterable[str]) -> Iterator[str]:
    """Unchanged, except in GitHub Actions: there `##[...]` anywhere in a line is a command."""
    in_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    return (piece.replace("##[", "## [") if in_actions else piece for piece in pieces)


def is_terminal() -> bool:
    """Whether stdout is a terminal, not a pipe or a file."""
    return sys.stdout is not None and sys.stdout.isatty()


def has_colour() -> bool:
    """Whether stdout is a terminal that has colours, and its user wants them (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return is_terminal() and not plain


def can_redraw() -> bool:
    """Whether stderr is a terminal that can draw lines anew. FORCE_COLOR does not make it one."""
    if sys.stderr is None or not sys.stderr.isatty():
        return False
    return os.environ.get("TERM", "").lower() not in ("", "dumb", "unknown")
