"""Files of --output: pipes that nobody reads, and articles named by mistake."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import pytest

from imgcache.cli import output
from imgcache.cli.flags import Output, ReportFormat
from imgcache.engine.run.report import Report
from imgcache.errors import ConfigError


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
