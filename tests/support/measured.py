"""A run in a process of its own, and by how much its memory grew (Linux).

    python -m tests.support.measured refresh|apart|probe|full ORIGIN_PORT PATH HOSTS

A first run opens all that stays open; the second one asks that many hosts for PATH at once.
`apart`: a refresh that has others send its requests, as the command has.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path

from imgcache import Report, Settings, refresh
from imgcache.engine.run.beside.processes import beside
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify

STATUS = Path("/proc/self/status")


def mebibytes(line: str) -> float:
    found = re.search(rf"^{line}:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1024


def begin_anew() -> float:
    """Forget the peak so far (proc(5)); what is resident now, in MiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return mebibytes("VmRSS")


def run(mode: str, folder: Path, settings: Settings) -> Report:
    paths = [folder / "a.md"]
    if mode == "refresh":
        return asyncio.run(refresh(paths, settings))
    if mode == "apart":
        with beside(settings, print, asks=True) as others:
            assert others.requests is not None  # it is forked only while there is one thread
            return asyncio.run(refresh(paths, settings, beside=others))
    depth = Depth.FULL if mode == "full" else Depth.PROBE
    return asyncio.run(verify(paths, settings, VerifyOptions(depth)))


def article(folder: Path, urls: list[str]) -> None:
    """One that a run without a sound image leaves as it is: threads that write would stay."""
    entry = '  - {{url: "{}", width: 5, height: 5, isCached: false}}\n'
    lines = "".join(entry.format(url) for url in urls)
    (folder / "a.md").write_text(f"---\nimages:\n{lines}---\n")


def main(mode: str, port: str, path: str, hosts: str) -> None:
    fetch = {"resolve": [f"*:80:127.0.0.1:{port}"], "attempts": 1, "deadline": "5s"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings.model_validate({"cache": {"dir": folder / "cache"}, "fetch": fetch})
        article(folder, ["http://warm.test/warm"])
        run(mode, folder, settings)
        before = begin_anew()
        article(folder, [f"http://h{number}.test{path}" for number in range(int(hosts))])
        report = run(mode, folder, settings)
        grown = mebibytes("VmHWM") - before
    verdicts = {str(one): count for one, count in report.summary.verdicts.items()}
    print(json.dumps({"grown": grown, "verdicts": verdicts}))  # noqa: T201 -- read by the test


if __name__ == "__main__":
    main(*sys.argv[1:])
