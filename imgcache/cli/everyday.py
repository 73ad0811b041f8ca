"""Commands of every day, `refresh` and `verify`: their flags, and what they ask of the engine."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imgcache.cli import flags
from imgcache.cli.flag_groups import General, Network, Reporting, general, network, reporting

if TYPE_CHECKING:
    from asyncio import Event

    from imgcache.engine.run.beside.processes import Beside
    from imgcache.engine.run.report import Report

MaxTime = Annotated[
    float | None,
    typer.Option(
        "--max-time",
        metavar="DURATION",
        parser=flags.parse_duration,
        help="Start no fetch after that (90s, 10m, 2h); what is done is kept.",
    ),
]
MetricsFile = Annotated[
    Path | None,
    typer.Option(
        "--metrics-file",
        metavar="FILE",
        help="Write metrics of this run for node_exporter (Prometheus text).",
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="local|dask|ray|KIND://HOST:PORT",
        show_default=False,
        help="What fetches and decodes: this machine's processes (default: local), or a Dask or "
        "Ray, its own or one at an address.",
    ),
]


@general
@network
@reporting
def refresh(  # noqa: PLR0913  typer takes each flag as a parameter
    paths: flags.Paths = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Treat everything as stale.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask only for URLs whose last try failed.")
    ] = False,
    max_time: MaxTime = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Fill the cache, but write no article.")
    ] = False,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="Show a unified diff of each changed article (git apply)."),
    ] = False,
    fix_dimensions: Annotated[
        bool, typer.Option("--fix-dimensions", help="Write the true width and height.")
    ] = False,
    metrics_file: MetricsFile = None,
    engine: Engine = "local",
    reporting: Reporting,
    network: Network,
    general: General,
) -> None:
    """Download or revalidate, verify, cache, make thumbnails, set the isCached flags."""
    from imgcache.cli.run import (  # noqa: PLC0415  see app.py's docstring
        Destination,
        guarded,
        reported,
    )
    from imgcache.core.cache.plan import Scope  # noqa: PLC0415
    from imgcache.engine.refresh.options import RefreshOptions, are_sent_by_workers  # noqa: PLC0415
    from imgcache.engine.run.baseline import BaselineOptions  # noqa: PLC0415

    if force and retry_failed:
        raise typer.BadParameter("--force and --retry-failed exclude each other")
    options = RefreshOptions(
        Scope.EVERYTHING if force else Scope.FAILED if retry_failed else Scope.DUE,
        max_time,
        write=not dry_run,
        fix_dimensions=fix_dimensions,
        strict=reporting.strict,
        diff=diff,
        baseline=BaselineOptions(reporting.baseline) if reporting.baseline else None,
        selection=reporting.selection(),
        engine=engine,
    )
    files = reporting.outputs()
    shown = reporting.shown()
    console = general.console(progress=not reporting.no_progress)

    def fill() -> int:
        settings = general.settings(network)
        destination = Destination(
            *(shown, files, diff, metrics_file),
            whole=general.verbose,
            made=settings.cache.folder,
            inputs=_inputs(paths, general, reporting),
        )

        def run(interrupt: Event, others: Beside) -> Coroutine[Any, Any, Report]:
            from imgcache.engine.refresh.pipeline import refresh as run_refresh  # noqa: PLC0415

            return run_refresh(paths or (), settings, options, console, interrupt, others)

        asks = not are_sent_by_workers(engine, settings.fetch)
        return reported(run, destination, console, settings, asks=asks)

    raise typer.Exit(guarded(console, fill))


@general
@network
@reporting
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
    rehash: flags.Rehash = False,
    if_cached: flags.IfCached = False,
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
    reporting: Reporting,
    network: Network,
    general: General,
) -> None:
    """The same verdicts as a refresh, as far as the bytes read can tell; writes nothing at all."""
    from imgcache.cli.run import (  # noqa: PLC0415  see app.py's docstring
        WELL,
        Destination,
        guarded,
        reported,
    )
    from imgcache.edge.cache.storage import storage_of  # noqa: PLC0415
    from imgcache.engine.run.baseline import BaselineOptions  # noqa: PLC0415
    from imgcache.engine.verify.options import Depth, VerifyOptions  # noqa: PLC0415

    if probe + full + (offline or rehash) > 1:
        raise typer.BadParameter("--probe, --full and --offline (--rehash) exclude each other")
    if if_cached and not (offline or rehash):
        raise typer.BadParameter("--if-cached needs --offline")
    if update_baseline and reporting.baseline is None:
        raise typer.BadParameter("--update-baseline needs --baseline FILE, the file to write")
    unasked = Depth.REHASH if rehash else Depth.OFFLINE if offline else None
    options = VerifyOptions(
        unasked or (Depth.FULL if full else Depth.PROBE),
        reporting.strict,
        changed_since,
        BaselineOptions(reporting.baseline, update_baseline) if reporting.baseline else None,
        reporting.selection(),
    )
    shown, files = reporting.shown(), reporting.outputs()
    destination = Destination(
        shown, files, whole=general.verbose, inputs=_inputs(paths, general, reporting)
    )
    console = general.console(progress=not reporting.no_progress)

    def judge() -> int:
        settings = general.settings(network)
        if if_cached and not storage_of(settings.cache).is_begun:
            console.informed(f"no cache in {settings.cache.dir}: nothing to hold the flags against")
            return WELL

        def run(interrupt: Event, others: Beside) -> Coroutine[Any, Any, Report]:
            from imgcache.engine.verify.pipeline import verify as run_verify  # noqa: PLC0415

            return run_verify(paths or (), settings, options, console, interrupt, others)

        return reported(run, destination, console, settings, asks=unasked is None)

    raise typer.Exit(guarded(console, judge))


def _inputs(paths: Sequence[Path] | None, general: General, reporting: Reporting) -> Sequence[Path]:
    """The files that the flags and PATHs name to be read."""
    named = (*(paths or ()), general.config, reporting.baseline)
    return [one for one in named if one is not None]
