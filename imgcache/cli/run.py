"""One command's run: settings loaded, signals heard, the report sent where it belongs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from imgcache.cli import output as outputs
from imgcache.cli.console import Console
from imgcache.cli.flags import FOR_LOGS, Output, PlainFormat, ReportFormat
from imgcache.config import Settings
from imgcache.core.cache.plan import Demand
from imgcache.engine.refresh.article_writer import Manner
from imgcache.engine.refresh.pipeline import Options, refresh
from imgcache.engine.run.baseline import BaselineUse
from imgcache.engine.run.report import Report
from imgcache.engine.verify.options import Inquiry
from imgcache.engine.verify.pipeline import verify
from imgcache.errors import ImgcacheError
from imgcache.model import Verdict

T = TypeVar("T")
WELL, FOUND, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a report goes; without `shown` stdout stays silent."""

    shown: ReportFormat | None = ReportFormat.TEXT
    files: Sequence[Output] = ()
    with_diffs: bool = False
    metrics_file: Path | None = None


@dataclass(frozen=True, slots=True)
class RefreshWords:
    """The words of `imgcache refresh`, parsed; `flags` in the shape of the configuration file."""

    paths: Sequence[Path]
    demand: Demand
    max_time: float | None
    manner: Manner
    baseline: BaselineUse | None
    config: Path | None
    flags: dict[str, Any] = field(default_factory=dict)


def run_refresh(words: RefreshWords, destination: Destination, console: Console) -> int:
    """Refresh and report; returns the exit status."""

    async def work(interrupt: asyncio.Event) -> Report:
        settings = Settings.load(words.config, words.flags)
        options = Options(words.demand, words.max_time, words.manner, words.baseline)
        return await refresh(words.paths, settings, options, console, interrupt)

    return guarded(console, lambda: _run(work, destination, console))


@dataclass(frozen=True, slots=True)
class VerifyWords:
    """The words of `imgcache verify`, parsed; `flags` in the shape of the configuration file."""

    paths: Sequence[Path]
    inquiry: Inquiry
    config: Path | None
    flags: dict[str, Any] = field(default_factory=dict)


def run_verify(words: VerifyWords, destination: Destination, console: Console) -> int:
    """Verify and report; returns the exit status."""

    async def work(interrupt: asyncio.Event) -> Report:
        settings = Settings.load(words.config, words.flags)
        return await verify(words.paths, settings, words.inquiry, console, interrupt)

    return guarded(console, lambda: _run(work, destination, console))


def run_explain(
    url: str, config: Path | None, flags: dict[str, Any], shown: PlainFormat, console: Console
) -> int:
    """Explain one URL; returns 0 where it leads to a sound image, else 1."""
    from imgcache.engine.explain import explain  # noqa: PLC0415  start-up of the others
    from imgcache.render import explain as explanation  # noqa: PLC0415

    def show() -> int:
        told = asyncio.run(explain(url, Settings.load(config, flags)))
        as_format = explanation.as_json if shown is PlainFormat.JSON else explanation.as_text
        outputs.write(as_format(told))
        return WELL if told.verdict is Verdict.OK else FOUND

    return guarded(console, show)


def run_init(console: Console) -> int:
    """Write a configuration for the working folder; returns the exit status."""
    from imgcache.cli import init as starting  # noqa: PLC0415  start-up of the others

    def write() -> int:
        outputs.write([starting.run(Path.cwd())])
        return WELL

    return guarded(console, write)


def run_demo(console: Console, config: Path | None, cache_dir: Path | None) -> int:
    """The demo; returns the exit status."""
    from imgcache.cli import demo  # noqa: PLC0415  it draws, and Pillow costs start-up

    def show() -> int:
        colour = outputs.has_colour()
        shown = asyncio.run(demo.run(console, config, cache_dir, colour=colour))
        outputs.write([shown.text])
        return WELL if shown.as_planned else FOUND

    return guarded(console, show)


def status(report: Report) -> int:
    """The exit status of a run that was not interrupted."""
    if report.local_fault or report.summary.verdicts[Verdict.LOCAL_ERROR]:
        return UNUSABLE
    return FOUND if report.summary.errors or report.summary.articles_failed else WELL


def _run(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, Report]],
    destination: Destination,
    console: Console,
) -> int:
    async def main() -> tuple[Report, bool]:
        interrupt = asyncio.Event()
        with console:
            report = await interruptible(work(interrupt), interrupt)
        if interrupt.is_set():
            console.warned("interrupted: what was done by then is kept, judged and written")
        return report, interrupt.is_set()

    outputs.check_files(destination.files, destination.metrics_file)
    report, interrupted = asyncio.run(main())
    _send(report, destination)
    return INTERRUPTED if interrupted else status(report)


def _send(report: Report, destination: Destination) -> None:
    """The report to all its places: one that can't be written costs none of the others."""
    with_diffs, kind = destination.with_diffs, destination.shown
    with ExitStack() as later:
        later.callback(report.close)
        if destination.metrics_file is not None:
            later.callback(outputs.write_metrics, report, destination.metrics_file)
        later.callback(outputs.write_job_summary, report)
        if kind is not None:
            colour = outputs.has_colour()
            pieces = outputs.rendered(report, kind, with_diffs=with_diffs, colour=colour)
            outputs.write(outputs.unsteered(pieces) if kind in FOR_LOGS else pieces)
        asyncio.run(outputs.write_files(report, destination.files, with_diffs=with_diffs))


async def interruptible(work: Coroutine[Any, Any, T], interrupt: asyncio.Event) -> T:
    """Hear Ctrl-C (and SIGTERM): the first sets `interrupt`, the second cancels the work."""
    task = asyncio.ensure_future(work)

    def heard() -> None:
        if interrupt.is_set():
            task.cancel()
        interrupt.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, heard)
    return await task


def guarded(console: Console, action: Callable[[], int]) -> int:
    """Errors meant for the user become one line on stderr and an exit status."""
    try:
        return action()
    except ImgcacheError as exc:
        console.failed(str(exc))
        return UNUSABLE
    except (asyncio.CancelledError, KeyboardInterrupt):
        console.failed("stopped at once: articles that were not reached stay as they are")
        return INTERRUPTED
