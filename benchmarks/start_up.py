"""Start-up: `--help`, and `verify --offline` of one article, beside a bare `python -c pass`.

    python -m benchmarks.start_up [ROUNDS]

The three take turns, whole processes each, after one that warms up. Printed: median seconds, how
many times the bare interpreter that is, and whether the limits hold: 0.12 s for `--help` and 0.25 s
for `verify --offline`, on a quiet machine of two cores.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.sample_site import build

ROUNDS = 15
BARE = ("-c", "pass")
LIMITS = {
    ("-m", "imgcache", "--help"): 0.12,
    ("-m", "imgcache", "verify", "--offline", "articles/00000.md"): 0.25,
}


def seconds(words: tuple[str, ...], folder: Path) -> float:
    """One process, start to end; its modules may be compiled, as installed ones are."""
    environment = {
        name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, check=True, capture_output=True
    )
    return time.perf_counter() - began


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    commands = (BARE, *LIMITS)
    taken: dict[tuple[str, ...], list[float]] = {words: [] for words in commands}
    with tempfile.TemporaryDirectory() as name:
        site = Path(name) / "site"
        build(site, 5)
        for words in commands:
            seconds(words, site)
        for _ in range(rounds):
            for words in commands:
                taken[words].append(seconds(words, site))
    bare = statistics.median(taken[BARE])
    print(f"{bare:.3f} s bare python")
    for words, limit in LIMITS.items():
        median = statistics.median(taken[words])
        held = "holds" if median <= limit else "MISSED"
        measured = f"{median:.3f} s (best {min(taken[words]):.3f}), x {median / bare:.1f}"
        print(f"{measured}, at most {limit} s: {held}: {' '.join(words[1:])}")


if __name__ == "__main__":
    main()
