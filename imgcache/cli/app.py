"""Commands of the command line: arguments in, an exit status out. No rules here.

The engine and its libraries are imported by the command that needs them, so that `--help` and
wrong usage answer at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imgcache.cli import cache, completion, flags
from imgcache.cli.everyday import refresh, verify
from imgcache.cli.export import export
from imgcache.cli.flag_groups import General, Network, general, network
from imgcache.cli.help import CONTEXT, EVERY_DAY, LOOK, SET_UP, STORE, Command, Group

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


app.command(cls=Command, rich_help_panel=EVERY_DAY)(refresh)
app.command(cls=Command, rich_help_panel=EVERY_DAY)(verify)


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
