"""`imgcache report` of 60,000 entries, start-up included, beside the bare work of the disk.

    python -m benchmarks.html_report [ARTICLES]

The site is that of night.py; a tenth of its entries are wrong, so that there are pages of
several verdicts. The bare work: files with the same names and bytes are written, from memory.
Printed: seconds of both in the same round, entries per second, the ratio of the two and the peak
memory. Budget: 20 s for 60,000 entries on two cores.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.sample_site import ENTRIES, build

ROUNDS = 3


def spoil(articles: Path) -> None:
    """In each tenth article one size each is swapped, scaled, another one, or missing."""
    wrong = ("width: 800\n        height: 1200", "width: 600\n        height: 400", "width: 7", "")
    right = "width: 1200\n        height: 800"
    for path in sorted(articles.iterdir())[::10]:
        head, *entries = path.read_text().split(right)
        texts = [*wrong, *[right] * len(entries)]
        path.write_text(head + "".join(map("".join, zip(texts, entries, strict=False))))


def report(folder: Path, output: Path) -> float:
    """Seconds of one run into a folder that is not there yet."""
    command = [sys.executable, "-m", "imgcache", "report", "--output", str(output)]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    seconds = time.perf_counter() - began
    if "image entries in" not in done.stdout:
        raise SystemExit(done.stdout + done.stderr)
    return seconds


def bare(files: dict[Path, bytes], folder: Path) -> float:
    """Seconds that the same files take."""
    began = time.perf_counter()
    for name in ("articles", "thumbs"):
        (folder / name).mkdir(parents=True)
    for path, data in files.items():
        (folder / path).write_bytes(data)
    return time.perf_counter() - began


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        site, output, other = (Path(name) / one for one in ("site", "report", "bare"))
        build(site, count)
        spoil(site / "articles")
        for _ in range(ROUNDS):
            seconds = report(site, output)
            paths = [path for path in output.rglob("*") if path.is_file()]
            files = {path.relative_to(output): path.read_bytes() for path in paths}
            least = bare(files, other)
            megabytes = sum(map(len, files.values())) / 1e6
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
            print(
                f"{seconds:.1f} s, {count * ENTRIES / seconds:.0f} entries/s, {memory:.0f} MB of "
                f"memory; {len(files)} files of {megabytes:.0f} MB alone: {least:.1f} s; "
                f"ratio {seconds / least:.1f}"
            )
            shutil.rmtree(output)
            shutil.rmtree(other)


if __name__ == "__main__":
    main()
