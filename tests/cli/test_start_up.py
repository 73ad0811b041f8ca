"""What a command imports before its work: as little as it needs, which is most of its start-up."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imgcache.edge.cores import cores
from tests.support import pictures
from tests.support.world import World, run, start

IMPORTED = re.compile(r"^import time:.*\| *(\S+)$", re.MULTILINE)
# For requests, images, terminals, other reports; `imgcache.X` are our own that need any of these.
LATER = {
    "aiofiles", "aiohttp", "certifi", "defusedxml", "httpx", "importlib.metadata", "jinja2",
    "pathspec", "PIL", "prometheus_client", "rich", "yarl",
    "imgcache.core.images.examine", "imgcache.edge.decoder.pixels", "imgcache.edge.http.fetcher",
    "imgcache.core.articles.readers",
    "imgcache.render.github", "imgcache.render.sarif", "imgcache.engine.explain",
}  # fmt: skip
ENGINE = {
    "asyncio", "pydantic", "sqlite3", "ssl", "yaml",
    "imgcache.config", "imgcache.core", "imgcache.edge", "imgcache.engine", "imgcache.render",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _imports_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")


def imported(stderr: str) -> set[str]:
    return set(IMPORTED.findall(stderr))


async def known_site(world: World) -> None:
    """All of it is in the cache, and fresh."""
    world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(world.origin.url("/a.jpg")))
    assert (await world.only()).cached


@pytest.mark.parametrize("words", ["--help", "verify --help", "cache gc --help", "serve --help"])
async def test_help_imports_neither_engine_nor_libraries(world: World, words: str) -> None:
    done = await run(*words.split(), cwd=world.folder)
    assert done.stdout.startswith("Usage:")
    assert "imgcache.cli.app" in imported(done.stderr)
    assert imported(done.stderr) & (LATER | ENGINE) == set()


@pytest.mark.parametrize("words", ["verify --offline", "verify --offline articles/a.md", "refresh"])
async def test_a_run_that_asks_nobody_imports_nothing_to_ask_with(world: World, words: str) -> None:
    await known_site(world)
    done = await run(*words.split(), cwd=world.folder)
    assert "1 ok" in done.stdout
    assert "imgcache.engine.run.wiring" in imported(done.stderr)
    assert imported(done.stderr) & LATER == set()
    # Nor does a process begin that would send requests, unless some might be, or read articles.
    begun = "imgcache.edge.http.apart.process" in imported(done.stderr)
    assert begun == (words == "refresh")
    assert "imgcache.edge.helpers" not in imported(done.stderr)


@pytest.mark.skipif(cores() == 1, reason="nothing is to be done on another core")
@pytest.mark.parametrize(
    ("words", "is_early"),
    [
        ("refresh", True),
        ("verify", True),
        ("verify --offline", False),
        ("verify --rehash", False),
        ("explain a.jpg", False),
    ],
)
async def test_where_no_catalog_is_kept_a_decoder_starts_before_all_else(
    world: World, words: str, *, is_early: bool
) -> None:
    world.article(world.entry(world.origin.url("/a.jpg")))
    first = await run(*words.split(), cwd=world.folder)
    assert _is_early(first.stderr) == is_early
    await known_site(world)
    assert not _is_early((await run(*words.split(), cwd=world.folder)).stderr)


def _is_early(stderr: str) -> bool:
    order = IMPORTED.findall(stderr)
    launch = "imgcache.edge.decoder.launch"
    return launch in order and order.index(launch) < order.index("imgcache.cli.app")


async def test_one_known_article_of_many_needs_no_parser(world: World) -> None:
    await known_site(world)
    for name in "bcdefg":
        world.article(world.entry(world.origin.url("/a.jpg")), name=f"{name}.md")
    assert (await run("refresh", cwd=world.folder)).status == 0
    done = await run("verify", "--offline", "articles/a.md", cwd=world.folder)
    assert "1 ok" in done.stdout
    assert imported(done.stderr) & {"yaml", "imgcache.core.articles.entries"} == set()


async def test_a_service_that_nobody_posts_to_imports_nothing_to_ask_with(world: World) -> None:
    await known_site(world)
    process = await start("serve", "--port", "0", cwd=world.folder)
    assert process.stderr is not None
    lines = [await process.stderr.readline()]
    while b"imgcache: ready" not in lines[-1]:
        assert lines[-1], lines
        lines.append(await process.stderr.readline())
    process.send_signal(signal.SIGINT)
    await process.communicate()
    found = imported(b"".join(lines).decode())
    assert "imgcache.service.server" in found
    assert found & {"aiohttp", "httpx", "certifi", "PIL", "rich", "yarl"} == set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's disk that is always full")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--help >/dev/full", "imgcache: stdout can't be written: No space left on device\n"),
        ("--version >/dev/full", "imgcache: stdout can't be written: No space left on device\n"),
        ("verify --help >/dev/full 2>/dev/full", ""),
        ("nonsense 2>/dev/full", ""),
    ],
)
def test_a_full_stdout_is_told_in_one_line(words: str, told: str) -> None:
    command = f"'{sys.executable}' -m imgcache {words}"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(told)
    assert "Traceback" not in done.stderr
