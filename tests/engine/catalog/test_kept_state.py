"""What is kept from run to run changes no report: random histories, lived with it and without."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.histories import History


@pytest.fixture(autouse=True)
def _fine_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems of tests have fine times: a file can be trusted soon after it was written."""
    monkeypatch.setattr("imgcache.edge.safe_fs._COARSEST", 0)


# A file system in memory, where Linux has one.
_MEMORY = "/dev/shm"  # noqa: S108  its folder has a random name


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder whose files need not reach a disk: histories end without a power failure."""
    if not os.access(_MEMORY, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=_MEMORY) as folder:
        yield Path(folder)


@pytest.mark.parametrize("seed", range(100))
def test_a_run_reports_the_same_with_and_without_what_was_kept(memory: Path, seed: int) -> None:
    History(memory, seed).live(steps=4)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(1_000, 1_020))
def test_a_run_reports_the_same_in_many_more_histories(memory: Path, seed: int) -> None:
    for number in range(100):
        History(memory / f"{number}", 1_000 * seed + number).live(steps=4)
