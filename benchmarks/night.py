"""The unchanged night: a refresh with nothing to ask, and whoever reads after it.

    python -m benchmarks.night [ARTICLES [IMAGES]]

Each article has six entries, each URL is its own; they share so many images (2,000; 0: each URL has
its own). Beside imgcache stands the bare work in the same run: `git status` of the same articles,
plus a `stat` of each cached file. Printed: medians of three whole processes, the ratio, and
whether the limits hold: 40,000 entries/s; 12 times the bare work where each URL has its own image;
2 s after ten articles were edited; 2.5 s for `verify --offline`; 200 MB.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.sample_site import ENTRIES, build

ROUNDS = 3
EDITED = 10
# Limits for 10,000 articles; the first is that of starting a process.
START_UP, ENTRIES_A_SECOND, TIMES_BARE, EDITS, OFFLINE, MEGABYTES = 0.4, 40_000, 12, 2.0, 2.5, 200


def timed(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Seconds of a process, and its peak MB."""
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command}: exit status {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1000


def bare(folder: Path) -> float:
    """Seconds of `git status` and a `stat` of each cached file."""
    paths = [path for top in ("images", "thumbs") for path in (folder / "cache" / top).rglob("*.*")]
    names = [os.fspath(path) for path in paths]
    seconds, _ = timed(["git", "status", "--porcelain"], folder)
    began = time.perf_counter()
    for name in names:
        os.lstat(name)
    return seconds + time.perf_counter() - began


def edit(folder: Path) -> None:
    """One more line for some articles."""
    every = sorted((folder / "articles").rglob("*.md"))
    for path in every[:: max(1, len(every) // EDITED)][:EDITED]:
        path.write_bytes(path.read_bytes() + b"one more line\n")


def committed(folder: Path) -> None:
    """The articles in git, as most sites have them."""
    (folder / ".gitignore").write_text("cache/\n")
    user = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for words in (["init", "-q"], ["add", "-A"], [*user, "commit", "-qm", "all"]):
        subprocess.run(["git", *words], cwd=folder, check=True)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    images = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    refresh = [sys.executable, "-m", "imgcache", "refresh"]
    offline = [sys.executable, "-m", "imgcache", "verify", "--offline"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, count, images or None)
        committed(folder)
        first, _ = timed(refresh, folder)
        time.sleep(2)  # a file is trusted when it was at rest for two seconds
        timed(refresh, folder)
        nights, bares, offlines, edits, peaks = (list[float]() for _ in range(5))
        for _ in range(ROUNDS):
            bares.append(bare(folder))
            for seconds, command in ((nights, refresh), (offlines, offline)):
                took, peak = timed(command, folder)
                seconds.append(took)
                peaks.append(peak)
        for _ in range(ROUNDS):
            edit(folder)
            edits.append(timed(refresh, folder)[0])
    medians = [statistics.median(one) for one in (nights, bares, offlines, edits)]
    tell(count, first, medians, max(peaks))


def tell(count: int, first: float, medians: Sequence[float], peak: float) -> None:
    """Print what was measured beside what it should be."""
    night, bare_work, offline, edited = medians
    entries, scale = count * ENTRIES, count / 10_000
    least = entries / (START_UP + (10_000 * ENTRIES / ENTRIES_A_SECOND - START_UP) * scale)
    rows = (
        ("nothing to ask, entries/s", entries / night, least, 1),
        ("  against git status and stat, times", night / bare_work, TIMES_BARE, -1),
        (f"{EDITED} articles edited, s", edited, START_UP + (EDITS - START_UP) * scale, -1),
        ("verify --offline, s", offline, START_UP + (OFFLINE - START_UP) * scale, -1),
        ("peak memory, MB", peak, MEGABYTES, -1),
    )
    print(f"{entries} entries in {count} articles; all of it derived anew: {first:.1f} s")
    for what, value, limit, sign in rows:
        holds = "holds" if sign * value >= sign * limit else "FALLS SHORT"
        print(f"{what:38} {value:10.2f}   limit {limit:10.2f}   {holds}")


if __name__ == "__main__":
    main()
