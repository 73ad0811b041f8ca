"""`--select` and `--ignore`, as a user gives them: in every format and in the exit status."""

from __future__ import annotations

import json
import re

import pytest

from tests.support import pictures
from tests.support.world import World, run

FORMATS = ("text", "concise", "json", "junit", "sarif", "github", "markdown")
NOTHING = ("--ignore", "IMG1,IMG2,IMG3,IMG4")
CASES = (("--select", "gone"), ("--ignore", "IMG1", "--ignore", "img213"))


@pytest.fixture
async def mixed(world: World) -> World:
    """One image that is gone, one of another size, one URL that can't be used."""
    lost = world.origin.route("/lost.jpg", status=404)
    small = world.origin.route("/small.jpg", body=pictures.jpeg(16, 12))
    world.article(world.entry(lost), world.entry(small), world.entry("ftp://a.test/"))
    return world


async def outputs(world: World, *words: str, command: str = "verify") -> dict[str, str]:
    files = [word for name in FORMATS for word in ("--output", f"{name}=r.{name}")]
    done = await run(
        command, *words, *files, "--allow-private", world.origin.allow, cwd=world.folder
    )
    told = {name: (world.folder / f"r.{name}").read_text() for name in FORMATS}
    return told | {"status": str(done.status), "stderr": done.stderr}


@pytest.mark.parametrize(
    "words", [("--select", "gone"), ("--ignore", "IMG1", "--ignore", "img213")]
)
async def test_only_what_is_selected_is_told(mixed: World, words: tuple[str, ...]) -> None:
    told = await outputs(mixed, *words)
    assert told["status"] == "1"
    assert told["stderr"] == ""
    for name in FORMATS:
        if name != "json":
            assert "IMG201" in told[name]
            listed = told[name].partition('"results"')[2] if name == "sarif" else told[name]
            listed = re.sub("<skipped[^>]*>", "", listed)
            assert "IMG103" not in listed
            assert "IMG213" not in listed
    assert "2 findings left out (--select, --ignore)\n" in told["text"]


async def test_json_keeps_the_verdicts_and_ignores_what_is_left_out(mixed: World) -> None:
    told = json.loads((await outputs(mixed, "--select", "IMG201"))["json"])
    assert [(one["verdict"], one["severity"]) for one in told["entries"]] == [
        ("gone", "error"),
        ("dimensions-scaled", "ignore"),
        ("unsupported-url", "ignore"),
    ]
    assert all(one["message"] and one["code"] for one in told["entries"])
    assert told["summary"]["errors"] == 1
    assert told["summary"]["verdicts"]["dimensions-scaled"] == 1


async def test_flags_are_as_ever_and_nothing_left_is_well(mixed: World) -> None:
    told = await outputs(mixed, "--select", "timeout", command="refresh")
    assert (told["status"], told["concise"]) == ("0", "")
    assert (mixed.articles / "a.md").read_text().count("isCached: false") == 3
    again = await outputs(mixed, "--offline", "--strict", *NOTHING)
    assert again["status"] == "0"


async def test_a_page_report_shows_what_is_selected(mixed: World) -> None:
    await mixed.refresh()
    done = await run("report", "--select", "gone", cwd=mixed.folder)
    assert done.status == 1
    assert done.stdout == (
        "imgcache-report/index.html: 1 error, 0 warnings; 3 image entries in 1 article\n"
    )
    done = await run("report", *NOTHING, cwd=mixed.folder)
    assert (done.status, "0 errors, 0 warnings" in done.stdout) == (0, True)
    whole = await run("report", cwd=mixed.folder)
    assert "3 errors, 0 warnings" in whole.stdout


async def test_a_baseline_keeps_the_lines_of_what_is_left_out(mixed: World) -> None:
    words = ("--baseline", "known.json", "--update-baseline")
    await outputs(mixed, *words)
    await outputs(mixed, *words, "--select", "gone")
    known = json.loads((mixed.folder / "known.json").read_text())
    assert len(known["findings"]) == 3
    told = await outputs(mixed, "--baseline", "known.json", "--select", "gone")
    assert (told["status"], told["stderr"]) == ("0", "")
    assert "1 known finding left out (baseline)" in told["text"]


async def test_an_unknown_name_is_a_usage_error(world: World) -> None:
    for command in ("verify", "refresh", "report"):
        done = await run(command, "--ignore", "gonne", cwd=world.folder)
        assert done.status == 2
        assert "did you mean gone?" in " ".join(done.stderr.split())


async def test_the_version_has_a_short_flag(world: World) -> None:
    short = await run("-V", cwd=world.folder)
    assert (short.status, short.stdout) == (0, (await run("--version", cwd=world.folder)).stdout)
    assert (await run("verify", "-V", cwd=world.folder)).stdout == short.stdout
