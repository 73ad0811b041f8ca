"""Commands of `imgcache cache`: statistics, check, garbage collection."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from imgcache.cli import flags
from imgcache.cli.flag_groups import General, general
from imgcache.cli.help import CONTEXT, Command, Group

if TYPE_CHECKING:
    from imgcache.cli.console import Console
    from imgcache.config import Settings

T = TypeVar("T")

app = typer.Typer(
    name="cache",
    help="Look into the cache folder: stats, check, gc.",
    no_args_is_help=True,
    cls=Group,
    rich_markup_mode=None,
    context_settings=CONTEXT,
)


@app.command(cls=Command)
@general
def stats(
    *,
    format_: flags.PlainFormatFlag = flags.PlainFormat.TEXT,
    general: General,
) -> None:
    """Sizes and counts, hit rates of the last refreshes, and the hosts that fail most."""
    from imgcache.engine.cache.stats import collect_stats  # noqa: PLC0415  see app.py's docstring
    from imgcache.render.cache.stats import as_json, as_text  # noqa: PLC0415

    as_format = as_json if format_ is flags.PlainFormat.JSON else as_text
    show_result(general, collect_stats, as_format, lambda _: True)


@app.command(cls=Command)
@general
def check(
    *,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Fix it: forget damaged copies (the next refresh fetches them again), make "
            "thumbnails, index and manifest again, record which files were hashed.",
        ),
    ] = False,
    format_: flags.PlainFormatFlag = flags.PlainFormat.TEXT,
    general: General,
) -> None:
    """Hash every image and thumbnail. Exit status: 1 damage found, 0 none or all repaired."""
    from imgcache.engine.cache.check import check  # noqa: PLC0415  see app.py's docstring
    from imgcache.render.cache.check import as_json, as_text  # noqa: PLC0415

    as_format = as_json if format_ is flags.PlainFormat.JSON else as_text
    show_result(
        general,
        lambda settings, console: check(settings, console, repair=repair),
        as_format,
        lambda result: result.is_sound,
    )


@app.command(cls=Command)
@general
def gc(
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
    general: General,
) -> None:
    """Drop what none of the configured articles names.

    Refused when no article is found; nothing goes while an article can't be read.
    """
    from imgcache.engine.cache.gc import collect_garbage  # noqa: PLC0415  see app.py's docstring
    from imgcache.render.cache.gc import as_json, as_text  # noqa: PLC0415

    as_format = as_json if format_ is flags.PlainFormat.JSON else as_text
    show_result(
        general,
        lambda settings, console: collect_garbage(settings, console, age=age, dry_run=dry_run),
        as_format,
        lambda result: not result.problems,
    )


def show_result(
    general: General,
    check: Callable[[Settings, Console], Coroutine[Any, Any, T]],
    as_format: Callable[[T], Iterator[str]],
    is_well: Callable[[T], bool],
) -> NoReturn:
    """Run it, print the result, and exit: 0 where that is well, else 1."""
    from imgcache.cli.output import write  # noqa: PLC0415  see app.py's docstring
    from imgcache.cli.run import exit_status, finish, guarded  # noqa: PLC0415

    console = general.console()

    def show() -> int:
        result = finish(check(general.settings(), console))
        write(as_format(result))
        return exit_status(well=is_well(result))

    raise typer.Exit(guarded(console, show))
