"""The man page, made from the same flags, sentences and examples as `--help`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from imgcache.cli.app import app
from imgcache.cli.help import EXAMPLES
from imgcache.version import VERSION

_FILES = """\
.TP
.I imgcache.toml
The configuration, or
.B [tool.imgcache]
in
.IR pyproject.toml ,
found from the working folder upwards.
.TP
.I cache/
Images, thumbnails, manifest.json and the index.
"""
_STATUS = """\
.TP
.B 0
All is well.
.TP
.B 1
Findings at severity error, or articles that could not be read or edited.
.TP
.B 2
Usage, configuration, a locked cache, or this machine's fault.
.TP
.B 130
Interrupted: what was done by then is kept, judged and written.
"""


def render() -> str:
    """The page in roff, for man(7)."""
    root = get_command(app)
    return "".join(_page(root))


def _page(root: Any) -> Iterator[str]:
    found = list(commands(root))
    yield f'.TH IMGCACHE 1 "" "imgcache {VERSION}" "User Commands"\n'
    yield f".SH NAME\nimgcache \\- {_escaped(_lowered(root.help))}\n"
    yield ".SH SYNOPSIS\n.B imgcache\n.I COMMAND\n.RI [ OPTIONS ]\n.RI [ ARGUMENTS ]\n"
    yield ".SH COMMANDS\n"
    for words, command in found:
        yield from _command(words, command)
    yield ".SH SHARED OPTIONS\nAll commands that have them mean the same by them.\n"
    for panel, options in _panels(found).items():
        yield f".SS {panel}\n"
        yield from options
    yield ".SS Before a command\n"
    yield from (_option(one) for one in root.params)
    yield f".SH EXIT STATUS\n{_STATUS}.SH FILES\n{_FILES}"
    yield ".SH ENVIRONMENT\n.TP\n.B IMGCACHE_*\n"
    yield "Settings, as in IMGCACHE_FETCH__CONCURRENCY=8.\n.TP\n.B NO_COLOR\nNo colours.\n"


def commands(group: Any, words: str = "imgcache") -> Iterator[tuple[str, Any]]:
    """Each command that can be run, by its words."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, f"{words} {name}")
        else:
            yield f"{words} {name}", one


def _command(words: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    yield f'.SS "{words} [OPTIONS]{"".join(f" {one.metavar}" for one in arguments)}"\n'
    yield f"{_escaped(' '.join(command.help.split()))}\n"
    for one in command.params:
        if one.param_type_name == "argument":
            yield f".TP\n.I {_escaped(one.metavar)}\n{_escaped(one.help)}\n"
        elif one.rich_help_panel is None:
            yield _option(one)
    examples = "".join(f"{_escaped(line)}\n" for line in EXAMPLES[command.name])
    yield f".PP\n.EX\n{examples}.EE\n"


def _panels(found: list[tuple[str, Any]]) -> dict[str, list[str]]:
    """The options of each panel, those alike once, with the commands that have them."""
    users: dict[tuple[str, str], list[str]] = {}
    for words, command in found:
        for one in command.params:
            if one.param_type_name == "option" and one.rich_help_panel is not None:
                key = (one.rich_help_panel, _option(one))
                users.setdefault(key, []).append(words.removeprefix("imgcache "))
    panels: dict[str, list[str]] = {}
    for (panel, text), names in users.items():
        of = "" if len(names) == len(found) else f"Of {', '.join(names)}.\n"
        panels.setdefault(panel, []).append(text + of)
    return panels


def _option(one: Any) -> str:
    names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in sorted(one.opts, key=len))
    value = f" \\fI{_escaped(one.metavar)}\\fR" if one.metavar else ""
    return f".TP\n{names}{value}\n{_escaped(one.help)}\n"


def _lowered(sentence: str) -> str:
    return f"{sentence[0].lower()}{sentence[1:].rstrip('.')}"


def _escaped(text: str) -> str:
    """Text of ours in roff: hyphens to be copied, no line that begins with a request."""
    shown = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{shown}" if shown.startswith((".", "'")) else shown
