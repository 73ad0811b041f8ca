"""The pages for editors: written as a folder, or served over HTTP. Both need the extra `serve`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imgcache.cli import output as outputs
from imgcache.cli.console import Console
from imgcache.cli.run import FOUND, UNUSABLE, WELL, guarded, interruptible
from imgcache.config import Settings
from imgcache.core.catalog import Catalogue
from imgcache.errors import ConfigError
from imgcache.model import Severity, Verdict
from imgcache.render import phrases as totals


@dataclass(frozen=True, slots=True)
class ReportWords:
    """The words of `imgcache report`, parsed; `flags` in the shape of the configuration file."""

    paths: Sequence[Path]
    output: Path
    config: Path | None
    flags: dict[str, Any] = field(default_factory=dict)


def run_report(words: ReportWords, console: Console) -> int:
    """Write a folder of pages; returns the exit status."""

    def show() -> int:
        with _from_extra("report"):
            from imgcache.engine.html_report import publish  # noqa: PLC0415
        settings = Settings.load(words.config, words.flags)
        catalogue = asyncio.run(publish(words.paths, settings, words.output, console))
        outputs.write([f"{words.output / 'index.html'}: {_weighed(catalogue)}\n"])
        if catalogue.verdicts[Verdict.LOCAL_ERROR]:
            return UNUSABLE
        return FOUND if any(one.is_broken for one in catalogue.articles) else WELL

    return guarded(console, show)


def _weighed(catalogue: Catalogue) -> str:
    errors = totals.count(catalogue.severities[Severity.ERROR], "error")
    warnings = totals.count(catalogue.severities[Severity.WARNING], "warning")
    entries = totals.count(len(catalogue.entries), "image entry", "image entries")
    articles = totals.count(len(catalogue.articles), "article")
    return f"{errors}, {warnings}; {entries} in {articles}"


@contextmanager
def _from_extra(command: str) -> Iterator[None]:
    """Imports of what the extra `serve` brings. Raises ConfigError with the remedy."""
    try:
        yield
    except ModuleNotFoundError as exc:
        raise ConfigError(
            f"imgcache {command} needs {exc.name}: pip install 'imgcache[serve]'"
        ) from exc


def run_serve(config: Path | None, flags: dict[str, Any], console: Console) -> int:
    """Serve until told to end; returns the exit status."""

    def work() -> int:
        settings = Settings.load(config, flags)
        with _from_extra("serve"):
            from imgcache.service.server import serve  # noqa: PLC0415
        stop = asyncio.Event()
        asyncio.run(interruptible(serve(settings, console, stop), stop))
        return WELL

    return guarded(console, work)
