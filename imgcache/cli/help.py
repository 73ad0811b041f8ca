"""Pages of `--help` in plain text: flags and commands in sections, whole sentences, examples.

Typer's own pages are drawn by rich, whose import takes longer than all the rest of `--help`.
"""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

# What an app passes on to its commands.
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_RANGE = re.compile(r"  \[[\d<=]+x[\d<=]+\]$")
_HEADS = {"argument": "Arguments", "option": "Options"}
# The sections of commands, by what brings a reader to them.
EVERY_DAY, LOOK, SET_UP, STORE = "Every day", "Look at it", "Set up", "The cache"
# By the name of the command; of the man page, too.
EXAMPLES = {
    "imgcache": (
        "imgcache init                       # once: where do images stand here?",
        "imgcache refresh --fix-dimensions   # then: fetch, check, cache, correct",
        "imgcache verify --offline --strict  # in CI: no request",
    ),
    "refresh": (
        "imgcache refresh                    # all articles that are configured",
        "imgcache refresh content/ --dry-run --diff",
        "imgcache refresh --fix-dimensions --max-time 10m",
    ),
    "verify": (
        "imgcache verify                     # asks for just enough of each image",
        "imgcache verify --offline --strict  # articles against the cache, no request",
        "imgcache verify --changed-since main --output report.sarif",
    ),
    "report": ("imgcache report --output public/images",),
    "export": (
        "imgcache export static/images       # after imgcache refresh",
        "imgcache export static/images --dry-run",
    ),
    "explain": (
        "imgcache explain IMG201             # or: gone",
        "imgcache explain https://example.com/a.jpg",
    ),
    "init": ("imgcache init                       # then: imgcache verify",),
    "serve": ("imgcache serve --port 8080          # http://127.0.0.1:8080/",),
    "demo": ("imgcache demo",),
    "cache": ("imgcache cache stats               # also: check, gc",),
    "stats": ("imgcache cache stats --format json",),
    "check": ("imgcache cache check --repair",),
    "gc": ("imgcache cache gc --age 7d --dry-run",),
}


# Contexts and formatters are click's in one version of typer and its own in another: hence Any.
class Command(TyperCommand):
    """A command whose flags stand below the heads that they name (`rich_help_panel`).

    Examples stand at the end.
    """

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Flags, then arguments as their metavars say; typer would put brackets around those."""
        named = (one for one in self.get_params(ctx) if one.param_type_name == "argument")
        return ["[OPTIONS]", *(str(one.metavar) for one in named)]

    def format_epilog(self, _: Any, formatter: Any) -> None:
        """Write the examples, each line as it is."""
        _write_examples(self.name or "", formatter)

    def get_help_option(self, ctx: Any) -> Any:
        """`--help`, at once."""
        return _plain(super().get_help_option(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write all sections of arguments and flags."""
        _write_sections(self, ctx, formatter)


class Group(TyperGroup):
    """A group that says of each of its commands what it does, in a whole sentence."""

    def get_help_option(self, ctx: Any) -> Any:
        """`--help`, at once."""
        return _plain(super().get_help_option(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write all sections of flags, then the commands."""
        _write_sections(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a line or two for each command, in sections; click would cut them off."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            one = self.get_command(ctx, name)
            head = getattr(one, "rich_help_panel", None) or "Commands"
            sections.setdefault(head, []).append((name, _sentence(one)))
        widest = max((len(name) for some in sections.values() for name, _ in some), default=0)
        for head, records in sections.items():
            with formatter.section(head):
                formatter.write_dl([(name.ljust(widest), told) for name, told in records])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, then what is told at the end."""
        _write_examples(self.name or "", formatter)
        super().format_epilog(ctx, formatter)


def _plain(option: Any) -> Any:
    """Its default a plain bool: where there is none, typer asks pydantic what that would be."""
    if option is not None:
        option.default = False
    return option


def _write_sections(command: Command | Group, ctx: Any, formatter: Any) -> None:
    # Those of the command itself come first.
    sections: dict[str, list[tuple[str, str]]] = {head: [] for head in _HEADS.values()}
    for one in command.get_params(ctx):
        record = _record(one, ctx)
        if record is not None:
            head = getattr(one, "rich_help_panel", None) or _HEADS[one.param_type_name]
            sections.setdefault(head, []).append(record)
    for head, records in sections.items():
        if records:
            with formatter.section(head):
                # Of a narrow page a third: what is longer has a line of its own.
                formatter.write_dl(records, col_max=min(30, formatter.width // 3))


def _write_examples(name: str, formatter: Any) -> None:
    """Each line as it is; where it is too long, what is said of it stands above."""
    with formatter.section("Examples"):
        for line in EXAMPLES[name]:
            command, mark, note = line.partition("#")
            if mark and len(line) + 2 > formatter.width:
                formatter.write(f"  #{note}\n  {command.rstrip()}\n")
            else:
                formatter.write(f"  {line}\n")


def _record(param: Any, ctx: Any) -> tuple[str, str] | None:
    """What is told of an argument or flag; of the former typer would tell its Python type, too."""
    if param.param_type_name == "argument":
        return param.metavar, param.help
    record: tuple[str, str] | None = param.get_help_record(ctx)
    # What may stand there is said in words where it is not plain; click adds a formula.
    return record and (record[0], _RANGE.sub("", record[1]))


def _sentence(command: Any) -> str:
    return " ".join(str(command.help or "").partition("\n\n")[0].split())
