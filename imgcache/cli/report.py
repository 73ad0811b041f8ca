"""HTML report (`imgcache report`): writes the pages, and one line that sums them up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imgcache.cli.console import Console
from imgcache.cli.output import write
from imgcache.cli.run import UNUSABLE, exit_status, finish
from imgcache.config import Settings
from imgcache.core.verdicts.selection import Selection
from imgcache.engine.html_report import publish
from imgcache.model import Severity, Verdict
from imgcache.render.phrases import count, printable, some
from imgcache.results import Overview


def draw_report(
    paths: Sequence[Path],
    settings: Settings,
    output: Path,
    console: Console,
    selection: Selection,
    *,
    single: bool,
) -> int:
    """Write a folder of pages, or a single one; returns the exit status."""
    done = finish(publish(paths, settings, output, console, selection, single=single))
    page = output if single else output / "index.html"
    write([f"{page}: {_summary(done.overview, done.failed)}\n"])
    if done.overview.verdicts[Verdict.LOCAL_ERROR]:
        return UNUSABLE
    return exit_status(well=not done.overview.broken_articles)


def _summary(overview: Overview, failed: Sequence[str]) -> str:
    errors = count(overview.severities[Severity.ERROR], "error")
    warnings = count(overview.severities[Severity.WARNING], "warning")
    entries = count(overview.entries, "image entry", "image entries")
    told = f"{errors}, {warnings}; {entries} in {count(overview.articles, 'article')}"
    if failed:
        told += f"; {count(len(failed), 'article')} could not be read: {some(failed)}"
    return printable(told)
