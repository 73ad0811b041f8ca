"""Output of a report: stdout, and the files of --output. Closed pipes end cleanly.

Renderers are imported where they are asked for: a run needs one or two of the seven.
"""

from __future__ import annotations

import asyncio
import codecs
import io
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, assert_never

from msgspec import Struct

from imgcache.cli.flags import Output, ReportFormat
from imgcache.config import Settings
from imgcache.config_sources import FILE_NAME, PYPROJECT
from imgcache.core.cache import layout
from imgcache.edge import atomic_file
from imgcache.edge.articles.names import Pattern
from imgcache.edge.atomic_file import ANOTHER, hindrance
from imgcache.engine.run.report import Report
from imgcache.errors import ConfigError, LocalError
from imgcache.render.blocks.ink import PLAIN, Ink

_PIECES = 512
# What files of articles begin with, and files of settings and of data end with. A report in JSON
# begins as an article in JSON does.
_FENCES = frozenset({b"---", b"+++"})
_OBJECT = b"{"
_NOT_JSON = frozenset({".md", ".mdx", ".markdown", ".html", ".htm"})
_BY_ITS_LINE = "an article, by its first line"
_NO_REPORTS = frozenset({".yml", ".yaml", ".toml"})


class Inputs(Struct, frozen=True):
    """What a run reads, and no file of its report may replace; `named` on the command line."""

    settings: Settings
    named: Sequence[Path] = ()

    def taken_for(self, path: Path) -> str | None:
        """What a file of this real path is to the run; None where it is nothing."""
        settings = self.settings
        if path in map(_real, self.named):
            return "is read by this run"
        if path.name in (FILE_NAME, PYPROJECT):
            return "has settings"
        if settings.manifest.path is not None and path == _real(settings.manifest.path):
            return "is the copy of the manifest"
        home = _real(settings.cache.folder)
        if path.is_relative_to(home) and layout.is_own(path.relative_to(home).as_posix()):
            return "is the cache's own"
        if any(_stands_for(Path(one), path) for one in settings.articles):
            return "is an article by `articles`"
        return None


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _stands_for(listed: Path, path: Path) -> bool:
    pattern = Pattern.of(listed)
    if pattern is None:
        return _real(listed) == path
    folder = _real(pattern.folder)
    inside = path.is_relative_to(folder) and path.suffix == listed.suffix
    return inside and pattern.fits(path.relative_to(folder).as_posix())


def rendered(
    report: Report,
    kind: ReportFormat,
    *,
    with_diffs: bool,
    whole: bool = True,
    ink: Ink = PLAIN,
    terminal: bool = False,
) -> Iterator[str]:
    """The report in one format, in pieces; for a `terminal` nothing in it steers that.

    `whole`: with nothing left out that the format leaves out for people.
    """
    if kind is ReportFormat.TEXT:
        from imgcache.render import text  # noqa: PLC0415  see the module's docstring

        return text.render(report, ink=ink, whole=whole, with_diffs=with_diffs, terminal=terminal)
    if kind is ReportFormat.JSON:
        from imgcache.render import json  # noqa: PLC0415

        return json.render(report, with_diffs=with_diffs)
    return _renderer(kind)(report)


def _renderer(
    kind: Literal[
        ReportFormat.CONCISE,
        ReportFormat.JUNIT,
        ReportFormat.SARIF,
        ReportFormat.GITHUB,
        ReportFormat.MARKDOWN,
    ],
) -> Callable[[Report], Iterator[str]]:
    """What makes a report in a format that has no options."""
    match kind:
        case ReportFormat.CONCISE:
            from imgcache.render import concise  # noqa: PLC0415  see the module's docstring

            return concise.render
        case ReportFormat.JUNIT:
            from imgcache.render import junit  # noqa: PLC0415

            return junit.render
        case ReportFormat.SARIF:
            from imgcache.render import sarif  # noqa: PLC0415

            return sarif.render
        case ReportFormat.GITHUB:
            from imgcache.render import github  # noqa: PLC0415

            return github.render
        case ReportFormat.MARKDOWN:
            from imgcache.render import markdown  # noqa: PLC0415

            return markdown.render
        case _:
            assert_never(kind)


def check_files(
    outputs: Sequence[Output],
    metrics_file: Path | None = None,
    made: Path | None = None,
    inputs: Inputs | None = None,
) -> None:
    """Before the run, which may take hours: no file twice, no input, none that can't be written.

    Nothing is made or emptied: a run that ends early leaves older files as they are. `made`: a
    folder that the run makes. Raises ConfigError.
    """
    named = [(f"--output {one.path}", one.path, False) for one in outputs]
    if metrics_file is not None:
        named.append((f"--metrics-file {metrics_file}", metrics_file, True))
    seen: set[Path] = set()
    for flag, named_path, replaced in named:
        reason = _hindrance(named_path, replaced=replaced)
        if reason is not None and not _is_made(named_path, made):
            raise ConfigError(f"{flag}: {reason}")
        path = _real(named_path)
        if path in seen and not _is_device(path):
            raise ConfigError(f"{flag}: is named twice; give each format its own")
        seen.add(path)
        taken = None if inputs is None or _is_device(path) else inputs.taken_for(path)
        if taken is not None:
            raise ConfigError(f"{flag}: {taken}; name another file")
        if (likely := _likely(path)) is not None:
            raise ConfigError(f"{flag}: is {likely}; not done")


