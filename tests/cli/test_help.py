"""Pages of --help: all flags in their sections, and what each command does in a whole sentence."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from imgcache.cli.help import EXAMPLES
from tests.support.world import run


async def test_flags_stand_in_sections_those_of_the_command_first(tmp_path: Path) -> None:
    page = (await run("verify", "--help", cwd=tmp_path)).stdout
    heads = ["Arguments:", "Options:", "Report:", "Network:", "General:"]
    assert [line for line in page.splitlines() if line in heads] == heads
    sections = page.split("\n\n")
    (network,) = [one for one in sections if one.startswith("Network:")]
    assert "--ca-file FILE" in network
    assert "--strict" not in network


async def test_what_a_command_does_is_said_to_the_end(tmp_path: Path) -> None:
    page = " ".join((await run("-h", cwd=tmp_path)).stdout.split())
    assert "make thumbnails, set the isCached flags. verify The same verdicts" in page
    assert "..." not in page.partition("Every day:")[2]
    assert page.endswith("130 interrupted.")


async def test_commands_stand_in_sections_by_what_they_are_for(tmp_path: Path) -> None:
    page = (await run("--help", cwd=tmp_path)).stdout
    sections = {one.partition(":\n")[0]: one for one in page.split("\n\n")}
    assert "Commands" not in sections
    for head, names in {
        "Every day": ["refresh", "verify"],
        "Look at it": ["report", "explain", "serve"],
        "Set up": ["init", "demo"],
        "The cache": ["export", "cache"],
    }.items():
        assert re.findall(r"^  ([a-z]+) ", sections[head], re.MULTILINE) == names


@pytest.mark.parametrize("words", ["", "refresh", "verify", "explain", "cache", "cache gc"])
@pytest.mark.parametrize("width", [60, 80, 120])
async def test_a_page_fits_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    page = (await run(*words.split(), "--help", cwd=tmp_path)).stdout
    lines = page.splitlines()
    assert max(map(len, lines)) <= width
    assert "Examples:" in lines
    assert "\x1b" not in page


async def test_a_long_flag_leaves_room_for_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    page = (await run("verify", "-h", cwd=tmp_path)).stdout
    assert "  --ca-file FILE       Trust these certificates too (PEM).\n" in page
    assert "\n  # asks for just enough of each image\n  imgcache verify\n" in page


async def test_a_command_alone_and_wrong_words_are_usage_errors(tmp_path: Path) -> None:
    for words, told in (([], "Usage:"), (["cache"], "Usage:"), (["refrsh"], "refresh")):
        done = await run(*words, cwd=tmp_path)
        assert done.status == 2
        assert told in done.stderr + done.stdout


COMMANDS = {
    **{
        name: name
        for name in (
            *("refresh", "verify", "report", "export", "explain", "init", "serve", "demo"),
        )
    },
    **{f"cache {name}": name for name in ("stats", "check", "gc")},
}


@pytest.mark.parametrize("words", COMMANDS)
async def test_a_page_fits_80_columns_and_is_plain_text(tmp_path: Path, words: str) -> None:
    page = (await run(*words.split(), "--help", cwd=tmp_path)).stdout
    assert max(map(len, page.splitlines())) <= 80
    assert page.isascii()
    assert page.replace("\n", "").isprintable()
    # What Python calls a type is no word of a user's.
    assert not re.search(r"<\w|<=|\[default|list\[|\bTEXT\b|\bINTEGER\b|\bFLOAT\b", page)


@pytest.mark.parametrize(("words", "name"), COMMANDS.items())
async def test_each_command_has_examples_that_it_takes(
    tmp_path: Path, words: str, name: str
) -> None:
    page = (await run(*words.split(), "--help", cwd=tmp_path)).stdout
    shown = page.partition("\nExamples:\n")[2].splitlines()
    assert [line.strip() for line in shown] == list(EXAMPLES[name])
    for line in shown:
        *_, example = line.split("#")[0].partition(f"imgcache {words}")
        assert set(re.findall(r"--[a-z-]+", example)) <= set(re.findall(r"--[a-z-]+", page))
        parsed = await run(*words.split(), *shlex.split(example), "--help", cwd=tmp_path)
        assert (parsed.status, parsed.stderr) == (0, "")


def test_no_example_is_of_a_command_that_there_is_not() -> None:
    assert set(EXAMPLES) == {"imgcache", "cache", *COMMANDS.values()}


async def test_usage_names_arguments_as_their_section_does(tmp_path: Path) -> None:
    usage = {
        "refresh": "refresh [OPTIONS] [PATH...]",
        "explain": "explain [OPTIONS] URL|CODE",
        "cache gc": "cache gc [OPTIONS]",
    }
    for words, told in usage.items():
        page = (await run(*words.split(), "--help", cwd=tmp_path)).stdout
        assert page.splitlines()[0].endswith(f" {told}")
