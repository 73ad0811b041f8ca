"""Pages of --help: all flags in their sections, and what each command does in a whole sentence."""

from __future__ import annotations

from pathlib import Path

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
    assert "..." not in page.partition("Commands:")[2]
    assert page.endswith("130 interrupted.")


async def test_a_command_alone_and_wrong_words_are_usage_errors(tmp_path: Path) -> None:
    for words, told in (([], "Usage:"), (["cache"], "Usage:"), (["refrsh"], "refresh")):
        done = await run(*words, cwd=tmp_path)
        assert done.status == 2
        assert told in done.stderr + done.stdout
