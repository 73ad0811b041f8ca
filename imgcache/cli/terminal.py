"""Facts about the terminal: colours, links, its width, and what must not be printed there."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping

from imgcache.render.blocks.ink import Ink

# Terminals that show links (OSC 8), by TERM_PROGRAM, by TERM, and by variables of their own. That
# of VS Code is not among them: it opens `path:line:column` at the line, but a link to the file not.
_LINKING_PROGRAMS = frozenset({"ghostty", "iTerm.app", "rio", "WezTerm"})
_LINKING_TERMS = ("alacritty", "contour", "foot", "xterm-ghostty", "xterm-kitty")
# It opens `file://...#12` at that line (sw.kovidgoyal.net/kitty/open_actions).
_LINKING_TO_LINES = "xterm-kitty"
_LINKING_VARIABLES = ("DOMTERM", "KONSOLE_VERSION", "WT_SESSION")
# The library of GNOME's terminals took links in 0.50.
_LINKING_VTE = 5000


def unsteered(pieces: Iterable[str]) -> Iterator[str]:
    """Unchanged, except in GitHub Actions: there `##[...]` anywhere in a line is a command."""
    in_actions = os.environ.get("GITHUB_ACTIONS") == "true"
    return (piece.replace("##[", "## [") if in_actions else piece for piece in pieces)


def is_terminal() -> bool:
    """Whether stdout is a terminal, not a pipe or a file."""
    return sys.stdout is not None and sys.stdout.isatty()


def has_colour() -> bool:
    """Whether stdout gets colours: a terminal that has them, unless its user decides otherwise."""
    return wants_colour(os.environ, terminal=is_terminal())


def wants_colour(env: Mapping[str, str], *, terminal: bool) -> bool:
    """What the environment says of colours (no-color.org, bixense.com/clicolors).

    NO_COLOR is the strongest; FORCE_COLOR and CLICOLOR_FORCE go into pipes, too.
    """
    if env.get("NO_COLOR"):
        return False
    if force := env.get("FORCE_COLOR"):
        return force != "0"
    if env.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
        return True
    return terminal and env.get("CLICOLOR") != "0" and env.get("TERM") != "dumb"


def has_links(env: Mapping[str, str]) -> bool:
    """Whether this is a terminal that is known to show links, and passes on what it gets."""
    term = env.get("TERM", "")
    if term == "dumb" or term.startswith(("screen", "tmux")) or "TMUX" in env or "STY" in env:
        return False
    vte = env.get("VTE_VERSION", "")
    return (
        env.get("TERM_PROGRAM") in _LINKING_PROGRAMS
        or term.startswith(_LINKING_TERMS)
        or any(env.get(name) for name in _LINKING_VARIABLES)
        or (vte.isdecimal() and int(vte) >= _LINKING_VTE)
    )


def ink() -> Ink:
    """What stdout has beyond plain text; a pipe has nothing, unless colours are forced."""
    if not is_terminal():
        return Ink(colour=has_colour())
    return Ink(
        colour=has_colour(),
        width=shutil.get_terminal_size().columns,
        folder=os.getcwd() if has_links(os.environ) else None,  # noqa: PTH109  a string
        host=socket.gethostname(),
        to_lines=os.environ.get("TERM") == _LINKING_TO_LINES,
    )


def can_redraw() -> bool:
    """Whether stderr is a terminal that can draw lines anew. FORCE_COLOR does not make it one."""
    if sys.stderr is None or not sys.stderr.isatty():
        return False
    return os.environ.get("TERM", "").lower() not in ("", "dumb", "unknown")
