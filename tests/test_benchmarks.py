"""The benchmark beside the peers still runs, and its arithmetic holds."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.beside.corpus import encoded, tagged
from benchmarks.beside.meter import Cost
from benchmarks.beside.outcome import Figures, Outcome, figures
from benchmarks.beside.targets import Target, table
from tests.support import pictures

ROOT = Path(__file__).parent.parent
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def outcome(seconds: float, foreign: float = 0, fault: str | None = None) -> Outcome:
    cost = Cost(seconds, cpu=1, main=10, whole=20, foreign=foreign, status=0, out="", errors="")
    return Outcome(cost, bytes=5, fault=fault)


def rates(name: str, rate: float) -> Figures:
    return Figures(name, rate, rate, 1, 1e6, 1e6, 1e6, None, 0, 3)


def test_a_median_leaves_out_void_and_disturbed_runs() -> None:
    runs = [outcome(2), outcome(3), outcome(5), outcome(9, foreign=0.5), outcome(1, fault="no")]
    found = figures("x", 60, 1, runs)
    assert found is not None
    assert (found.rate, found.rate_with_start, found.runs) == (30, 20, 3)


def test_disturbed_runs_count_where_there_are_no_others() -> None:
    found = figures("x", 60, 1, [outcome(3, foreign=0.5)])
    assert found is not None
    assert (found.rate, found.foreign) == (30, 0.5)
    assert figures("x", 60, 1, [outcome(3, fault="no")]) is None


@pytest.mark.parametrize(
    ("least", "goal", "value", "verdict"),
    [
        (1.4, 2, 1.3, "SHORT"),
        (1.4, 2, 1.4, "met"),
        (1.4, 2, 2.5, "met, and the goal"),
        (130, 100, 131, "SHORT"),
        (130, 100, 130, "met"),
        (130, 100, 99, "met, and the goal"),
    ],
)
def test_a_target_is_met_or_short(least: float, goal: float, value: float, verdict: str) -> None:
    assert Target("x", lambda _: 0, least, goal).verdict(value) == verdict


def test_the_table_compares_what_was_measured_and_says_what_was_not() -> None:
    lines = list(table({"cold": rates("cold", 150), "ceiling": rates("ceiling", 200)}, 1))
    found = {line[:38].strip(): line[38:].split() for line in lines}
    assert found["cold / ceiling"] == ["0.75", "0.80", "0.90", "SHORT"]
    assert found["cold / Scrapy"] == ["-", "3.50", "4.00", "not", "measured"]


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "gif"])
def test_a_tagged_picture_has_other_bytes_and_the_same_pixels(kind: str) -> None:
    noise = random.Random(1).randbytes(40 * 30 * 3)
    plain = encoded(Image.frombytes("RGB", (40, 30), noise), kind, 3)
    one, other = (tagged(plain, kind, text) for text in ("one", "four"))
    assert one != other
    assert (
        len({pictures.opened(data).convert("RGB").tobytes() for data in (plain, one, other)}) == 1
    )


@pytest.mark.skipif(NGINX is None or sys.platform != "linux", reason="needs nginx, and /proc")
def test_a_short_run_measures_everything_that_it_names(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.beside", "--smoke"],
        cwd=ROOT,
        env=os.environ | {"XDG_CACHE_HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "304s / bare transport" in done.stdout
