"""The one issue that the action keeps: its shell step is run, with a `gh` that notes its calls."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from markdown_it import MarkdownIt

from tests.support import pictures
from tests.support.runner import ACTION, ROOT, STEPS, Ran, Runner
from tests.support.world import World

MARKER = f"<!-- imgcache keeps this issue: {hashlib.sha256(b'default').hexdigest()[:16]} -->\n"
READER = MarkdownIt("commonmark", {"html": True}).enable("table")
# Answers as GitHub would, of the issues in a file; notes its words, and what comes on stdin.
GH = """#!{python}
import json, os, sys
words, home = sys.argv[1:], os.environ["HOME"]
if os.path.exists(home + "/refused"):
    sys.exit(open(home + "/refused").read())
said = sys.stdin.read() if "-" in words else ""
with open(home + "/gh.log", "a") as log:
    log.write(json.dumps([words, said, os.environ["GH_TOKEN"]]) + "\\n")
if words[0] == "api":
    print(open(home + "/issues").read())
"""


class GitHub:
    """The issues that are open, and what was asked for."""

    def __init__(self, runner: Runner) -> None:
        self._runner, self._home = runner, runner.temp
        self._programs = self._home / "programs"
        self._programs.mkdir()
        gh = self._programs / "gh"
        gh.write_text(GH.replace("{python}", str(runner.temp / "imgcache" / "bin" / "python")))
        gh.chmod(0o755)
        self.open()

    def open(self, *issues: tuple[int, str, bool]) -> None:
        """These are open: number, text, whether our token's user wrote it."""
        lines = [
            json.dumps({"number": number, "body": body, "viewerDidAuthor": ours})
            for number, body, ours in issues
        ]
        (self._home / "issues").write_text("\n".join(lines))

    def refuse(self, why: str) -> None:
        (self._home / "refused").write_text(why)

    async def keep(self, ran: Ran, **env: str) -> Ran:
        """The step after imgcache has run."""
        given = {
            "GH_TOKEN": "a token",
            "KEY": "default",
            "REPORT": ran.outputs["report"],
            "STATUS": ran.outputs["status"],
        }
        assert set(given) == set(STEPS["Keep the issue"]["env"])
        of_runner = {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_SERVER_URL": "https://github.test",
            "GITHUB_REPOSITORY": "we/site",
            "GITHUB_RUN_ID": "17",
            "GITHUB_EVENT_NAME": "schedule",
        }
        script = STEPS["Keep the issue"]["run"]
        return await self._runner.run(script, given | of_runner | env, self._programs)

    @property
    def calls(self) -> list[tuple[list[str], str, str]]:
        """What changed anything: words, text on stdin, token."""
        log = self._home / "gh.log"
        calls = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [(words, said, token) for words, said, token in calls if words[0] != "api"]


