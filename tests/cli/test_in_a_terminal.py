"""The text report as a terminal gets it: wrapped, coloured and linked; and as a pipe does."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.origin import Origin
from tests.support.world import World

CONTROL = re.compile(r"\x1b\]8;;[!-~]*\x1b\\|\x1b\[[0-9;]*m")
HOSTILE = r'url: "https://a.test/\e]8;;x\a\u202E\x9b2J", width: 1, height: 1'
# What says anything of terminals is not taken over from where the tests run.
TOLD = re.compile(
    "NO_COLOR|.*COLOR.*|TERM.*|VTE_VERSION|KONSOLE.*|WT_.*|TMUX|STY|COLUMNS|GITHUB_.*"
)
PLAIN = {name: value for name, value in os.environ.items() if not TOLD.fullmatch(name)} | {
    "TERM": "xterm-256color",
    "LC_ALL": "C.UTF-8",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site with a URL that can't be used, and one that would steer the terminal."""
    world = World(tmp_path, Origin())
    world.article(world.entry(f"ftp://a.test/{'long-' * 20}"), HOSTILE, name="é \x1b[31m.md")
    return tmp_path


async def shown(folder: Path, columns: int, *words: str, **env: str) -> str:
    """What a terminal of this width gets on stdout."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    words = ("verify", "--offline", "--no-progress", *words)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "imgcache", *words), cwd=folder, env=PLAIN | env, stdout=theirs
    )
    os.close(theirs)
    text = await asyncio.to_thread(_all_of, ours)
    assert await process.wait() == 1
    return text.decode().replace("\r\n", "\n")


def _all_of(terminal: int) -> bytes:
    parts = []
    try:
        while part := os.read(terminal, 1 << 16):
            parts.append(part)
    except OSError:  # Linux says so at the end
        pass
    os.close(terminal)
    return b"".join(parts)


@pytest.mark.parametrize("columns", [60, 80, 120])
async def test_prose_is_wrapped_with_its_indent(folder: Path, columns: int) -> None:
    text = await shown(folder, columns)
    assert "\x1b[1;31merror" in text
    lines = CONTROL.sub("", text).splitlines()
    long = [line for line in lines if cell_len(line) > columns]
    assert [line for line in long if "long-long" not in line] == []
    assert lines[0].startswith("error    unsupported-url (IMG213)")
    for line in lines[1 : lines.index("")]:
        assert line.startswith(" " * 9)
        assert line.strip()


async def test_known_terminals_get_links_and_nothing_of_strangers_in_them(folder: Path) -> None:
    text = await shown(folder, 80, TERM="xterm-kitty")
    links = re.findall(r"\x1b\]8;;([^\x1b]+)\x1b\\(.*?)\x1b\]8;;\x1b\\", text)
    assert {label for _, label in links} == {
        r"articles/é \x1b[31m.md:3:11",
        r"articles/é \x1b[31m.md:4:11",
    }
    for link, _ in links:
        assert re.fullmatch(r"file://[!-~]+/articles/%C3%A9%20%1B%5B31m\.md#[34]", link)
    rest = CONTROL.sub("", text)
    assert all(char.isprintable() or char == "\n" for char in rest)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"CLICOLOR": "0"}, {"TERM": "dumb"}])
async def test_who_wants_no_colours_gets_none(folder: Path, env: dict[str, str]) -> None:
    assert "\x1b" not in await shown(folder, 80, **env)


@pytest.mark.parametrize("format_", ["concise", "markdown"])
async def test_other_formats_are_the_same_everywhere(folder: Path, format_: str) -> None:
    assert "\x1b" not in await shown(folder, 60, "--format", format_, TERM="xterm-kitty")


async def test_a_pipe_gets_whole_lines_and_colours_only_when_forced(folder: Path) -> None:
    texts = []
    for env in ({}, {"FORCE_COLOR": "1", "TERM": "xterm-kitty"}):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "imgcache", "verify", "--offline"),
            cwd=folder,
            env=PLAIN | {"COLUMNS": "60"} | env,
            stdout=asyncio.subprocess.PIPE,
        )
        stdout, _ = await process.communicate()
        texts.append(stdout.decode())
    plain, forced = texts
    assert "\x1b" not in plain
    assert "the scheme is ftp, not http or https; write a complete http or https URL\n" in plain
    assert "\x1b[1;31merror" in forced
    assert "\x1b]8" not in forced
    seconds = re.compile(r"in [\d.]+ s")
    assert seconds.sub("", CONTROL.sub("", forced)) == seconds.sub("", plain)
