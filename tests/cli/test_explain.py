"""`imgcache explain` as a user calls it: a code, a URL, or a word that is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import pictures
from tests.support.world import World, run


@pytest.mark.parametrize("word", ["IMG201", "img201", "gone", "Gone"])
async def test_a_code_is_looked_up_by_all_its_spellings(tmp_path: Path, word: str) -> None:
    done = await run("explain", word, cwd=tmp_path)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.startswith("IMG201 gone (error): the image is no longer there\n")


async def test_a_code_is_json_for_scripts(tmp_path: Path) -> None:
    done = await run("explain", "too-heavy", "--format", "json", cwd=tmp_path)
    assert done.report["code"] == "IMG501"
    assert done.report["example"]["settings"].startswith("[[rules]]")


@pytest.mark.parametrize(
    ("word", "near"), [("gnoe", "gone (IMG201)"), ("to-large", "too-large (IMG301)")]
)
async def test_an_unknown_code_is_a_usage_error_that_names_the_nearest(
    tmp_path: Path, word: str, near: str
) -> None:
    done = await run("explain", word, cwd=tmp_path)
    assert (done.status, done.stdout) == (2, "")
    told = " ".join(done.stderr.split())
    assert f"no verdict or rule is called '{word}'" in told
    assert near in told


async def test_a_url_is_told_with_what_the_cache_knows(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(url))
    words = ["explain", url, "--allow-private", world.origin.allow]
    nothing = await run(*words, "--format", "json", cwd=world.folder)
    assert (nothing.status, nothing.report["known"]) == (0, None)
    await world.refresh()
    known = (await run(*words, "--format", "json", cwd=world.folder)).report["known"]
    assert known["places"] == [{"article": "articles/a.md", "line": 3, "column": 11}]
    assert (world.cache / known["copy"]["path"]).is_file()
    told = (await run(*words, cwd=world.folder)).stdout
    assert "What the cache knows\n    last good copy: images/" in told
    assert "    named by:\n      articles/a.md:3:11\n" in told