@pytest.fixture
def runner(world: World, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return Runner(tmp_path_factory.mktemp("runner"), world.folder)


@pytest.fixture
def github(runner: Runner) -> GitHub:
    return GitHub(runner)


async def broken(world: World, runner: Runner, name: str = "/gone.jpg") -> Ran:
    world.article(world.entry(world.origin.route(name, status=404)))
    return await verified(world, runner)


async def sound(world: World, runner: Runner) -> Ran:
    world.article(world.entry(world.origin.route("/good.jpg", body=pictures.jpeg(160, 120))))
    return await verified(world, runner)


async def verified(world: World, runner: Runner, **given: str) -> Ran:
    args = f"--allow-private\n{world.origin.allow}\n"
    return await runner.action(args=args, issue="true", **given)


async def test_the_first_errors_open_an_issue_with_the_report(
    world: World, runner: Runner, github: GitHub
) -> None:
    github.open((4, "A bug", False), (5, "A bug of another workflow", True))
    kept = await github.keep(await broken(world, runner))
    assert (kept.status, kept.stdout) == (0, "An issue was opened.\n")
    ((words, text, token),) = github.calls
    assert words == [
        "issue", "create", "--title", "Images to fix", "--body-file", "-", "--repo", "we/site",
    ]  # fmt: skip
    assert text.startswith(f"{MARKER}## imgcache verify\n\n**1 error, 0 warnings**")
    assert "/gone.jpg` | `articles/a.md:" in text
    assert text.endswith(
        "https://github.test/we/site/actions/runs/17; closed when nothing is wrong.*\n"
    )
    assert token == "a token"  # noqa: S105


async def test_the_next_errors_replace_its_text(
    world: World, runner: Runner, github: GitHub
) -> None:
    github.open((9, f"{MARKER}two runs at once", True), (7, f"{MARKER}old", True))
    await github.keep(await broken(world, runner))
    ((words, text, _),) = github.calls
    assert words == ["issue", "edit", "7", "--body-file", "-", "--repo", "we/site"]
    assert text.startswith(MARKER)
    assert "old" not in text


async def test_it_closes_itself_when_nothing_is_wrong(
    world: World, runner: Runner, github: GitHub
) -> None:
    well = await sound(world, runner)
    await github.keep(well)
    assert github.calls == []
    github.open((7, f"{MARKER}old", True), (9, f"{MARKER}old", True), (8, "other", True))
    await github.keep(well)
    assert [words[:3] for words, *_ in github.calls] == [
        ["issue", "close", "7"],
        ["issue", "close", "9"],
    ]


@pytest.mark.parametrize(
    "issue",
    [
        (7, f"{MARKER}written by a stranger who read the source", False),
        (7, f"Another workflow quotes:\n{MARKER}", True),
        (7, MARKER.replace("issue: ", "issue: 0"), True),
    ],
)
async def test_no_issue_of_others_is_touched(
    world: World, runner: Runner, github: GitHub, issue: tuple[int, str, bool]
) -> None:
    github.open(issue)
    await github.keep(await sound(world, runner))
    assert github.calls == []
    await github.keep(await broken(world, runner))
    assert [words[1] for words, *_ in github.calls] == ["create"]


async def test_a_run_that_was_cut_short_closes_nothing(
    world: World, runner: Runner, github: GitHub
) -> None:
    github.open((7, MARKER, True))
    world.article(world.entry(world.origin.route("/good.jpg", body=pictures.jpeg(160, 120))))
    args = f"--allow-private\n{world.origin.allow}\n--max-time=0s\n"
    ran = await runner.action(command="refresh", args=args, issue="true")
    report = json.loads((runner.temp / "imgcache-report.json").read_text())
    assert (ran.outputs["errors"], report["interrupted"]) == ("0", True)
    await github.keep(ran)
    ran.outputs["status"] = "2"
    await github.keep(ran)
    assert github.calls == []


async def test_pull_requests_leave_it_alone(world: World, runner: Runner, github: GitHub) -> None:
    github.open((7, MARKER, True))
    ran = await broken(world, runner)
    kept = await github.keep(ran, GITHUB_EVENT_NAME="pull_request_target")
    assert kept.status == 0
    assert kept.stdout.startswith("::notice::")
    assert github.calls == []


async def test_each_site_has_its_own(world: World, runner: Runner, github: GitHub) -> None:
    github.open((7, MARKER, True))
    key = 'blog --> "; touch taken; $(touch taken)\n::error::'
    await github.keep(await broken(world, runner), KEY=key)
    ((words, text, _),) = github.calls
    assert words[:4] == ["issue", "create", "--title", f"Images to fix ({key})"]
    assert text.splitlines()[0].count("-->") == 1
    assert not (world.folder / "taken").exists()


async def test_no_text_of_strangers_names_a_user_or_becomes_markup(
    world: World, runner: Runner, github: GitHub
) -> None:
    ran = await broken(
        world, runner, "/@everyone/`x`/<img src=x>/fixes%20#1/](https://e.test)/$(id)"
    )
    await github.keep(ran)
    ((words, text, _),) = github.calls
    inlines = [one.children or [] for one in READER.parse(text) if one.type == "inline"]
    code = [part.content for parts in inlines for part in parts if part.type == "code_inline"]
    rest = [part.content for parts in inlines for part in parts if part.type != "code_inline"]
    assert any("/@everyone/`x`/<img src=x>" in one for one in code)
    assert not set("@#<$`") & set("".join(rest).replace("<br>", ""))
    assert "everyone" not in " ".join(words)


async def test_where_github_refuses_the_step_fails_and_says_why(
    world: World, runner: Runner, github: GitHub
) -> None:
    github.refuse("Resource not accessible by integration\n::add-mask::x 100%")
    kept = await github.keep(await broken(world, runner))
    assert kept.status == 1
    assert kept.stdout == (
        "::error::imgcache: the issue could not be kept: "
        "Resource not accessible by integration%0A::add-mask::x 100%25\n"
    )


def test_it_is_kept_only_where_it_was_asked_for_and_there_is_a_report() -> None:
    step: dict[str, Any] = STEPS["Keep the issue"]
    assert str(ACTION["inputs"]["issue"]["default"]) == "false"
    assert "inputs.issue == 'true'" in step["if"]
    assert "steps.run.outputs.report != ''" in step["if"]
