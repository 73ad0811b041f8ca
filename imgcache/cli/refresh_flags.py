"""The flags that only `refresh` has and that need more words, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imgcache.cli.flags import parse_duration

MaxTime = Annotated[
    float | None,
    typer.Option(
        "--max-time",
        metavar="DURATION",
        parser=parse_duration,
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
