from __future__ import annotations

import asyncio
import json
import os
import sys
from xml.etree import ElementTree as ET

import pytest

from tests.world import World, run


async def test_several_outputs_come_from_one_run(world: World) -> None:
    world.article(world.entry("ftp://a.test/"))
    names = ["r.json", "r.sarif", "r.xml", "r.md", "github=r.txt"]
    words = [word for name in names for word in ("--output", name)]
    done = await run("verify", *words, cwd=world.folder)
    assert (done.status, done.stdout, done.stderr) == (1, "", "")
    report = json.loads((world.folder / "r.json").read_text())
    assert report["entries"][0]["code"] == "IMG213"
    log = json.loads((world.folder / "r.sarif").read_text())
    assert log["runs"][0]["results"][0]["ruleId"] == "IMG213"
    assert ET.parse(world.folder / "r.xml").getroot().tag == "testsuites"  # noqa: S314  our own
    assert "unsupported-url (IMG213)" in (world.folder / "r.md").read_text()
    assert (world.folder / "r.txt").read_text().startswith("::error file=articles/a.md,line=3,")


@pytest.mark.parametrize(
    ("words", "start"), [([], "::error "), (["--format", "text"], "articles/a.md\n")]
)
async def test_under_github_actions_the_format_suits(
    world: World, words: list[str], start: str
) -> None:
    world.article(world.entry("ftp://a.test/"))
    summary = world.folder / "summary.md"
    summary.write_text("before\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "imgcache", "verify", *words),
        cwd=world.folder,
        env=os.environ | {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)},
        stdout=asyncio.subprocess.PIPE,
    )
    stdout, _ = await process.communicate()
    assert process.returncode == 1
    assert stdout.decode().startswith(start)
    assert summary.read_text().startswith("before\n## imgcache verify\n")


async def test_metrics_of_each_run_replace_those_of_the_one_before(world: World) -> None:
    world.article(world.entry("ftp://a.test/"), world.entry("data:image/png;base64,"))
    path = world.folder / "node" / "imgcache.prom"
    path.parent.mkdir()
    words = ["refresh", "-q", "--metrics-file", str(path)]
    done = await run(*words, cwd=world.folder)
    assert (done.status, done.stderr) == (1, "")
    first = path.read_text()
    assert 'imgcache_entries{verdict="unsupported-url"} 1.0' in first
    assert "imgcache_cache_bytes 0.0" in first
    interrupted = await run(*words, "--max-time", "0s", cwd=world.folder)
    assert interrupted.status == 1
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208  names are all there is
    device = await run("refresh", "--metrics-file", "/dev/full", cwd=world.folder)
    assert (device.status, "--metrics-file /dev/full: can't be" in device.stderr) == (2, True)
    missing = await run("refresh", "--metrics-file", "no/where.prom", cwd=world.folder)
    assert missing.status == 2
    assert "--metrics-file no/where.prom" in missing.stderr
