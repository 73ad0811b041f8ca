"""The command line: words in, an exit status out. No rules here.

The engine and its libraries are imported by the command that needs them, so that `--help` and
wrong usage answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imgcache.cli import cache, flags

app = typer.Typer(
    name="imgcache",
    help="Checks, caches and thumbnails the images that articles declare in their front matter.",
    epilog="Exit status: 0 all well, 1 findings, 2 usage or this machine's fault, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(cache.app)


@app.callback()
def _root(*, version: flags.Version = False) -> None:
    """Exists for --version alone."""


@app.command()
def refresh(  # noqa: PLR0913  typer takes each flag as a parameter
    paths: flags.Paths = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Treat everything as stale.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask only for URLs whose last try failed.")
    ] = False,
    max_time: Annotated[
        float | None,
        typer.Option(
            "--max-time",
            metavar="DURATION",
            parser=flags.parse_duration,
            help="Start no fetch after that (90s, 10m, 2h); what is done is kept.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Fill the cache, but write no article.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show a unified diff of each changed article.")
    ] = False,
    fix_dimensions: Annotated[
        bool, typer.Option("--fix-dimensions", help="Write the true width and height.")
    ] = False,
    metrics_file: Annotated[
        Path | None,
        typer.Option(
            "--metrics-file",
            metavar="FILE",
            help="Write metrics of this run for node_exporter (Prometheus text).",
        ),
    ] = None,
    format_: flags.Format = None,
    output: flags.Outputs = None,
    strict: flags.Strict = False,
    baseline: flags.BaselineFile = None,
    no_progress: flags.NoProgress = False,
    resolve: flags.Resolve = None,
    allow_private: flags.AllowPrivate = None,
    ca_file: flags.CaFile = None,
    config: flags.Config = None,
    cache_dir: flags.CacheDir = None,
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """Download or revalidate, verify, cache, make thumbnails, set the isCached flags."""
    from imgcache.cli.run import Destination, RefreshWords, run_refresh  # noqa: PLC0415
    from imgcache.core.cache.plan import Demand  # noqa: PLC0415  see the module's docstring
    from imgcache.engine.refresh.article_writer import Manner  # noqa: PLC0415
    from imgcache.engine.run.baseline import BaselineUse  # noqa: PLC0415

    if force and retry_failed:
        raise typer.BadParameter("--force and --retry-failed exclude each other")
    demand = Demand.EVERYTHING if force else Demand.FAILED if retry_failed else Demand.DUE
    files = flags.parse_outputs(output)
    shown = flags.shown_format(format_, files)
    words = RefreshWords(
        paths or (),
        demand,
        max_time,
        Manner(write=not dry_run, fix_dimensions=fix_dimensions, strict=strict, diff=diff),
        BaselineUse(baseline) if baseline else None,
        config,
        flags.as_settings(cache_dir, resolve, allow_private, ca_file),
    )
    console = flags.console(
        verbose=verbose, quiet=quiet, log_format=log_format, progress=not no_progress
    )
    destination = Destination(shown, files, diff, metrics_file)
    raise typer.Exit(run_refresh(words, destination, console))


@app.command()
def verify(  # noqa: PLR0913  typer takes each flag as a parameter
    paths: flags.Paths = None,
    *,
    probe: Annotated[
        bool, typer.Option("--probe", help="Read just enough bytes for the size (the default).")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Download and decode everything, keep nothing.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="No request: flags against what the cache holds.")
    ] = False,
    changed_since: Annotated[
        str | None,
        typer.Option(
            "--changed-since",
            metavar="REV",
            help="Only articles that git says changed since REV, untracked ones included.",
        ),
    ] = None,
    update_baseline: Annotated[
        bool,
        typer.Option("--update-baseline", help="Write what is found to the --baseline FILE."),
    ] = False,
    format_: flags.Format = None,
    output: flags.Outputs = None,
    strict: flags.Strict = False,
    baseline: flags.BaselineFile = None,
    no_progress: flags.NoProgress = False,
    resolve: flags.Resolve = None,
    allow_private: flags.AllowPrivate = None,
    ca_file: flags.CaFile = None,
    config: flags.Config = None,
    cache_dir: flags.CacheDir = None,
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """The same verdicts as a refresh, as far as the bytes read can tell; writes nothing at all."""
    from imgcache.cli.run import Destination, VerifyWords, run_verify  # noqa: PLC0415
    from imgcache.engine.run.baseline import BaselineUse  # noqa: PLC0415  see the module's docstring
    from imgcache.engine.verify.options import Depth, Inquiry  # noqa: PLC0415

    if probe + full + offline > 1:
        raise typer.BadParameter("--probe, --full and --offline exclude each other")
    if update_baseline and baseline is None:
        raise typer.BadParameter("--update-baseline needs --baseline FILE, the file to write")
    known = BaselineUse(baseline, update_baseline) if baseline else None
    depth = Depth.OFFLINE if offline else Depth.FULL if full else Depth.PROBE
    files = flags.parse_outputs(output)
    shown = flags.shown_format(format_, files)
    words = VerifyWords(
        paths or (),
        Inquiry(depth, strict, changed_since, known),
        config,
        flags.as_settings(cache_dir, resolve, allow_private, ca_file),
    )
    console = flags.console(
        verbose=verbose, quiet=quiet, log_format=log_format, progress=not no_progress
    )
    raise typer.Exit(run_verify(words, Destination(shown, files), console))


@app.command()
def report(  # noqa: PLR0913  typer takes each flag as a parameter
    paths: flags.Paths = None,
    *,
    output: Annotated[
        Path,
        typer.Option(
            "--output", metavar="DIR", help="The folder to write; an older report is replaced."
        ),
    ] = Path("imgcache-report"),
    config: flags.Config = None,
    cache_dir: flags.CacheDir = None,
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """A folder of HTML pages with thumbnails, from what the cache knows; asks nobody."""
    from imgcache.cli.showing import ReportWords, run_report  # noqa: PLC0415  see the module's docstring

    console = flags.console(verbose=verbose, quiet=quiet, log_format=log_format, progress=False)
    words = ReportWords(paths or (), output, config, flags.as_settings(cache_dir, None, None, None))
    raise typer.Exit(run_report(words, console))


@app.command()
def explain(  # noqa: PLR0913  typer takes each flag as a parameter
    url: Annotated[str, typer.Argument(metavar="URL", help="The URL, as an article has it.")],
    *,
    format_: flags.PlainFormatFlag = flags.PlainFormat.TEXT,
    resolve: flags.Resolve = None,
    allow_private: flags.AllowPrivate = None,
    ca_file: flags.CaFile = None,
    config: flags.Config = None,
    cache_dir: flags.CacheDir = None,
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """Each step for one URL: address, redirects, headers, first bytes, decoding, verdict."""
    from imgcache.cli.run import run_explain  # noqa: PLC0415  see the module's docstring

    console = flags.console(verbose=verbose, quiet=quiet, log_format=log_format, progress=False)
    words = flags.as_settings(cache_dir, resolve, allow_private, ca_file)
    raise typer.Exit(run_explain(url, config, words, format_, console))


@app.command()
def init(
    *,
    config: flags.Config = None,  # noqa: ARG001  it is about to be made
    cache_dir: flags.CacheDir = None,  # noqa: ARG001  every command takes it
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """Write a commented imgcache.toml that fits this repository."""
    from imgcache.cli.run import run_init  # noqa: PLC0415  see the module's docstring

    raise typer.Exit(
        run_init(flags.console(verbose=verbose, quiet=quiet, log_format=log_format, progress=False))
    )


@app.command()
def serve(  # noqa: PLR0913  typer takes each flag as a parameter
    *,
    host: flags.Host = None,
    port: flags.Port = None,
    resolve: flags.Resolve = None,
    allow_private: flags.AllowPrivate = None,
    ca_file: flags.CaFile = None,
    config: flags.Config = None,
    cache_dir: flags.CacheDir = None,
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """The HTTP service: the gallery, cached images, an API, verdicts on request, metrics."""
    from imgcache.cli.showing import run_serve  # noqa: PLC0415  see the module's docstring

    console = flags.console(verbose=verbose, quiet=quiet, log_format=log_format, progress=False)
    words = flags.as_settings(cache_dir, resolve, allow_private, ca_file)
    raise typer.Exit(run_serve(config, words | flags.as_serve_settings(host, port), console))


@app.command()
def demo(
    *,
    config: flags.Config = None,
    cache_dir: flags.CacheDir = None,
    verbose: flags.Verbose = False,
    quiet: flags.Quiet = False,
    log_format: flags.LogFormatFlag = flags.LogFormat.TEXT,
    version: flags.Version = False,  # noqa: ARG001  its callback prints it
) -> None:
    """Refresh a sample article from a loopback origin, and show what came out."""
    from imgcache.cli.run import run_demo  # noqa: PLC0415  see the module's docstring

    console = flags.console(verbose=verbose, quiet=quiet, log_format=log_format, progress=False)
    raise typer.Exit(run_demo(console, config, cache_dir))
