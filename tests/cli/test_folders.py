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
    told = "imgcache: 1 article, no image entry, and nothing that looks like one\n"
    assert (again.stderr, ignored.exists()) == (told, False)
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


async def test_what_skip_names_is_passed_over_and_told_once(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "imgcache.toml").write_text("[skip]\ndraft = true\n")
    images = "images: [{url: ftp://a.test/a}]"
    for name, draft in (("a", "true"), ("b", "false"), ("c", "true")):
        text = f"---\ndraft: {draft}\n{images}\n---\n"
        (tmp_path / "articles" / f"{name}.md").write_text(text)
    (tmp_path / "articles" / "d.yml").write_text(f"draft: true\n{images}\n")
    for _ in range(2):
        done = await run("refresh", "--format", "json", cwd=tmp_path)
        assert {one["article"] for one in done.report["entries"]} == {"articles/b.md"}
        told = (
            "3 files that `skip` names: passed over (articles/a.md, articles/c.md, articles/d.yml)"
        )
        assert done.stderr.count(told) == 1
    named = await run("verify", "articles/a.md", cwd=tmp_path)
    assert (named.status, "1 file that `skip` names" in named.stderr) == (0, True)
    (tmp_path / "imgcache.toml").write_text("")
    after = await run("verify", "--offline", "--format", "json", cwd=tmp_path)
    assert after.report["summary"]["entries"] == 4


async def test_a_string_amid_mappings_is_told_until_a_place_finds_it(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    text = "---\nimages:\n- {url: ftp://a.test/a}\n- ftp://a.test/b\n---\n"
    (tmp_path / "articles" / "a.md").write_text(text)
    where = "1 string amid the mappings of a list: not read (articles/a.md:4)"
    for command in ("refresh", "refresh", "verify"):
        done = await run(command, "--format", "json", cwd=tmp_path)
        assert done.stderr.count(where) == 1
        assert len(done.report["entries"]) == 1
    (tmp_path / "imgcache.toml").write_text('[[images]]\nat = "images[]"\n')
    done = await run("refresh", "--format", "json", cwd=tmp_path)
    assert [one["url"] for one in done.report["entries"]] == ["ftp://a.test/a", "ftp://a.test/b"]
    assert "amid" not in done.stderr


async def test_a_place_that_finds_nothing_is_told_with_the_nearest_that_would(
    tmp_path: Path,
) -> None:
    (tmp_path / "articles").mkdir()
    for name in "ab":
        text = "---\ncover: {image: https://a.test/a.png}\nicon: https://a.test/b.ico\n---\n"
        (tmp_path / "articles" / f"{name}.md").write_text(text)
    (tmp_path / "imgcache.toml").write_text(
        '[[images]]\nat = "icon"\n[[images]]\nat = "cover"\nurl = "img"\n'
    )
    told = "[[images]] at = 'cover' finds no image in any article; the nearest with images is "
    for _ in range(2):
        done = await run("verify", "--offline", cwd=tmp_path)
        assert done.stderr.count(f"{told}`cover.image`") == 1
        assert "at = 'icon'" not in done.stderr
    part = await run("verify", "--offline", "articles/a.md", cwd=tmp_path)
    assert "finds no image" not in part.stderr
