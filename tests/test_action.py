"""The GitHub action's and the documented workflows' shell steps, run as a runner would run them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import pictures
from tests.support.runner import ACTION, ROOT, STEPS, Runner
from tests.support.world import World

CI = (ROOT / "docs" / "ci.md").read_text()


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", CI, re.MULTILINE | re.DOTALL)
    return found


def workflow(name: str) -> dict[str, Any]:
    found = (yaml.safe_load(text) for text in blocks("yaml"))
    return next(one for one in found if one.get("name") == name)


@pytest.fixture
def runner(world: World, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(tmp_path_factory.mktemp("runner"), world.folder)


def network(world: World) -> str:
    return f"--allow-private\n{world.origin.allow}\n"


async def test_findings_are_annotated_counted_and_fail_the_job(
    world: World, runner: Runner
) -> None:
    good = world.origin.route("/good.jpg", body=pictures.jpeg(160, 120))
    gone = world.origin.route("/gone.jpg", status=404)
    world.article(world.entry(good), world.entry(gone))
    ran = await runner.action(args=network(world), sarif="found.sarif")
    assert ran.status == 1
    assert "::error file=articles/a.md,line=4,col=" in ran.stdout
    assert "gone" in ran.summary
    assert (runner.temp / "imgcache-summary.md").read_text() == ran.summary
    report = str(runner.temp / "imgcache-report.json")
    assert ran.outputs == {
        "status": "1",
        "errors": "1",
        "warnings": "0",
        "articles-changed": "0",
        "report": report,
    }
    assert (world.folder / "found.sarif").exists()
    assert not world.cache.exists()


async def test_a_refresh_sets_flags_in_the_cache_folder_that_was_named(
    world: World, runner: Runner
) -> None:
    good = world.origin.route("/good.jpg", body=pictures.jpeg(160, 120))
    article = world.article(world.entry(good), name="an article.md")
    ran = await runner.action(
        command="refresh",
        args=network(world),
        paths="  articles/an article.md\r\n",
        cache_dir="kept here",
    )
    assert (ran.status, ran.outputs["articles-changed"]) == (0, "1")
    assert "isCached: true" in article.read_text()
    assert (world.folder / "kept here" / "manifest.json").is_file()


async def test_baseline_strict_and_depth_reach_the_program(world: World, runner: Runner) -> None:
    gone = world.origin.route("/gone.jpg", status=404)
    sizeless = world.origin.route("/good.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(gone), f'url: "{sizeless}"')
    known = {"article": "articles/a.md", "verdict": "gone", "url": gone}
    baseline = json.dumps({"schema": 1, "findings": [known]})
    (world.folder / "known.json").write_text(baseline)
    args = network(world)
    assert (await runner.action(args=args)).status == 1
    lenient = await runner.action(args=args, baseline="known.json")
    assert (lenient.status, lenient.outputs["warnings"]) == (0, "1")
    assert (await runner.action(args=args, baseline="known.json", strict="True")).status == 1
    windows = args.replace("\n", "\r\n")
    assert (await runner.action(args=windows, baseline="known.json")).status == 0
    asked = len(world.origin.requests)
    offline = await runner.action(depth="offline")
    assert (offline.status, offline.outputs["warnings"]) == (0, "2")
    assert len(world.origin.requests) == asked


@pytest.mark.parametrize(
    "given",
    [
        {"command": "demo"},
        {"depth": "deep"},
        {"depth": "x\n::add-mask::all"},
        {"strict": "yes"},
        {"issue": "yes"},
        {"issue": "true", "changed_since": "HEAD"},
        {"args": "--no-such-flag"},
        {"paths": "articles/none.md"},
        {"paths": "--strict"},
    ],
)
async def test_wrong_inputs_end_with_status_2(
    world: World, runner: Runner, given: dict[str, str]
) -> None:
    world.article()
    ran = await runner.action(**given)
    assert ran.status == 2
    assert "report" not in ran.outputs
    assert "\n::add-mask" not in ran.stdout


async def test_inputs_are_words_never_script(world: World, runner: Runner) -> None:
    world.article()
    hostile = '"; touch taken; echo $(touch taken) `touch taken`'
    for name in ACTION["inputs"]:
        if name != "python-version":
            await runner.action(**{name.replace("-", "_"): hostile})
    assert not (world.folder / "taken").exists()


def test_no_script_has_an_expression_in_it() -> None:
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    scripts += [
        step["run"]
        for name in ("images", "refresh")
        for job in workflow(name)["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]
    assert len(scripts) == 5
    assert not [script for script in scripts if "${{" in script]


def test_the_action_uses_each_input_and_the_docs_tell_of_it() -> None:
    text = (ROOT / "action.yml").read_text()
    documented = dict(re.findall(r"^\| `([a-z-]+)` \| (.*?) \|", CI, re.MULTILINE))
    assert set(documented) == set(ACTION["inputs"])
    for name, one in ACTION["inputs"].items():
        assert f"inputs.{name}" in text
        assert not one["default"] or one["default"] in documented[name]
    outputs = re.search(r"^Outputs: (.*?)\. ", CI, re.MULTILINE | re.DOTALL)
    assert outputs is not None
    assert set(re.findall(r"`([a-z-]+)`", outputs[1])) == set(ACTION["outputs"])


def test_the_workflows_give_inputs_that_there_are() -> None:
    given = [
        step.get("with", {})
        for name in ("images", "refresh")
        for job in workflow(name)["jobs"].values()
        for step in job["steps"]
        if "imgcache@" in step.get("uses", "")
    ]
    assert len(given) == 2
    assert set().union(*given) <= set(ACTION["inputs"])


def test_the_nightly_job_fails_where_the_run_went_wrong() -> None:
    steps = workflow("refresh")["jobs"]["refresh"]["steps"]
    assert steps[-1]["run"].startswith("exit 2")
    assert "outcome == 'failure'" in steps[-1]["if"]
    assert "status != '1'" in steps[-1]["if"]


def test_what_is_installed_is_locked() -> None:
    script = STEPS["Install imgcache"]["run"]
    lock = re.search(r"\$GITHUB_ACTION_PATH/(\S+?)\"", script)
    assert lock is not None
    assert "--require-hashes" in script
    assert "hatchling==" in (ROOT / lock[1]).read_text()


GH = """#!/bin/sh
echo "$@" >> "$HOME/gh.log"
case "$2" in list) cat "$HOME/open" ;; esac
"""


async def test_the_nightly_workflow_proposes_the_flags_once(world: World, runner: Runner) -> None:
    def git(*words: str | Path) -> str:
        return subprocess.run(
            ["git", *map(str, words)], cwd=world.folder, check=True, capture_output=True, text=True
        ).stdout

    article = world.article(world.entry("https://a.test/a.jpg"))
    git("init", "--quiet", "--initial-branch=main")
    git("add", "articles")
    git("-c", "user.name=a", "-c", "user.email=a@b.test", "commit", "--quiet", "--message=a")
    git("init", "--quiet", "--bare", runner.temp / "remote")
    git("remote", "add", "origin", runner.temp / "remote")
    programs = runner.temp / "programs"
    programs.mkdir()
    (programs / "gh").write_text(GH)
    (programs / "gh").chmod(0o755)
    steps = {one.get("name"): one for one in workflow("refresh")["jobs"]["refresh"]["steps"]}
    script = steps["Propose the changed flags"]["run"]
    log, opened = runner.temp / "gh.log", runner.temp / "open"
    for night, already in enumerate(("", "7\n")):
        git("switch", "--quiet", "main")
        article.write_text(article.read_text().replace("false", "true"))
        (world.folder / "untracked").write_text("")
        opened.write_text(already)
        ran = await runner.run(script, {"BASE": "main"}, programs)
        assert ran.status == 0, ran.stdout
        shown = git("--git-dir", runner.temp / "remote", "show", "--stat", "imgcache/refresh")
        assert "articles/a.md | 2 +-" in shown
        assert "untracked" not in shown
        created = [line for line in log.read_text().splitlines() if "pr create" in line]
        assert len(created) == 1, night
        assert "--base main" in created[0]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_the_units_are_well_formed(tmp_path: Path) -> None:
    service, timer = blocks("ini")
    (tmp_path / "imgcache.timer").write_text(timer)
    there = service.replace("/usr/local/bin/imgcache", sys.executable)
    (tmp_path / "imgcache.service").write_text(there)
    told = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "imgcache.timer", tmp_path / "imgcache.service"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "imgcache" not in told.stderr


def test_the_crontab_line_has_its_five_fields_and_searches_no_path() -> None:
    (line,) = blocks("crontab")
    command = r"cd /\S+ && /\S+/imgcache refresh .*"
    assert re.fullmatch(rf"(\d+|\*) (\d+|\*) \* \* \*  {command}\n", line)
