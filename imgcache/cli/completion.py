"""Completion of commands, flags and values in bash, zsh and fish, as typer's scripts ask for it.

Where no shell asks, the command line is narrowed to the command that is called.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer
from typer.models import CommandInfo

_PROGRAM = "imgcache"
_ASKED_BY = "_IMGCACHE_COMPLETE"


class Shell(StrEnum):
    """The shells that have a script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def _shell(text: str) -> Shell:
    try:
        return Shell(text)
    except ValueError as exc:
        known = ", ".join(Shell)
        raise typer.BadParameter(f"{text!r} is unknown; write one of {known}") from exc


def prepare(app: typer.Typer, words: Sequence[str]) -> None:
    """Make ready for what is called, or for all of it where a shell asks.

    Typer does the latter itself only with flags of its own, for which it needs pydantic.
    """
    if _ASKED_BY not in os.environ:
        narrow(app, words)
        return
    from typer.completion import (  # type: ignore[attr-defined]  # its door in all versions  # noqa: PLC0415
        completion_init,
    )

    completion_init()


def narrow(app: typer.Typer, words: Sequence[str]) -> None:
    """Leave out all commands but the one that is called, and the flags that stand before one.

    Typer would build the flags of each, and asks pydantic what the defaults of the latter mean.
    """
    first = next(iter(words), "")
    if first and not first.startswith("-") and app.registered_callback is not None:
        app.registered_callback.callback = _without_flags
    called = [one for one in app.registered_commands if _name(one) == first]
    if called:
        app.registered_commands, app.registered_groups = called, []


def _without_flags() -> None:
    """In the place of those that stand before a command."""


def _name(command: CommandInfo) -> str:
    return command.name or (command.callback.__name__ if command.callback is not None else "")


def show(shell: Shell | None) -> None:
    """Print the script of a shell, and exit."""
    if shell is None:
        return
    from typer.completion import (  # type: ignore[attr-defined]  # as above  # noqa: PLC0415
        get_completion_script,
    )

    script = get_completion_script(prog_name=_PROGRAM, complete_var=_ASKED_BY, shell=shell.value)
    typer.echo(script)
    raise typer.Exit


def install(shell: Shell | None) -> None:
    """Write the script where the shell looks for it (bash, zsh: a line in its rc file), and exit.

    Raises typer.BadParameter where that can't be written.
    """
    if shell is None:
        return
    from typer.completion import (  # type: ignore[attr-defined]  # as above  # noqa: PLC0415
        install as write,
    )

    try:
        _, path = write(shell=shell.value, prog_name=_PROGRAM, complete_var=_ASKED_BY)
    except OSError as exc:
        raise typer.BadParameter(
            f"can't be written: {exc.filename}: {exc.strerror}; --show-completion prints it"
        ) from exc
    typer.echo(f"wrote {path}: shells that start from now on complete imgcache")
    raise typer.Exit


Install = Annotated[
    Shell | None,
    typer.Option(
        "--install-completion",
        metavar="|".join(Shell),
        parser=_shell,
        callback=install,
        is_eager=True,
        help="Make that shell complete commands, flags and values, and exit.",
    ),
]
Show = Annotated[
    Shell | None,
    typer.Option(
        "--show-completion",
        metavar="|".join(Shell),
        parser=_shell,
        callback=show,
        is_eager=True,
        help="Print the script that does it, and exit.",
    ),
]


def codes(incomplete: str) -> list[tuple[str, str]]:
    """Verdicts and breaches by name, and by code where one is being written."""
    from imgcache.model import Breach, Verdict  # noqa: PLC0415  --help needs no verdicts

    found = [one for one in (*Verdict, *Breach) if one.code]
    if incomplete[:1].lower() == "i":
        pairs = [(one.code or "", one.value) for one in found]
    else:
        pairs = [(one.value, one.code or "") for one in found]
    return [(word, said) for word, said in pairs if word.lower().startswith(incomplete.lower())]


What = Annotated[
    str,
    typer.Argument(
        metavar="URL|CODE",
        help="A URL as an article has it, or a verdict or rule: IMG201, gone.",
        show_default=False,
        autocompletion=codes,
    ),
]
