"""The flags that several commands share, each declared once, and what they mean as settings."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from msgspec import Struct

from imgcache import units
from imgcache.cli.completion import codes
from imgcache.version import VERSION


class ReportFormat(StrEnum):
    """What stdout, or an --output file, gets."""

    TEXT = "text"
    CONCISE = "concise"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"
    MARKDOWN = "markdown"


# What a log shows as it is; the others are for programs.
FOR_LOGS = (
    ReportFormat.TEXT,
    ReportFormat.CONCISE,
    ReportFormat.GITHUB,
    ReportFormat.MARKDOWN,
)


class PlainFormat(StrEnum):
    """The formats of `explain` and `cache`."""

    TEXT = "text"
    JSON = "json"


class LogFormat(StrEnum):
    """How notes on stderr are written."""

    TEXT = "text"
    JSON = "json"


_SUFFIXES = {
    ".txt": ReportFormat.TEXT,
    ".json": ReportFormat.JSON,
    ".xml": ReportFormat.JUNIT,
    ".sarif": ReportFormat.SARIF,
    ".md": ReportFormat.MARKDOWN,
}


class Output(Struct, frozen=True):
    """One `--output [FORMAT=]FILE`."""

    format: ReportFormat
    path: Path

    @classmethod
    def parse(cls, text: str) -> Output:
        """FORMAT from the suffix where it is not given. Raises typer.BadParameter."""
        name, equals, rest = text.partition("=")
        if equals and name in {one.value for one in ReportFormat}:
            return cls(ReportFormat(name), Path(rest))
        path = Path(text)
        if path.suffix.lower() not in _SUFFIXES:
            known = " or ".join(f"{one}={text}" for one in ReportFormat)
            raise typer.BadParameter(
                f"--output {text}: the suffix does not tell the format; write {known}"
            )
        return cls(_SUFFIXES[path.suffix.lower()], path)


def _print_version(value: bool) -> None:  # noqa: FBT001  typer calls it so
    if value:
        typer.echo(f"imgcache {VERSION}")
        raise typer.Exit


def parse_cache(text: str) -> str:
    """A DIR, or the URL of an object store; an empty one would be the working folder itself."""
    if not text:
        raise typer.BadParameter("is empty; name a folder")
    return text


E = TypeVar("E", bound=StrEnum)


def _one_of(kind: type[E]) -> Callable[[str], E]:
    """A parser for typer; its own tells of a wrong value in the words of a library."""

    def parse(text: str) -> E:
        try:
            return kind(text)
        except ValueError as exc:
            known = ", ".join(kind)
            raise typer.BadParameter(f"{text!r} is unknown; write one of {known}") from exc

    return parse


def parse_duration(text: str) -> float:
    """A DURATION for typer, with its message for a wrong one."""
    try:
        return units.duration(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc


_GENERAL = "General"
_NETWORK = "Network"
_REPORT = "Report"

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[PATH...]",
        help="Articles, or folders searched for them. "
        "Without PATH: the configured ones, else articles/, content/, or all below the folder of "
        "the configuration file (without one: this folder).",
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Read settings from this file instead of the imgcache.toml or pyproject.toml above.",
        rich_help_panel=_GENERAL,
    ),
]
CacheDir = Annotated[
    str | None,
    typer.Option(
        "--cache-dir",
        metavar="DIR",
        parser=parse_cache,
        help="Where images, thumbnails and the index lie (default: cache/ beside the "
        "configuration file, without one in this folder); or s3://bucket/prefix.",
        rich_help_panel=_GENERAL,
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        help="Tell of each URL on stderr; leave nothing out of the text report.",
        rich_help_panel=_GENERAL,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Nothing on stderr but errors.", rich_help_panel=_GENERAL),
]
LogFormatFlag = Annotated[
    LogFormat,
    typer.Option(
        "--log-format",
        metavar="|".join(LogFormat),
        parser=_one_of(LogFormat),
        help="How stderr is written (default: text).",
        show_default=False,
        rich_help_panel=_GENERAL,
    ),
]
Version = Annotated[
    bool,
    typer.Option(
        "--version",
        "-V",
        callback=_print_version,
        is_eager=True,
        help="Print the version and exit.",
        rich_help_panel=_GENERAL,
    ),
]
Resolve = Annotated[
    list[str] | None,
    typer.Option(
        "--resolve",
        metavar="HOST:PORT:ADDRESS[:PORT2]",
        help="Connect there instead of asking DNS; HOST may be *. Repeatable.",
        rich_help_panel=_NETWORK,
    ),
]
AllowPrivate = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-private",
        metavar="CIDR|ADDRESS:PORT",
        help="Let through an address that is not public. Repeatable.",
        rich_help_panel=_NETWORK,
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        metavar="FILE",
        help="Trust these certificates too (PEM).",
        rich_help_panel=_NETWORK,
    ),
]
Host = Annotated[
    str | None,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="Listen there (default: 127.0.0.1, this machine only).",
    ),
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", metavar="PORT", min=0, max=65535, help="Listen on this port (default: 8460)."
    ),
]
Format = Annotated[
    ReportFormat | None,
    typer.Option(
        "--format",
        metavar="|".join(ReportFormat),
        parser=_one_of(ReportFormat),
        help="What stdout gets (default: text; github under GITHUB_ACTIONS).",
        rich_help_panel=_REPORT,
    ),
]
PlainFormatFlag = Annotated[
    PlainFormat,
    typer.Option(
        "--format",
        metavar="|".join(PlainFormat),
        parser=_one_of(PlainFormat),
        help="What stdout gets (default: text).",
        show_default=False,
        rich_help_panel=_REPORT,
    ),
]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        metavar="[FORMAT=]FILE",
        help="Write the report to a file, FORMAT from its suffix. Repeatable; stdout is then "
        "silent unless --format is given.",
        rich_help_panel=_REPORT,
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Warnings count as errors.", rich_help_panel=_REPORT),
]
BaselineFile = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="Findings listed there don't fail the run; entries that no longer occur are told.",
        rich_help_panel=_REPORT,
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="CODE|VERDICT",
        autocompletion=codes,
        help="Show and count these findings only (IMG201, IMG2, gone). Repeatable.",
        rich_help_panel=_REPORT,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="CODE|VERDICT",
        autocompletion=codes,
        help="Neither show nor count these findings; flags and verdicts are as ever. Repeatable.",
        rich_help_panel=_REPORT,
    ),
]
Rehash = Annotated[
    bool,
    typer.Option(
        "--rehash",
        help="An --offline that reads all bytes in the cache, not only of files that have changed "
        "since they were hashed.",
    ),
]
IfCached = Annotated[
    bool,
    typer.Option(
        "--if-cached",
        help="With --offline: pass with one line where there is no cache at all (a fresh clone).",
    ),
]
NoProgress = Annotated[
    bool,
    typer.Option(
        "--no-progress",
        help="No progress: neither drawn nor told each minute.",
        rich_help_panel=_REPORT,
    ),
]
