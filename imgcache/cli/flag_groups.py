"""Groups of flags that many commands share, and the decorators that add them to a command."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, get_type_hints

import typer
from msgspec import Struct, structs

from imgcache.cli.flags import (
    AllowPrivate,
    BaselineFile,
    CacheDir,
    CaFile,
    Config,
    Format,
    Ignore,
    LogFormat,
    LogFormatFlag,
    NoProgress,
    Output,
    Outputs,
    Quiet,
    ReportFormat,
    Resolve,
    Select,
    Strict,
    Verbose,
    Version,
)

if TYPE_CHECKING:
    from imgcache.cli.console import Console
    from imgcache.config import Settings
    from imgcache.core.verdicts.selection import Selection


def selected(select: Sequence[str] | None, ignore: Sequence[str] | None) -> Selection:
    """What `--select` and `--ignore` leave. Raises typer.BadParameter."""
    from imgcache.core.verdicts.selection import selection  # noqa: PLC0415  --help needs no verdicts

    try:
        return selection(select or (), ignore or ())
    except ValueError as exc:
        raise typer.BadParameter(f"--select, --ignore: {exc}") from exc


class Reporting(Struct, frozen=True):
    """The flags of the commands that report on articles."""

    format_: Format = None
    output: Outputs = None
    strict: Strict = False
    baseline: BaselineFile = None
    select: Select = None
    ignore: Ignore = None
    no_progress: NoProgress = False

    def outputs(self) -> list[Output]:
        """All of `--output`. Raises typer.BadParameter."""
        return [Output.parse(text) for text in self.output or ()]

    def selection(self) -> Selection:
        """All of `--select` and `--ignore`. Raises typer.BadParameter."""
        return selected(self.select, self.ignore)

    def shown(self) -> ReportFormat | None:
        """What stdout gets: what was asked for, nothing beside --output, else what suits."""
        if self.format_ is not None or self.output:
            return self.format_
        under_github = os.environ.get("GITHUB_ACTIONS") == "true"
        return ReportFormat.GITHUB if under_github else ReportFormat.TEXT


class Network(Struct, frozen=True):
    """The flags of all commands that fetch."""

    resolve: Resolve = None
    allow_private: AllowPrivate = None
    ca_file: CaFile = None

    def as_settings(self) -> dict[str, Any]:
        """In the shape of the configuration file; what was not given is absent."""
        fetch: dict[str, Any] = {
            "resolve": self.resolve or None,
            "allow_private": self.allow_private or None,
            "ca_file": self.ca_file,
        }
        given = {key: value for key, value in fetch.items() if value is not None}
        return {"fetch": given} if given else {}


class General(Struct, frozen=True):
    """The flags of all commands."""

    config: Config = None
    cache_dir: CacheDir = None
    verbose: Verbose = False
    quiet: Quiet = False
    log_format: LogFormatFlag = LogFormat.TEXT
    version: Version = False

    def console(self, *, progress: bool = False) -> Console:
        """What these flags make of stderr. Raises typer.BadParameter."""
        if self.verbose and self.quiet:
            raise typer.BadParameter("--verbose and --quiet exclude each other")
        from imgcache.cli.console import Console  # noqa: PLC0415  --help needs no rich console

        log_json = self.log_format is LogFormat.JSON
        return Console(verbose=self.verbose, quiet=self.quiet, log_json=log_json, progress=progress)

    def settings(self, network: Network | None = None, **sections: dict[str, Any]) -> Settings:
        """The configuration with these flags laid over it; a section without values is left out.

        Raises ConfigError.
        """
        from imgcache.config import Settings  # noqa: PLC0415  --help needs no settings

        given = {name: values for name, values in sections.items() if values}
        given |= network.as_settings() if network is not None else {}
        if self.cache_dir is not None:
            # Another cache has an index of its own, wherever the configured one has it.
            given["cache"] = {"dir": self.cache_dir, "index": None}
        return Settings.load(self.config, given)


def general(command: Callable[..., None]) -> Callable[..., None]:
    """Add the flags of `General`; the command gets them as its parameter `general`."""
    return _bundled(command, "general", General)


def network(command: Callable[..., None]) -> Callable[..., None]:
    """Add the flags of `Network`; the command gets them as its parameter `network`."""
    return _bundled(command, "network", Network)


def reporting(command: Callable[..., None]) -> Callable[..., None]:
    """Add the flags of `Reporting`; the command gets them as its parameter `reporting`."""
    return _bundled(command, "reporting", Reporting)


@cache
def _hints(bundle: type[Struct]) -> dict[str, Any]:
    """The annotations of a bundle: many commands have it."""
    return get_type_hints(bundle, include_extras=True)


def _bundled(
    command: Callable[..., None], name: str, bundle: type[General | Network | Reporting]
) -> Callable[..., None]:
    """The command with the fields of `bundle` as flags of its own, as typer reads a signature."""
    signature = inspect.signature(command, eval_str=True)
    declared = _hints(bundle)
    own = [one for one in signature.parameters.values() if one.name != name]
    shared = [
        inspect.Parameter(
            one.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=one.default,
            annotation=declared[one.name],
        )
        for one in structs.fields(bundle)
    ]

    @wraps(command)
    def run(*args: Any, **words: Any) -> None:
        given = {one.name: words.pop(one.name) for one in shared}
        command(*args, **words, **{name: bundle(**given)})

    parameters = [*own, *shared]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # inspect reads it
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    return run
