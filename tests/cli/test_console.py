"""What a run tells on stderr while it goes on, where that is no terminal; in virtual time."""

from __future__ import annotations

import asyncio
import io
import json
import re
import sys

import pytest

from imgcache.cli.console import Console
from imgcache.cli.progress.gauge import Gauge
from imgcache.cli.progress.lines import ProgressLines
from imgcache.cli.terminal import can_redraw
from imgcache.engine.run.listener import Lane
from imgcache.model import Source
from tests.support import virtual_time


def now() -> float:
    try:
        return asyncio.get_running_loop().time()
    except RuntimeError:  # it is made before the loop runs
        return 0.0


async def long_run(console: Console, seconds: int) -> None:
    with console:
        console.reading(256, 300)
        console.planned(300, 4000, 4000)
        left = 4000
        console.fetching(lambda: [Lane("a.test", left)])
        for number in range(seconds):
            await asyncio.sleep(1)
            left -= 1
            console.attempted("https://a.test/", 1000)
            console.concluded(f"https://a.test/{number}", Source.DOWNLOADED, None)
    await asyncio.sleep(300)


def test_a_long_run_says_a_line_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    virtual_time.run(long_run(Console(progress=True, clock=now), 200))
    lines = capsys.readouterr().err.splitlines()
    counts = [
        int(re.findall(r"^imgcache: (\d+) of 4,000 images, 1\.0/s", line)[0]) for line in lines
    ]
    assert [round(one / 60, 1) for one in counts] == [1.0, 2.0, 3.0]
    assert re.search(r", 1:05:4\d left \(a\.test: 3,94\d at 1\.0/s\)$", lines[0])


def test_a_short_run_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    virtual_time.run(long_run(Console(progress=True, clock=now), 55))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("console", [Console(progress=False), Console(progress=True, quiet=True)])
def test_who_wants_no_progress_hears_none(
    console: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    virtual_time.run(long_run(console, 200))
    assert capsys.readouterr().err == ""


def test_a_log_of_objects_gets_an_object_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    virtual_time.run(long_run(Console(progress=True, log_json=True, clock=now), 130))
    objects = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [one["level"] for one in objects] == ["info", "info"]
    assert "of 4,000 images" in objects[0]["message"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("term", "drawn"), [("xterm", True), ("dumb", False), ("", False)])
def test_lines_are_drawn_anew_only_where_the_terminal_can(
    term: str, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("sys.stderr", Terminal())
    assert can_redraw() == drawn
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert not can_redraw()


def test_what_is_drawn_follows_the_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    gauge = Gauge(lambda: 0.0)
    gauge.planned(10, 1000)
    gauge.concluded(failed=True)
    shown = {}
    for columns in ("100", "30", "12"):
        monkeypatch.setenv("COLUMNS", columns)
        monkeypatch.setattr("sys.stderr", Terminal())
        lines = ProgressLines(gauge)
        lines.start()
        lines.stop()
        shown[columns] = sys.stderr.getvalue()  # type: ignore[union-attr]
    assert "images   .................... 1/1000, 1 failed" in shown["100"]
    assert "images   1/1000, 1 failed" in shown["30"]
    assert "images   1/" in shown["12"]
    assert "1/1000" not in shown["12"]
