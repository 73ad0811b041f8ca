"""Frame of one command's run: signals, errors, exit status, and where the report goes."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct

from imgcache.cli import output
from imgcache.cli.console import Console
from imgcache.cli.flags import FOR_LOGS, Output, ReportFormat
from imgcache.cli.terminal import ink, is_terminal, unsteered
from imgcache.config import Settings
from imgcache.engine.run.beside.processes import Beside, beside
from imgcache.engine.run.report import Report
from imgcache.errors import ConfigError, ImgcacheError
from imgcache.model import Verdict

T = TypeVar("T")
WELL, FOUND, UNUSABLE, INTERRUPTED = 0, 1, 2, 130


class Destination(Struct, frozen=True):
    """Where a report goes; without `shown` nothing goes to stdout.

    `whole`: what goes there is as long as it is. Files are in any case. `made`: a folder that the
    run makes if it is not there. `inputs`: files that the command line names to be read.
    """

    shown: ReportFormat | None = ReportFormat.TEXT
    files: Sequence[Output] = ()
    with_diffs: bool = False
    metrics_file: Path | None = None
    whole: bool = False
    made: Path | None = None
    inputs: Sequence[Path] = ()


def status(report: Report) -> int:
    """The exit status of a run that was not interrupted."""
    if report.local_fault or report.summary.verdicts[Verdict.LOCAL_ERROR]:
        return UNUSABLE
    # A check that checks nothing is worse than none.
    blind = report.strict and report.is_blind
    return FOUND if report.summary.errors or report.summary.articles_failed or blind else WELL


def reported(
    work: Callable[[asyncio.Event, Beside], Coroutine[Any, Any, Report]],
    destination: Destination,
    console: Console,
    settings: Settings,
    *,
    asks: bool,
) -> int:
    """Run a refresh or verify, and send its report; returns the exit status.

    `asks`: it sends requests itself, if there are any.
    """

    async def main(others: Beside) -> tuple[Report, bool]:
        interrupt = asyncio.Event()
        with console:
            report = await interruptible(work(interrupt, others), interrupt)
        if interrupt.is_set():
            console.warned(f"interrupted: {_left(report)}")
        return report, interrupt.is_set()

    def run() -> int:
        inputs = output.Inputs(settings, destination.inputs)
        output.check_files(destination.files, destination.metrics_file, destination.made, inputs)
        # What was imported stays: to look through it for garbage takes longer than 100 requests.
        gc.freeze()
        with beside(settings, console.warned, asks=asks) as others:
            report, interrupted = asyncio.run(main(others))
        _send(report, destination)
        return INTERRUPTED if interrupted else status(report)

    return guarded(console, run)


def _left(report: Report) -> str:
    """What an interrupted run leaves."""
    if report.command == "verify":
        return "what was looked at by then is judged and reported"
    if report.dry_run:
        return "what was done by then is kept and judged; no article is written"
    return "what was done by then is kept, judged and written"


def _send(report: Report, destination: Destination) -> None:
    """Send the report to all its places: one that can't be written does not stop the others."""
    with_diffs, kind = destination.with_diffs, destination.shown
    with ExitStack() as later:
        # As Ctrl-C, which the loop has handled until now.
        later.enter_context(_raised(signal.SIGTERM))
        later.callback(report.close)
        if destination.metrics_file is not None:
            later.callback(output.write_metrics, report, destination.metrics_file)
        later.callback(output.write_job_summary, report)
        if kind is not None:
            pieces = output.rendered(
                report,
                kind,
                with_diffs=with_diffs,
                whole=destination.whole,
                ink=ink(),
                terminal=is_terminal(),
            )
            output.write(unsteered(pieces) if kind in FOR_LOGS else pieces)
        if destination.files:
            output.write_files(report, destination.files, with_diffs=with_diffs)


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run something whose result is none in part: Ctrl-C and SIGTERM cancel it.

    Commands call this, so that `--help` imports no event loop.
    """

    async def main() -> T:
        at_once = asyncio.Event()
        at_once.set()
        return await interruptible(work, at_once)

    return asyncio.run(main())


def until_told(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run something that ends when its event is set: by Ctrl-C or SIGTERM."""

    async def main() -> None:
        stop = asyncio.Event()
        await interruptible(work(stop), stop)

    asyncio.run(main())


async def interruptible(work: Coroutine[Any, Any, T], interrupt: asyncio.Event) -> T:
    """Handle Ctrl-C (and SIGTERM): the first sets `interrupt`, the second cancels the work."""
    task = asyncio.ensure_future(work)

    def heard() -> None:
        if interrupt.is_set():
            task.cancel()
        interrupt.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, heard)
    return await task


@contextmanager
def from_extra(command: str) -> Iterator[None]:
    """Imports of what the extra `serve` brings. Raises ConfigError with the remedy."""
    try:
        yield
    except ModuleNotFoundError as exc:
        raise ConfigError(
            f"imgcache {command} needs {exc.name}: pip install 'imgcache[serve]'"
        ) from exc


def guarded(console: Console, action: Callable[[], int]) -> int:
    """Errors meant for the user become one line on stderr and an exit status.

    Ctrl-C and SIGTERM are exceptions from now on; before, they end the process (__main__.py).
    """
    try:
        with _raised(signal.SIGINT), _raised(signal.SIGTERM):
            return action()
    except ImgcacheError as exc:
        console.failed(str(exc))
        return UNUSABLE
    except (asyncio.CancelledError, KeyboardInterrupt):
        console.failed("stopped at once: what was not reached stays as it is")
        return INTERRUPTED


@contextmanager
def _raised(number: signal.Signals) -> Iterator[None]:
    """This signal is a KeyboardInterrupt, unless it is ignored."""
    before = signal.getsignal(number)
    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def exit_status(*, well: bool) -> int:
    """0 where all is well, else 1."""
    return WELL if well else FOUND
