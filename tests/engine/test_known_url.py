"""What the cache knows of one URL: from index and articles, and nothing is written."""

from __future__ import annotations

from pathlib import Path

from imgcache import Settings
from imgcache.core.cache.plan import Scope
from imgcache.engine.known_url import known_url
from imgcache.model import Verdict
from tests.support import pictures
from tests.support.world import World


def settings(world: World) -> Settings:
    world.extra["articles"] = [str(world.articles)]
    return world.settings()


async def test_a_good_image_has_a_copy_and_all_its_places(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(url), world.entry(f"{url}#top"))
    for number in range(12):
        world.article(world.entry(url), name=f"more/{number:02}.md")
    await world.refresh()
    before = world.state()
    known = await known_url(url, settings(world))
    assert known is not None
    assert known.state is not None
    assert known.state.copy is not None
    assert known.state.copy.size == (160, 120)
    assert known.state.failing_since is None
    assert known.state.succeeded_at is not None
    assert [(Path(one.article).name, one.line) for one in known.places[:3]] == [
        ("a.md", 3), ("a.md", 4), ("00.md", 3),
    ]  # fmt: skip
    assert (len(known.places), known.more) == (10, 4)
    assert world.state() == before


async def test_since_when_it_fails_is_known_and_the_copy_stays(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(url))
    await world.refresh()
    world.origin.route("/a.jpg", status=404)
    await world.refresh(scope=Scope.EVERYTHING)
    known = await known_url(url, settings(world))
    assert known is not None
    assert known.state is not None
    assert known.state.copy is not None
    assert known.state.failure is not None
    assert known.state.failure.verdict is Verdict.GONE
    assert known.state.failing_since is not None
    assert known.state.succeeded_at is not None
    assert known.state.failing_since >= known.state.succeeded_at


async def test_a_damaged_copy_is_none(world: World) -> None:
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(url))
    await world.refresh()
    (path,) = (world.cache / "images").rglob("*.jpg")
    path.write_bytes(b"\0" * path.stat().st_size)
    known = await known_url(url, settings(world))
    assert known is not None
    assert known.state is not None
    assert known.state.copy is None


async def test_what_nobody_names_or_asked_for_is_told_as_that(world: World) -> None:
    assert await known_url("https://a.test/x.jpg", settings(world)) is None
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(url))
    await world.refresh()
    known = await known_url("https://a.test/never.jpg", settings(world))
    assert known is not None
    assert (known.state, known.places, known.more) == (None, (), 0)
    world.article(world.entry("https://a.test/other.jpg"))
    forgotten = await known_url(url, settings(world))
    assert forgotten is not None
    assert forgotten.state is not None
    assert forgotten.places == ()
