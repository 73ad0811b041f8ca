"""Narrowing of the command line to the command that is called."""

from __future__ import annotations

from collections.abc import Sequence

from typer import Typer
from typer.models import CommandInfo


def narrow(app: Typer, words: Sequence[str]) -> None:
    """Leave out all commands but the one that is called: typer would build the flags of each."""
    called = [one for one in app.registered_commands if _name(one) == next(iter(words), "")]
    if called:
        app.registered_commands, app.registered_groups = called, []


def _name(command: CommandInfo) -> str:
    return command.name or (command.callback.__name__ if command.callback is not None else "")
