"""What is kept from run to run changes no report: random histories, lived with it and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.histories import History


@pytest.fixture(autouse=True)
def _fine_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """File systems of tests have fine times: a file can be trusted soon after it was written."""
    monkeypatch.setattr("imgcache.edge.safe_fs._COARSEST", 0)


@pytest.mark.parametrize("seed", range(200))
def test_a_run_reports_the_same_with_and_without_what_was_kept(tmp_path: Path, seed: int) -> None:
    History(tmp_path, seed).live(steps=4)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(1_000, 1_020))
def test_a_run_reports_the_same_in_many_more_histories(tmp_path: Path, seed: int) -> None:
    for number in range(100):
        History(tmp_path / f"{number}", 1_000 * seed + number).live(steps=4)
