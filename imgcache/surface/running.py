"""One command's run: settings loaded, signals heard, the report sent where it belongs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from imgcache.config import Settings
from imgcache.core.plan import Demand
from imgcache.engine.catalogue import Catalogue
from imgcache.engine.examining import Inquiry
from imgcache.engine.explaining import explain
from imgcache.engine.judging import Manner
from imgcache.engine.pipeline import Options, refresh
from imgcache.engine.report import Report
from imgcache.engine.verifying import verify
from imgcache.errors import ConfigError, ImgcacheError
from imgcache.model import Severity, Verdict
from imgcache.report import explanation, totals
from imgcache.surface import demo, outputs
from imgcache.surface.console import Console
from imgcache.surface.flags import Output, PlainFormat, ReportFormat

T = TypeVar("T")
_WELL, _FOUND, _UNUSABLE, _INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a report goes; without `shown` stdout stays silent."""

    shown: ReportFormat | None = ReportFormat.TEXT
    files: Sequence[Output] = ()
    with_diffs: bool = False


@dataclass(frozen=True, slots=True)
class RefreshWords:
    """The words of `imgcache refresh`, parsed; `flags` in the shape of the configuration file."""

    paths: Sequence[Path]
    demand: Demand
    max_time: float | None
    manner: Manner
    config: Path | None
    flags: dict[str, Any] = field(default_factory=dict)
    metrics_file: Path | None = None


def run_refresh(words: RefreshWords, destination: Destination, console: Console) -> int:
    """Refresh and report; returns the exit status."""

    async def work(interrupt: asyncio.Event) -> Report:
        settings = Settings.load(words.config, words.flags)
        options = Options(words.demand, words.max_time, words.manner)
        report = await refresh(words.paths, settings, options, console, interrupt)
        if words.metrics_file is not None:
            await asyncio.to_thread(outputs.write_metrics, report, words.metrics_file)
        return report

    return _guarded(console, lambda: _run(work, destination, console))


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

    return _guarded(console, lambda: _run(work, destination, console))


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
            from imgcache.engine.publishing import publish  # noqa: PLC0415
        settings = Settings.load(words.config, words.flags)
        catalogue = asyncio.run(publish(words.paths, settings, words.output, console))
        outputs.write([f"{words.output / 'index.html'}: {_weighed(catalogue)}\n"])
        if catalogue.verdicts[Verdict.LOCAL_ERROR]:
            return _UNUSABLE
        return _FOUND if any(one.is_broken for one in catalogue.articles) else _WELL

    return _guarded(console, show)


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


def run_explain(
    url: str, config: Path | None, flags: dict[str, Any], shown: PlainFormat, console: Console
) -> int:
    """Explain one URL; returns 0 where it leads to a sound image, else 1."""

    def show() -> int:
        told = asyncio.run(explain(url, Settings.load(config, flags)))
        as_format = explanation.as_json if shown is PlainFormat.JSON else explanation.as_text
        outputs.write(as_format(told))
        return _WELL if told.verdict is Verdict.OK else _FOUND

    return _guarded(console, show)


def run_serve(config: Path | None, flags: dict[str, Any], console: Console) -> int:
    """Serve until told to end; returns the exit status."""

    def work() -> int:
        settings = Settings.load(config, flags)
        with _from_extra("serve"):
            from imgcache.surface.service.server import serve  # noqa: PLC0415
        stop = asyncio.Event()
        asyncio.run(_interruptible(serve(settings, console, stop), stop))
        return _WELL

    return _guarded(console, work)


def run_demo(console: Console, config: Path | None, cache_dir: Path | None) -> int:
    """The demo; returns the exit status."""

    def show() -> int:
        colour = outputs.has_colour()
        shown = asyncio.run(demo.run(console, config, cache_dir, colour=colour))
        outputs.write([shown.text])
        return _WELL if shown.as_planned else _FOUND

    return _guarded(console, show)


def status(report: Report) -> int:
    """The exit status of a run that was not interrupted."""
    if report.local_fault or report.summary.verdicts[Verdict.LOCAL_ERROR]:
        return _UNUSABLE
    return _FOUND if report.summary.errors or report.summary.articles_failed else _WELL


def _run(
    work: Callable[[asyncio.Event], Coroutine[Any, Any, Report]],
    destination: Destination,
    console: Console,
) -> int:
    async def main() -> tuple[Report, bool]:
        interrupt = asyncio.Event()
        with console:
            report = await _interruptible(work(interrupt), interrupt)
        if interrupt.is_set():
            console.warned("interrupted: what was done by then is kept, judged and written")
        return report, interrupt.is_set()

    report, interrupted = asyncio.run(main())
    with_diffs = destination.with_diffs
    try:
        if destination.shown is not None:
            colour = outputs.has_colour()
            kind = destination.shown
            outputs.write(outputs.rendered(report, kind, with_diffs=with_diffs, colour=colour))
        asyncio.run(outputs.write_files(report, destination.files, with_diffs=with_diffs))
        outputs.write_job_summary(report)
    finally:
        report.close()
    return _INTERRUPTED if interrupted else status(report)


async def _interruptible(work: Coroutine[Any, Any, T], interrupt: asyncio.Event) -> T:
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


def _guarded(console: Console, action: Callable[[], int]) -> int:
    """Errors meant for the user become one line on stderr and an exit status."""
    try:
        return action()
    except ImgcacheError as exc:
        console.failed(str(exc))
        return _UNUSABLE
    except (asyncio.CancelledError, KeyboardInterrupt):
        console.failed("stopped at once: articles that were not reached stay as they are")
        return _INTERRUPTED
