"""Export (`imgcache export`): the cached images of the articles as a folder to be served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imgcache.cli import flags
from imgcache.cli.cache import show_result
from imgcache.cli.flag_groups import General, general


@general
def export(
    output: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            help="The folder to make, or one that an earlier export has made; it is replaced as a "
            "whole.",
            show_default=False,
        ),
    ],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would change, and write nothing.")
    ] = False,
    format_: flags.PlainFormatFlag = flags.PlainFormat.TEXT,
    general: General,
) -> None:
    """The cached images of the configured articles as a folder to be served; asks nobody.

    Images, thumbnails and the manifest of what the articles name, and nothing else: hard links
    where they can be made, copies elsewhere.
    """
    from imgcache.engine.export import export as run  # noqa: PLC0415  see app.py's docstring
    from imgcache.render.export import as_json, as_text  # noqa: PLC0415

    show_result(
        general,
        lambda settings, console: run(settings, output, console, dry_run=dry_run),
        as_json if format_ is flags.PlainFormat.JSON else as_text,
        lambda result: not result.problems,
    )
