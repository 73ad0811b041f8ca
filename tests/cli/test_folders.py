"""The same site from wherever in it the program is started."""

from __future__ import annotations

from pathlib import Path

from tests.support import pictures
from tests.support.origin import Origin
from tests.support.world import World, run


async def test_a_subfolder_means_the_cache_of_its_site(tmp_path: Path) -> None:
    async with Origin() as origin:
        url = origin.route("/a.jpg", body=pictures.jpeg(160, 120))
        world = World(tmp_path, origin)
        (tmp_path / "imgcache.toml").write_text(f'[fetch]\nallow_private = ["{origin.allow}"]\n')
        article = world.article(world.entry(url), name="sub/a.md")
        assert (await run("refresh", cwd=tmp_path)).status == 0
        origin.route("/a.jpg", status=404)
        asked, before = len(origin.requests), world.state()
        again = await run("refresh", "--format", "json", cwd=article.parent)
        offline = await run("verify", "--offline", cwd=article.parent)
        dropped = await run("cache", "gc", cwd=article.parent)
    assert (again.status, offline.status, dropped.status) == (0, 0, 0)
    assert again.report["entries"][0]["article"] == "a.md"
    assert (len(origin.requests), world.state()) == (asked, before)
    assert not (article.parent / "cache").exists()
    assert "isCached: true" in article.read_text()


async def test_flags_are_relative_to_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "imgcache.toml").write_text("")
    for name in ("articles/a.md", "content/b.md"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("---\nimages: []\n---\n")
    words = ("refresh", "b.md", "--cache-dir", "store")
    done = await run(*words, "--format", "json", cwd=tmp_path / "content")
    assert (done.status, done.report["summary"]["articles"]) == (0, 1)
    assert (tmp_path / "content" / "store" / "index.sqlite3").exists()
    assert not (tmp_path / "cache").exists()


async def test_a_new_cache_folder_is_told_once_and_its_gitignore_is_no_stray(
    tmp_path: Path,
) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "a.md").write_text("---\nimages: []\n---\n")
    first = await run("refresh", cwd=tmp_path)
    ignored = tmp_path / "cache" / ".gitignore"
    assert first.stderr.count(".gitignore") == 2
    assert first.stderr.startswith("imgcache: made cache/ with a .gitignore")
    assert ignored.read_text().endswith("\n/index.sqlite3*\n/lock\n/tmp/\n")
    ignored.unlink()
    again = await run("refresh", cwd=tmp_path)
    assert (again.stderr, ignored.exists()) == ("", False)
    ignored.write_text("mine\n")
    checked = await run("cache", "check", "--format", "json", cwd=tmp_path)
    await run("cache", "gc", cwd=tmp_path)
    assert checked.report["strays"] == {"files": 0, "bytes": 0}
    assert ignored.read_text() == "mine\n"


async def test_files_that_are_passed_over_are_named(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    for number in range(5):
        (tmp_path / "articles" / f"{number}.md").write_text("---\ntitle: no end\n")
    few = await run("verify", cwd=tmp_path)
    every = await run("verify", "--verbose", cwd=tmp_path)
    names = [f"articles/{number}.md" for number in range(5)]
    assert f"passed over ({', '.join(names[:3])} and 2 more)" in few.stderr
    assert f"passed over ({', '.join(names)})" in every.stderr
