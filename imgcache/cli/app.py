"""Commands of the command line: arguments in, an exit status out. No rules here.

The engine and its libraries are imported by the command that needs them, so that `--help` and
wrong usage answer at once.
"""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imgcache.cli import cache, completion, flags, refresh_flags
from imgcache.cli.export import export
from imgcache.cli.flag_groups import General, Network, Reporting, general, network, reporting
from imgcache.cli.help import CONTEXT, EVERY_DAY, LOOK, SET_UP, STORE, Command, Group

if TYPE_CHECKING:
    from asyncio import Event

    from imgcache.engine.run.beside.processes import Beside
    from imgcache.engine.run.report import Report

app = typer.Typer(
    name="imgcache",
    help="Checks, caches and thumbnails the images that articles declare in their front matter.",
    epilog="Exit status: 0 all well, 1 findings, 2 usage or this machine's fault, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    cls=Group,
    rich_markup_mode=None,
    context_settings=CONTEXT,
)

app.add_typer(cache.app, rich_help_panel=STORE)


@app.callback()
def _root(
    *,
    install_completion: completion.Install = None,
    show_completion: completion.Show = None,
    version: flags.Version = False,
) -> None:
    """Exists for its flags alone."""


@app.command(cls=Command, rich_help_panel=EVERY_DAY)
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
    max_time: refresh_flags.MaxTime = None,
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
    metrics_file: refresh_flags.MetricsFile = None,
    engine: refresh_flags.Engine = "local",
    reporting: Reporting,
    network: Network,
    general: General,
) -> None:
    """Download or revalidate, verify, cache, make thumbnails, set the isCached flags."""
    from imgcache.cli.run import (  # noqa: PLC0415  see the module's docstring
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
        )

        def run(interrupt: Event, others: Beside) -> Coroutine[Any, Any, Report]:
            from imgcache.engine.refresh.pipeline import refresh as run_refresh  # noqa: PLC0415

            return run_refresh(paths or (), settings, options, console, interrupt, others)

        asks = not are_sent_by_workers(engine, settings.fetch)
        return reported(run, destination, console, settings, asks=asks)

    raise typer.Exit(guarded(console, fill))


@app.command(cls=Command, rich_help_panel=EVERY_DAY)
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
    from imgcache.cli.run import (  # noqa: PLC0415  see the module's docstring
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
    destination = Destination(shown, files, whole=general.verbose)
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


@app.command(cls=Command, rich_help_panel=LOOK)
@general
def report(
    paths: flags.Paths = None,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="DIR",
            help="The folder (or file) to write; an older report is replaced.",
        ),
    ] = None,
    single_file: Annotated[
        bool, typer.Option("--single-file", help="One file with all in it: the 1,000 worst images.")
    ] = False,
    select: flags.Select = None,
    ignore: flags.Ignore = None,
    general: General,
) -> None:
    """A folder of HTML pages with thumbnails, from what the cache knows; asks nobody."""
    from imgcache.cli.flag_groups import selected  # noqa: PLC0415  see the module's docstring
    from imgcache.cli.run import guarded  # noqa: PLC0415

    console, selection = general.console(), selected(select, ignore)

    def draw() -> int:
        from imgcache.cli.report import draw_report  # noqa: PLC0415

        target = output or Path(f"imgcache-report{'.html' if single_file else ''}")
        settings = general.settings()
        return draw_report(paths or (), settings, target, console, selection, single=single_file)

    raise typer.Exit(guarded(console, draw))


app.command(cls=Command, rich_help_panel=STORE)(export)


@app.command(cls=Command, rich_help_panel=LOOK)
@general
@network
def explain(
    what: completion.What,
    *,
    format_: flags.PlainFormatFlag = flags.PlainFormat.TEXT,
    network: Network,
    general: General,
) -> None:
    """Each step for one URL and what the cache knows of it; or what a code means and what to do."""
    from imgcache.cli.explain import explained  # noqa: PLC0415  see the module's docstring

    raise typer.Exit(explained(what, general, network, format_))


@app.command(cls=Command, rich_help_panel=SET_UP)
@general
def init(
    *,
    general: General,
) -> None:
    """Write a commented imgcache.toml that fits this repository."""
    from imgcache.cli.init import make  # noqa: PLC0415  see the module's docstring
    from imgcache.cli.run import guarded  # noqa: PLC0415

    if general.config is not None or general.cache_dir is not None:
        raise typer.BadParameter("init looks at this folder alone: leave out --config, --cache-dir")
    raise typer.Exit(guarded(general.console(), make))


@app.command(cls=Command, rich_help_panel=LOOK)
@general
@network
def serve(
    *,
    host: flags.Host = None,
    port: flags.Port = None,
    network: Network,
    general: General,
) -> None:
    """The HTTP service: the gallery, cached images, an API, verdicts on request, metrics."""
    from imgcache.cli.run import (  # noqa: PLC0415  see the module's docstring
        exit_status,
        from_extra,
        guarded,
        until_told,
    )

    console = general.console()

    def run() -> int:
        address = {key: one for key, one in (("host", host), ("port", port)) if one is not None}
        settings = general.settings(network, serve=address)
        with from_extra("serve"):
            from imgcache.service.server import serve  # noqa: PLC0415
        until_told(lambda stop: serve(settings, console, stop))
        return exit_status(well=True)

    raise typer.Exit(guarded(console, run))


@app.command(cls=Command, rich_help_panel=SET_UP)
@general
def demo(
    *,
    general: General,
) -> None:
    """Refresh a sample article from a loopback origin, and show what came out."""
    from imgcache.cli.demo import run  # noqa: PLC0415  see the module's docstring
    from imgcache.cli.output import write  # noqa: PLC0415
    from imgcache.cli.run import exit_status, finish, guarded  # noqa: PLC0415
    from imgcache.cli.terminal import has_colour  # noqa: PLC0415

    console = general.console()

    def show() -> int:
        shown = finish(run(console, general.config, general.cache_dir, colour=has_colour()))
        write([shown.text])
        return exit_status(well=shown.as_planned)

    raise typer.Exit(guarded(console, show))
