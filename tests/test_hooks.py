"""The pre-commit hooks on a sample repository, started the way pre-commit starts them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from imgcache.edge.articles.discovery import discover
from tests.support import pictures
from tests.support.origin import Origin
from tests.support.world import Finished, World, run

ROOT = Path(__file__).parent.parent
HOOKS: dict[str, dict[str, Any]] = {
    one["id"]: one for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
}
SUFFIXES = ("md", "mdx", "markdown", "html", "htm", "txt", "yml", "yaml")


async def hook(name: str, folder: Path, *files: str, args: tuple[str, ...] = ()) -> Finished:
    """The hook's entry, its arguments, the file names; nothing when no file matches."""
    known = HOOKS[name]
    program, *entry = shlex.split(known["entry"])
    assert program == "imgcache"
    matched = [one for one in files if re.search(known["files"], one)]
    if not matched:
        return Finished(0, "", "")
    return await run(*entry, *(args or known["args"]), *matched, cwd=folder)


@pytest.mark.parametrize("name", ["imgcache-offline", "imgcache-verify"])
def test_a_hook_takes_every_kind_of_article_and_nothing_else(name: str, tmp_path: Path) -> None:
    pattern = HOOKS[name]["files"]
    taken = [f"content/sub/a.{suffix}" for suffix in SUFFIXES]
    for file in (*taken, "content/sub/a.json", "content/sub/a.mdown"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("x")
    found = discover([tmp_path], cache_dir=tmp_path / "cache")
    assert {one.path.relative_to(tmp_path).as_posix() for one in found} == set(taken)
    assert all(re.search(pattern, one) for one in (*taken, "articles/a.md", "site/content/a.md"))
    for other in ("README.md", "content/a.json", "content/a.md.bak", "mycontent/a.md", "content"):
        assert not re.search(pattern, other), other


def test_the_hooks_are_named_as_the_documentation_names_them() -> None:
    documented = re.findall(r"- id: (imgcache-\w+)", (ROOT / "README.md").read_text())
    assert documented == list(HOOKS)
    assert all(one["language"] == "python" and one["require_serial"] for one in HOOKS.values())


async def test_the_offline_hook_holds_flags_against_the_cache(tmp_path: Path) -> None:
    async with Origin() as origin:
        origin.route("/a.jpg", body=pictures.jpeg(160, 120))
        world = World(tmp_path, origin)
        world.article(world.entry(origin.url("/a.jpg")), name="a b.md")
        await world.refresh()
        world.article(world.entry(origin.url("/b.jpg"), cached="true"), name="false.md")
        asked, before = len(origin.requests), world.state()
        sound = await hook("imgcache-offline", tmp_path, "articles/a b.md", "README.md")
        wrong = await hook("imgcache-offline", tmp_path, "articles/a b.md", "articles/false.md")
        assert (len(origin.requests), world.state()) == (asked, before)
    assert (sound.status, sound.stderr) == (0, "")
    assert wrong.status == 1
    assert "not-cached (IMG401)" in wrong.stdout


async def test_the_online_hook_asks_the_origin_with_the_arguments_of_the_site(
    tmp_path: Path,
) -> None:
    async with Origin() as origin:
        origin.route("/a.jpg", body=pictures.jpeg(160, 120))
        origin.route("/b.jpg", body=pictures.jpeg(120, 160))
        world = World(tmp_path, origin)
        world.article(world.entry(origin.url("/a.jpg")), name="a.md")
        world.article(world.entry(origin.url("/b.jpg")), name="b.md")
        args = ("--allow-private", origin.allow)
        sound = await hook("imgcache-verify", tmp_path, "articles/a.md", args=args)
        wrong = await hook("imgcache-verify", tmp_path, "articles/a.md", "articles/b.md", args=args)
    assert (sound.status, wrong.status) == (0, 1)
    assert "dimensions-swapped (IMG102)" in wrong.stdout
    assert not world.cache.exists()


async def test_the_offline_hook_passes_with_one_line_in_a_clone_without_any_cache(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, Origin())
    world.article(world.entry("https://a.test/a.jpg", cached="true"))
    done = await hook("imgcache-offline", tmp_path, "articles/a.md")
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr == "imgcache: no cache in cache: nothing to hold the flags against\n"
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "manifest.json").write_text('{"schema": 1, "images": {}}')
    assert (await hook("imgcache-offline", tmp_path, "articles/a.md")).status == 1


async def test_a_commit_without_articles_starts_nothing(tmp_path: Path) -> None:
    assert (await hook("imgcache-offline", tmp_path, "README.md")).status == 0
