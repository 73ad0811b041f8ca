"""HTML report (`imgcache report`): writes the pages, and one line that sums them up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from imgcache.cli.console import Console
from imgcache.cli.output import write
from imgcache.cli.run import UNUSABLE, exit_status
from imgcache.config import Settings
from imgcache.core.catalog import Catalog
from imgcache.engine.html_report import publish
from imgcache.model import Severity, Verdict
from imgcache.render.phrases import count, printable, some


def draw_report(paths: Sequence[Path], settings: Settings, output: Path, console: Console) -> int:
    """Write a folder of pages; returns the exit status."""
    catalog = asyncio.run(publish(paths, settings, output, console))
    write([f"{output / 'index.html'}: {_summary(catalog)}\n"])
    if catalog.verdicts[Verdict.LOCAL_ERROR]:
        return UNUSABLE
    return exit_status(well=not any(one.is_broken for one in catalog.articles))


def _summary(catalog: Catalog) -> str:
    errors = count(catalog.severities[Severity.ERROR], "error")
    warnings = count(catalog.severities[Severity.WARNING], "warning")
    entries = count(len(catalog.entries), "image entry", "image entries")
    articles = count(len(catalog.articles), "article")
    told = f"{errors}, {warnings}; {entries} in {articles}"
    unread = [one.article for one in catalog.articles if one.problems]
    if unread:
        told += f"; {count(len(unread), 'article')} could not be read: {some(unread)}"
    return printable(told)
