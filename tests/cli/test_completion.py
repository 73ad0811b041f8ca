"""Completion: what a shell is told, the scripts, and where they are written."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from imgcache.cli.app import app
from imgcache.cli.completion import Shell, codes
from tests.support.man_page import commands
from tests.support.world import run

COMMANDS = [("imgcache", get_command(app)), *commands(get_command(app))]

# As the installed script starts it.
START = "import sys; sys.argv[0] = 'imgcache'; from imgcache.__main__ import run; run()"


async def asked(words: str, number: int) -> list[str]:
    """What bash is told for the word with that number."""
    given = {"_IMGCACHE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(number)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", START, env=os.environ | given, stdout=asyncio.subprocess.PIPE
    )
    stdout, _ = await process.communicate()
    return stdout.decode().split()


@pytest.mark.parametrize(
    ("words", "number", "told"),
    [
        ("imgcache ver", 1, ["verify"]),
        ("imgcache cache ", 2, ["stats", "check", "gc"]),
        ("imgcache verify --bas", 2, ["--baseline"]),
        ("imgcache verify --format s", 3, ["sarif"]),
        ("imgcache verify --log-format ", 3, ["text", "json"]),
        ("imgcache cache gc --format j", 4, ["json"]),
        ("imgcache explain dns", 2, ["dns-error"]),
        ("imgcache explain IMG50", 2, [f"IMG50{number}" for number in range(1, 8)]),
        ("imgcache --show-completion ", 2, ["bash", "zsh", "fish"]),
        # The shell completes files itself.
        ("imgcache verify art", 2, []),
        ("imgcache verify --baseline kn", 3, []),
    ],
)
async def test_commands_flags_and_values_are_completed(
    words: str, number: int, told: list[str]
) -> None:
    assert await asked(words, number) == told


OPTIONS = [(words, one) for words, command in COMMANDS for one in command.params]


@pytest.mark.parametrize(("words", "option"), OPTIONS, ids=lambda one: getattr(one, "name", one))
def test_what_a_metavar_promises_is_completed(words: str, option: Any) -> None:
    told = [one.value for one in option.shell_complete(None, "")]
    metavar = option.metavar or ""
    if re.fullmatch(r"[a-z]+(\|[a-z]+)+", metavar):
        assert told == metavar.split("|")
    elif "CODE" in metavar:
        assert "gone" in told, f"give it autocompletion=codes: {words} {option.name}"
    else:
        # The shell completes files itself.
        assert told == []


def test_verdicts_are_completed_by_name_or_by_code() -> None:
    assert codes("too-l") == [("too-large", "IMG301")]
    assert codes("img2")[0] == ("IMG201", "gone")
    assert ("gone", "IMG201") in codes("")
    assert codes("xyz") == []


@pytest.mark.parametrize("shell", Shell)
async def test_the_script_of_each_shell_is_printed(tmp_path: Path, shell: Shell) -> None:
    done = await run("--show-completion", shell, cwd=tmp_path)
    assert (done.status, done.stderr) == (0, "")
    assert f"_IMGCACHE_COMPLETE=complete_{shell}" in done.stdout
    assert "python -m" not in done.stdout


async def test_another_shell_is_told_which_there_are(tmp_path: Path) -> None:
    done = await run("--show-completion", "tcsh", cwd=tmp_path)
    assert done.status == 2
    assert "write one of bash, zsh, fish" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("shell", "path"),
    [
        (Shell.BASH, ".bash_completions/imgcache.sh"),
        (Shell.ZSH, ".zfunc/_imgcache"),
        (Shell.FISH, ".config/fish/completions/imgcache.fish"),
    ],
)
async def test_a_script_is_written_where_its_shell_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: Shell, path: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    done = await run("--install-completion", shell, cwd=tmp_path)
    assert done.status == 0
    assert done.stdout.startswith(f"wrote {tmp_path / path}: ")
    assert "_IMGCACHE_COMPLETE" in (tmp_path / path).read_text()


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
async def test_bash_takes_the_script(tmp_path: Path) -> None:
    script = (await run("--show-completion", "bash", cwd=tmp_path)).stdout
    started = f"{sys.executable} -c {shlex.quote(START)}"
    (tmp_path / "imgcache").write_text(f'#!/bin/sh\nexec {started} "$@"\n')
    (tmp_path / "imgcache").chmod(0o755)
    asking = "COMP_WORDS=(imgcache explain IMG101); COMP_CWORD=2; _imgcache_completion ./imgcache"
    told = await asyncio.create_subprocess_exec(
        "bash", "--norc", "-c", f'{script}\n{asking}; echo "${{COMPREPLY[@]}}"',
        cwd=tmp_path, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    stdout, _ = await told.communicate()
    assert stdout.decode().split() == ["IMG101"]
