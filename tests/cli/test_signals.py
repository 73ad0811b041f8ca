"""Ctrl-C and SIGTERM, whatever a command does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from imgcache.cli.console import Console
from imgcache.cli.run import finish, guarded
from imgcache.edge.articles import git
from imgcache.edge.stopping import StoppedError, stopped_by
from imgcache.engine.run.tasks import to_its_end
from tests.support.interruptions import InterruptAfter

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@BOTH
def test_what_has_no_result_in_part_ends_at_once(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> int:
        os.kill(os.getpid(), number)
        await asyncio.Event().wait()
        return 0

    assert guarded(Console(progress=False), lambda: finish(work())) == 130
    told = "imgcache: stopped at once: what was not reached stays as it is\n"
    assert capsys.readouterr().err == told


AT_ONCE = """
import os, time
os.kill(os.getpid(), {number})
time.sleep(60)
"""
# Where Python loses exceptions, as in what the import system does when a lock is let go.
WHERE_NOBODY_HEARS = """
import os, time
class Dropped:
    def __del__(self):
        os.kill(os.getpid(), {number})
        time.sleep(0)
Dropped()
time.sleep(60)
"""


@BOTH
@pytest.mark.parametrize("sent", [AT_ONCE, WHERE_NOBODY_HEARS])
@pytest.mark.parametrize("module", ["typer", "pydantic"])
async def test_a_signal_before_a_command_listens_is_one_line(
    tmp_path: Path, number: int, module: str, sent: str
) -> None:
    """A module that is imported early, or by the command, sends it, and waits."""
    (tmp_path / f"{module}.py").write_text(sent.format(number=int(number)))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "imgcache",
        "refresh",
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await process.communicate()
    assert (process.returncode, stderr) == (130, b"imgcache: stopped before it began\n")


async def test_git_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And Ctrl-C on the terminal is not its to hear: what it ignores would seem unknown."""
    groups = tmp_path / "groups"
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\nps -o pgid= -p $$ > {groups}\nexec sleep 600\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with stopped_by(InterruptAfter(5)), pytest.raises(StoppedError):
        await to_its_end(git.ask, tmp_path, "ls-files")
    assert int(groups.read_text()) != os.getpgrp()
