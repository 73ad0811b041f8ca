"""Articles without any image entry: never silence, and with `--strict` a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.world import run

COVER = "---\ncover: {image: 'https://a.test/a.png'}\n---\n![](https://a.test/b.png)\n"
BARE = "---\ntitle: x\n---\n"


def write(folder: Path, *texts: str) -> None:
    (folder / "articles").mkdir(exist_ok=True)
    for number, text in enumerate(texts):
        (folder / "articles" / f"{number}.md").write_text(text)


@pytest.mark.parametrize("command", ["refresh", "verify"])
async def test_what_is_seen_and_not_read_is_told(tmp_path: Path, command: str) -> None:
    write(tmp_path, COVER, COVER, BARE)
    told = (
        "imgcache: 3 articles, no image entry; 2 have `cover.image`, 2 images stand in bodies: "
        "run `imgcache init`\n"
    )
    for flags, status in (((), 0), (("--strict",), 1), (("--strict", "--quiet"), 1)):
        done = await run(command, *flags, cwd=tmp_path)
        assert done.status == status
        assert (told in done.stderr) == ("--quiet" not in flags)


async def test_articles_without_images_are_told_too(tmp_path: Path) -> None:
    write(tmp_path, BARE)
    done = await run("verify", "--strict", "articles", cwd=tmp_path)
    assert done.status == 1
    assert "1 article, no image entry, and nothing that looks like one\n" in done.stderr


async def test_a_site_with_one_entry_is_not_blind(tmp_path: Path) -> None:
    write(tmp_path, COVER, "---\nimages: ['data:image/gif;base64,R0lGODlhAQABAAAAACw=']\n---\n")
    done = await run("verify", "--offline", cwd=tmp_path)
    assert "no image entry" not in done.stderr


async def test_files_that_are_named_may_have_none_where_places_are_configured(
    tmp_path: Path,
) -> None:
    write(tmp_path, BARE)
    (tmp_path / "imgcache.toml").write_text('[[images]]\nat = "cover"\nurl = "image"\n')
    one = await run("verify", "--strict", "articles/0.md", cwd=tmp_path)
    assert (one.status, "no image entry" in one.stderr) == (0, False)
    every = await run("verify", "--strict", cwd=tmp_path)
    assert (every.status, "no image entry" in every.stderr) == (1, True)


async def test_articles_that_cannot_be_read_are_another_matter(tmp_path: Path) -> None:
    write(tmp_path, "---\nimages: [\n---\n")
    done = await run("verify", cwd=tmp_path)
    assert (done.status, "no image entry" in done.stderr) == (1, False)


async def test_an_empty_list_of_places_is_told_of_named_files_too(tmp_path: Path) -> None:
    write(tmp_path, COVER)
    (tmp_path / "imgcache.toml").write_text("images = []\n")
    for paths in ((), ("articles",), ("articles/0.md",)):
        done = await run("verify", "--strict", *paths, cwd=tmp_path)
        assert done.status == 1
        assert "1 article, no image entry; 1 has `cover.image`" in done.stderr
