from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.support.world import World, run


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
    ("words", "start"),
    [([], "::error "), (["--format", "text"], "error    unsupported-url (IMG213) ")],
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


Findings = set[tuple[str, str]]


def of_json(text: str) -> Findings:
    entries = [one for one in json.loads(text)["entries"] if one["severity"]]
    return {(f"{one['article']}:{one['line']}:{one['column']}", one["code"]) for one in entries}


def of_sarif(text: str) -> Findings:
    found = set()
    for one in json.loads(text)["runs"][0]["results"]:
        place = one["locations"][0]["physicalLocation"]
        start = (place["region"]["startLine"], place["region"]["startColumn"])
        where = ":".join(map(str, (place["artifactLocation"]["uri"], *start)))
        found.add((where, one["ruleId"]))
    return found


def of_junit(text: str) -> Findings:
    found = set()
    for case in ET.fromstring(text).iter("testcase"):  # noqa: S314  our own
        where = f"{case.get('classname')}:{case.get('name', '').split()[0]}"
        found |= {(where, one.get("type", "").split()[0]) for one in case.iter("failure")}
    return found


def of_github(text: str) -> Findings:
    pattern = r"^::error file=(.*?),line=(\d+),col=(\d+),title=.*?\((IMG\d+)\)"
    rows = re.findall(pattern, text, re.MULTILINE)
    return {(f"{file}:{line}:{column}", code) for file, line, column, code in rows}


def of_markdown(text: str) -> Findings:
    return {
        (place, code) for code, place in re.findall(r"\((IMG\d+)\) \| `.*?` \| `(.*?)` \|", text)
    }


def of_text(text: str) -> Findings:
    pattern = r"\((IMG\d+)\) .*\n.*\n +(.*)$"
    found = re.findall(pattern, text, re.MULTILINE)
    return {(place, code) for code, places in found for place in places.split(", ")}


def of_concise(text: str) -> Findings:
    rows = re.findall(r"^(\S+) (IMG\d+) \S+ \S+ .+$", text, re.MULTILINE)
    return {(place, code) for place, code in rows}


async def test_each_format_says_the_same_of_the_demos_article(tmp_path: Path) -> None:
    await run("demo", cwd=tmp_path)
    folder = tmp_path / "imgcache-demo"
    readers = {
        "json": of_json,
        "sarif": of_sarif,
        "junit": of_junit,
        "github": of_github,
        "markdown": of_markdown,
        "text": of_text,
        "concise": of_concise,
    }
    words = [word for name in readers for word in ("--output", f"{name}=r.{name}")]
    assert (await run("verify", "--offline", *words, cwd=folder)).status == 1
    said = {name: read((folder / f"r.{name}").read_text()) for name, read in readers.items()}
    assert {code for _, code in said["json"]} == {"IMG104", "IMG201"}
    assert said == dict.fromkeys(readers, said["json"])
