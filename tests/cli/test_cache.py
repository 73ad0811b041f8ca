"""`imgcache cache` as a user starts it: words in, stdout, stderr and exit status out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imgcache.core.cache.plan import Scope
from imgcache.edge.cache.lock import CacheLock
from tests.support import pictures
from tests.support.world import Finished, World, run

JPEG = pictures.jpeg(160, 120)


async def filled(world: World) -> Path:
    """A cache with one image, whose path is returned."""
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    entry = await world.only()
    return world.cache / str(entry.path)


async def cache(world: World, *words: str) -> Finished:
    return await run("cache", *words, cwd=world.folder)


async def test_stats_tells_what_is_there(world: World) -> None:
    await filled(world)
    done = await cache(world, "stats")
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.startswith("images          1 image, ")
    done = await cache(world, "stats", "--format", "json")
    assert done.report["images"]["files"] == 1


async def test_check_has_the_exit_status_of_the_damage_that_is_left(world: World) -> None:
    image = await filled(world)
    assert (await cache(world, "check")).status == 0
    image.write_bytes(b"x")
    done = await cache(world, "check", "--format", "json")
    assert (done.status, len(done.report["damage"])) == (1, 1)
    done = await cache(world, "check", "--repair")
    assert (done.status, done.stderr) == (0, "")
    assert "1 damaged file found, all repaired" in done.stdout
    assert (await cache(world, "check")).status == 0


async def test_gc_drops_what_no_article_names(world: World) -> None:
    image = await filled(world)
    world.article(world.entry("https://other.example/"))
    done = await cache(world, "gc", "--dry-run", "--age", "7d")
    assert (done.status, image.exists()) == (0, True)
    assert "0 files" in done.stdout
    done = await cache(world, "gc", "--dry-run")
    assert (done.status, image.exists()) == (0, True)
    assert f"would drop {image.relative_to(world.cache)}" in done.stdout
    done = await cache(world, "gc", "--format", "json")
    assert (done.status, done.report["dropped"]["files"], image.exists()) == (0, 2, False)


async def test_gc_takes_an_age_of_nothing_at_its_word(world: World) -> None:
    image = await filled(world)
    world.origin.route("/a.jpg", body=pictures.jpeg(160, 120, seed=9))
    await world.refresh(scope=Scope.EVERYTHING)
    told = f"would drop {image.relative_to(world.cache)}"
    assert told not in (await cache(world, "gc", "--dry-run")).stdout
    assert told in (await cache(world, "gc", "--dry-run", "--age", "0s")).stdout


async def test_gc_is_refused_without_an_article_and_reports_a_broken_one(world: World) -> None:
    image = await filled(world)
    (world.articles / "a.md").write_text("---\nimages: [\n---\n")
    done = await cache(world, "gc")
    assert (done.status, image.exists()) == (1, True)
    assert done.stdout.startswith("articles/a.md:")
    (world.articles / "a.md").unlink()
    done = await cache(world, "gc")
    assert (done.status, image.exists()) == (2, True)
    assert done.stderr.startswith("imgcache: no article was found")


async def test_a_locked_cache_is_told_in_a_sentence(world: World) -> None:
    image = await filled(world)
    image.write_bytes(b"x")
    with CacheLock(world.cache):
        for words in (["check", "--repair"], ["gc"]):
            done = await cache(world, *words)
            assert done.status == 2
            assert done.stderr.startswith("imgcache: ")
            assert "another imgcache" in done.stderr
        assert (await cache(world, "stats")).status == 0
        assert (await cache(world, "check")).status == 1


@pytest.mark.parametrize(
    "words", [["gc", "--age", "soon"], ["gc", "--age"], ["stats", "--format", "sarif"], ["prune"]]
)
async def test_wrong_usage_is_told(world: World, words: list[str]) -> None:
    done = await cache(world, *words)
    assert (done.status, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


async def test_a_cache_elsewhere_can_be_named(world: World, tmp_path: Path) -> None:
    await filled(world)
    done = await run(
        "cache", "stats", "--cache-dir", world.cache, "--format", "json", cwd=tmp_path / "articles"
    )
    assert json.loads(done.stdout)["images"]["files"] == 1


@pytest.mark.parametrize("words", [("stats",), ("check",), ("gc",), ("gc", "--dry-run")])
async def test_a_cache_that_is_not_there_is_told_and_not_made(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "a.md").write_text("---\nurl: https://a.test/a.jpg\n---\n")
    done = await run("cache", *words, "--cache-dir", "nope", cwd=tmp_path)
    assert done.status == (2 if words[0] == "gc" else 0)
    assert done.stderr.startswith("imgcache: nope/: there is no cache yet")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "nope").exists()