def _is_made(path: Path, folder: Path | None) -> bool:
    """Whether the file's folder is this one, which is not there yet."""
    if folder is None or os.path.lexists(folder):
        return False
    return _real(path).parent == _real(folder)


def _hindrance(path: Path, *, replaced: bool) -> str | None:
    """Why the file can't be written, with the remedy; None where nothing is seen in its way.

    `replaced`: a new file takes its place, which is a matter of the folder alone.
    """
    try:
        # Of the path as it is named: what /dev/stdout leads to has no other name.
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return hindrance(_real(path).parent)
    except OSError as exc:
        return f"can't be written: {exc.strerror}; name another file"
    if stat.S_ISDIR(mode):
        return "is a folder; name a file"
    if replaced and stat.S_ISREG(mode):
        return hindrance(_real(path).parent)
    return None if os.access(path, os.W_OK) else f"can't be written; {ANOTHER}"


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _likely(path: Path) -> str | None:
    """What a file is whose beginning or name no report has; None where it may be a report."""
    if _is_device(path):  # opening a pipe would wait for its other end
        return None
    try:
        with path.open("rb") as file:
            begins = file.read(6).removeprefix(codecs.BOM_UTF8)[:3]
    except OSError:  # there is none, or writing it will report that
        return None
    if begins.startswith(_OBJECT):
        return _BY_ITS_LINE if path.suffix in _NOT_JSON else None
    if begins and path.suffix in _NO_REPORTS:
        return "no earlier report, by its name"
    return _BY_ITS_LINE if begins in _FENCES else None


def write_files(report: Report, outputs: Sequence[Output], *, with_diffs: bool) -> None:
    """Write each --output file, those after one that can't be written, too. Raises ConfigError."""
    troubles = []
    for output in outputs:
        lines = _gathered(rendered(report, output.format, with_diffs=with_diffs))
        try:
            if _is_device(output.path):
                # A pipe may be waited for without end. Here Ctrl-C is heard, in a thread it is not.
                with output.path.open("w", encoding="utf-8") as file:
                    file.writelines(lines)
            else:
                asyncio.run(_write_file(output.path, lines))
        except OSError as exc:
            troubles.append(f"--output {output.path}: can't be written: {exc.strerror}")
    if troubles:
        raise ConfigError("; ".join(troubles))


async def _write_file(path: Path, pieces: Iterable[str]) -> None:
    import aiofiles  # noqa: PLC0415  most runs write none

    async with aiofiles.open(path, "w", encoding="utf-8") as file:
        for piece in pieces:
            await file.write(piece)


def write_metrics(report: Report, path: Path) -> None:
    """Write --metrics-file: whole or not at all, as it may be read at any moment.

    Raises ConfigError where it can't be written.
    """
    from imgcache.render import metrics  # noqa: PLC0415  see the module's docstring

    try:
        before = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        success = not (report.interrupted or report.local_fault)
        text = metrics.of_refresh(
            report, report.cache_bytes, report.shards, success=success, before=before
        )
        atomic_file.replace(path, text.encode())
    except OSError as exc:
        raise ConfigError(f"--metrics-file {path}: can't be written: {exc.strerror}") from exc


def write_job_summary(report: Report) -> None:
    """Append to GitHub's job summary, where a step has one."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    from imgcache.render import github  # noqa: PLC0415  see the module's docstring

    try:
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(github.summary(report))
    except OSError as exc:
        raise ConfigError(f"GITHUB_STEP_SUMMARY {name}: can't be written: {exc.strerror}") from exc


def write(pieces: Iterable[str]) -> None:
    """Print to stdout; a reader that goes away early (`| head`) is no error.

    A character that the terminal's encoding lacks is escaped.
    """
    if sys.stdout is None:  # closed by the parent process: no report is wanted
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        for lines in _gathered(pieces):
            sys.stdout.write(lines)
        sys.stdout.flush()
    except OSError as exc:
        # The interpreter flushes stdout once more when it ends; let that go to /dev/null.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(exc, BrokenPipeError):
            raise LocalError(f"stdout can't be written: {exc.strerror}") from exc


def _gathered(pieces: Iterable[str]) -> Iterator[str]:
    """Fewer and larger writes."""
    held: list[str] = []
    for piece in pieces:
        held.append(piece)
        if len(held) >= _PIECES:
            yield "".join(held)
            held.clear()
    yield "".join(held)
