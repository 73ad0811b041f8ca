"""Files of --output and --metrics-file: what is refused before a run, and pipes nobody reads."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from imgcache.cli import output
from imgcache.cli.flags import Output, ReportFormat
from imgcache.config import Settings
from imgcache.engine.run.report import Report
from imgcache.errors import ConfigError
from tests.support.world import run


@pytest.fixture
def a_signal() -> Iterator[None]:
    """It comes by itself, as Ctrl-C does, and is heard as that."""

    def heard(_: int, __: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, heard)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("a_signal")
def test_the_wait_for_a_reader_of_a_pipe_can_be_interrupted(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(KeyboardInterrupt):
        output.write_files(Report("verify"), [Output(ReportFormat.JSON, pipe)], with_diffs=False)


@pytest.mark.parametrize("begin", [b"---\n", b"+++\n", b"\xef\xbb\xbf---\n"])
def test_an_article_is_no_target(tmp_path: Path, begin: bytes) -> None:
    article = tmp_path / "a.md"
    article.write_bytes(begin)
    with pytest.raises(ConfigError, match="is an article"):
        output.check_files([Output(ReportFormat.JSON, article)])


@pytest.mark.parametrize(
    ("name", "begin", "told"),
    [
        ("a.md", "{", "is an article, by its first line"),
        ("a.html", "{", "is an article, by its first line"),
        ("a.yaml", "images:", "is no earlier report, by its name"),
        ("a.toml", "x = 1", "is no earlier report, by its name"),
    ],
)
def test_nor_is_what_no_report_looks_like(tmp_path: Path, name: str, begin: str, told: str) -> None:
    (tmp_path / name).write_text(begin)
    with pytest.raises(ConfigError, match=told):
        output.check_files([Output(ReportFormat.JSON, tmp_path / name)])


@pytest.mark.parametrize("name", ["r.json", "r.yaml"])
def test_an_earlier_report_in_json_is_one(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"version": 1}')
    output.check_files([Output(ReportFormat.JSON, tmp_path / name)])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("baseline.json", "is read by this run"),
        ("link.json", "is read by this run"),
        ("imgcache.toml", "has settings"),
        ("pyproject.toml", "has settings"),
        ("cache/index.sqlite3", "is the cache's own"),
        ("cache/index.sqlite3-wal", "is the cache's own"),
        ("cache/manifest.json", "is the cache's own"),
        ("cache/images/r.json", "is the cache's own"),
        ("data/manifest.json", "is the copy of the manifest"),
        ("gallery.json", "is an article by `articles`"),
        ("data/2026/a.json", "is an article by `articles`"),
        ("cache/report.json", None),
        ("data/a.txt", None),
        ("report.json", None),
    ],
)
def test_what_a_run_reads_is_no_target(tmp_path: Path, name: str, told: str | None) -> None:
    for folder in ("cache/images", "data/2026"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link.json").symlink_to(tmp_path / "baseline.json")
    settings = Settings.model_validate(
        {
            "articles": [str(tmp_path / "gallery.json"), str(tmp_path / "data/**/*.json")],
            "cache": {"dir": tmp_path / "cache"},
            "manifest": {"path": tmp_path / "data/manifest.json"},
        }
    )
    inputs = output.Inputs(settings, [tmp_path / "baseline.json"])
    for outputs, metrics in (
        ([Output(ReportFormat.JSON, tmp_path / name)], None),
        ([], tmp_path / name),
    ):
        if told is None:
            output.check_files(outputs, metrics, None, inputs)
            continue
        with pytest.raises(ConfigError, match=re.escape(f"{told}; name another file")):
            output.check_files(outputs, metrics, None, inputs)


def _refusals(path: Path) -> set[str]:
    """What both flags say of a file, without the flag."""
    told = set()
    for flag in ("--output", "--metrics-file"):
        outputs = [Output(ReportFormat.JSON, path)] if flag == "--output" else []
        with pytest.raises(ConfigError) as refusal:
            output.check_files(outputs, None if outputs else path)
        told.add(str(refusal.value).removeprefix(f"{flag} {path}: "))
    return told


def test_what_could_not_be_written_after_the_run_is_refused_before_it(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("x")
    link.symlink_to(tmp_path / "no" / "r.json")
    missing = {"there is no such folder; make it first"}
    assert _refusals(tmp_path / "no" / "r.json") == missing
    assert _refusals(link) == missing
    assert _refusals(file / "r.json") == {f"{file} is no folder; name another"}
    assert _refusals(tmp_path) == {"is a folder; name a file"}
    (told,) = _refusals(tmp_path / ("x" * 300))
    assert (told.startswith("can't be written: "), "; name another" in told) == (True, True)
    assert sorted(tmp_path.iterdir()) == [file, link]
    assert file.read_text() == "x"


def test_the_folder_that_a_run_makes_need_not_be_there(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    outputs = [Output(ReportFormat.JSON, cache / "r.json")]
    output.check_files(outputs, cache / "metrics", cache)
    for made in (None, tmp_path / "other"):
        with pytest.raises(ConfigError, match="there is no such folder"):
            output.check_files(outputs, None, made)
    cache.write_text("in the way")
    with pytest.raises(ConfigError, match="is no folder"):
        output.check_files(outputs, None, cache)


def test_a_place_that_is_not_to_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new file is a matter of its folder; an old one of its own, unless it is replaced."""
    old = tmp_path / "old"
    old.write_text("x")
    locked = {tmp_path}
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) not in locked)
    told = {"can't be written; name a place that this user may write"}
    assert _refusals(tmp_path / "new") == told
    output.check_files([Output(ReportFormat.JSON, old)])
    with pytest.raises(ConfigError, match="may write"):
        output.check_files([], old)
    locked = {old}
    output.check_files([], old)
    with pytest.raises(ConfigError, match="may write"):
        output.check_files([Output(ReportFormat.JSON, old)])


def test_devices_and_pipes_are_targets(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading, writing = os.pipe()
    try:
        for path in (pipe, Path("/dev/null"), Path(f"/dev/fd/{writing}")):
            output.check_files([Output(ReportFormat.JSON, path)])
            output.check_files([], path)
    finally:
        os.close(reading)
        os.close(writing)


async def test_nothing_is_begun_where_a_target_is_refused(tmp_path: Path) -> None:
    for flag in ("--output", "--metrics-file"):
        done = await run("refresh", flag, "no/r.json", cwd=tmp_path)
        told = f"imgcache: {flag} no/r.json: there is no such folder; make it first\n"
        assert (done.status, done.stderr, done.stdout) == (2, told, "")
    assert os.listdir(tmp_path) == []  # noqa: PTH208  names are all there is
