"""A run leaves no file open, however it went."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from imgcache.edge.cache.lock import CacheLock
from imgcache.engine.cache.check import check
from imgcache.engine.cache.gc import collect_garbage
from imgcache.engine.run.listener import Listener
from imgcache.engine.verify.pipeline import verify
from imgcache.errors import CacheLockedError, LocalError
from tests.support import behaviours, pictures
from tests.support.world import World

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def opened() -> list[str]:
    """The files that this process has open; sockets come and go with the origin's connections."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:  # the listing itself
            continue
        if target.startswith("/"):
            found.append(target)
    return sorted(found)


def troubled(world: World) -> None:
    """Articles and images of which about everything goes wrong."""
    good = pictures.jpeg(160, 120)
    world.article(
        world.entry(world.origin.route("/a.jpg", body=good)),
        world.entry(world.origin.route("/big.jpg", body=pictures.jpeg(1200, 900)), 1200, 900),
        world.entry(world.origin.route("/cut.jpg", body=pictures.cut(good))),
        world.entry(world.origin.route("/gone.jpg", status=404)),
        world.entry(world.origin.route("/reset.jpg", behaviours.reset())),
        world.entry("http://127.0.0.1:9/refused.jpg"),
    )
    (world.articles / "broken.md").write_text("---\nimages: [\n---\n")
    hard = world.article(world.entry(world.origin.url("/a.jpg")), name="hard.md")
    os.link(hard, world.folder / "another-name")
    (world.articles / "readonly.md").write_bytes(hard.read_bytes())
    (world.articles / "readonly.md").chmod(0o444)


async def everything(world: World) -> None:
    settings = world.settings()
    article = world.articles / "a.md"
    article.write_text(article.read_text().replace("isCached: true", "isCached: false"))
    await world.refresh(write=False)
    assert (await world.refresh()).summary.articles_changed == 1
    (await verify([world.articles], settings)).close()
    (next((world.cache / "thumbs").rglob("*.webp"))).write_bytes(b"x")
    await check(settings, Listener(), repair=True)
    world.extra["articles"] = [str(world.articles)]
    told = await collect_garbage(world.settings(), Listener())
    assert told.problems


async def test_no_file_stays_open_whatever_went_wrong(world: World) -> None:
    troubled(world)
    await everything(world)  # what is started once, like the fork server, is there by now
    before = opened()
    for _ in range(3):
        await everything(world)
    assert opened() == before


async def test_a_broken_index_and_a_locked_cache_leave_no_file_open(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))))
    await world.refresh()
    before = opened()
    for _ in range(3):
        (world.cache / "index.sqlite3").write_bytes(b"no database at all" * 1000)
        with pytest.raises(LocalError):
            await verify([world.articles], world.settings())
        with CacheLock(world.cache), pytest.raises(CacheLockedError):
            await world.refresh()
        await world.refresh()
    assert opened() == before
