"""`imgcache cache`: what is in the cache, whether it is sound, and what of it nobody names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imgcache.cli import flags

if TYPE_CHECKING:
    from imgcache.config import Settings

app = typer.Typer(
    name="cache",
    help="Look into the cache folder: stats, check, gc.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def stats(
    *,
    format_: flags.PlainFormatFlag = flags.PlainFormat.TEXT,
    config: flags.Config = None,
    cache_dir: flags.CacheDir = None,
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """Sizes and counts, hit rates of the last refreshes, and the hosts that fail most."""
    from imgcache.cli.caching import run_cache_stats  # noqa: PLC0415  see cli.py's docstring

    console = flags.console(verbose=verbose, quiet=quiet, log_format=log_format, progress=False)
    raise typer.Exit(run_cache_stats(_settings(config, cache_dir), format_, console))


@app.command()
def check(  # noqa: PLR0913  typer takes each flag as a parameter
    *,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Mend it: forget damaged copies (the next refresh fetches them again), make "
            "thumbnails, index and manifest again.",
        ),
    ] = False,
    format_: flags.PlainFormatFlag = flags.PlainFormat.TEXT,
    config: flags.Config = None,
    cache_dir: flags.CacheDir = None,
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """Hash every image and thumbnail. Exit status: 1 damage found, 0 none or all repaired."""
    from imgcache.cli.caching import run_cache_check  # noqa: PLC0415  see cli.py's docstring

    console = flags.console(verbose=verbose, quiet=quiet, log_format=log_format, progress=False)
    settings = _settings(config, cache_dir)
    raise typer.Exit(run_cache_check(settings, format_, console, repair=repair))


@app.command()
def gc(  # noqa: PLR0913  typer takes each flag as a parameter
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would go, and change nothing.")
    ] = False,
    age: Annotated[
        float | None,
        typer.Option(
            "--age",
            metavar="DURATION",
            parser=flags.parse_duration,
            help="Only what was last asked for, or written, longer ago than that (12h, 7d).",
        ),
    ] = None,
    format_: flags.PlainFormatFlag = flags.PlainFormat.TEXT,
    config: flags.Config = None,
    cache_dir: flags.CacheDir = None,
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """Drop what none of the configured articles names.

    Refused when no article is found; nothing goes while an article can't be read.
    """
    from imgcache.cli.caching import run_cache_gc  # noqa: PLC0415  see cli.py's docstring

    console = flags.console(verbose=verbose, quiet=quiet, log_format=log_format, progress=False)
    settings = _settings(config, cache_dir)
    raise typer.Exit(run_cache_gc(settings, format_, console, age=age or 0.0, dry_run=dry_run))


def _settings(config: Path | None, cache_dir: Path | None) -> Callable[[], Settings]:
    """Loaded only where a wrong one is told to the user."""
    from imgcache.config import Settings  # noqa: PLC0415  see cli.py's docstring

    words = flags.as_settings(cache_dir, None, None, None)
    return lambda: Settings.load(config, words)
