"""`cache stats`: what is in the cache, by its own index."""

from __future__ import annotations

from imgcache.engine.cache.stats import collect_stats
from imgcache.engine.run.listener import Listener
from imgcache.model import FileTotals, Verdict
from imgcache.render.cache.stats import hit_rate
from tests.support import pictures
from tests.support.world import World


async def test_a_new_cache_is_empty_and_is_not_made(world: World) -> None:
    stock = await collect_stats(world.settings(), Listener())
    assert (stock.images, stock.urls, stock.bytes, stock.runs) == ({}, 0, 0, ())
    assert hit_rate(stock.runs) is None
    assert not world.cache.exists()


async def test_what_is_there_is_counted(world: World) -> None:
    jpeg, png = pictures.jpeg(160, 120), pictures.png(160, 120)
    good = world.origin.route("/a.jpg", body=jpeg)
    world.article(
        world.entry(good),
        world.entry(world.origin.route("/b.png", body=png)),
        world.entry(world.origin.route("/c.jpg", status=404)),
        world.entry(world.origin.route("/d.jpg", status=403)),
    )
    for _ in range(2):
        await world.refresh()
    stock = await collect_stats(world.settings(), Listener())
    assert stock.images == {"jpeg": FileTotals(1, len(jpeg)), "png": FileTotals(1, len(png))}
    assert stock.thumbnails["small"].files == 2
    assert (stock.urls, stock.held, stock.failed) == (4, 2, 2)
    (host,) = stock.troubled
    assert host.host == good.split("/")[2]
    assert (host.urls, host.verdicts) == (4, {Verdict.GONE: 1, Verdict.BLOCKED: 1})
    assert [hit_rate((run,)) for run in stock.runs] == [0.5, 0.0]
    assert hit_rate(stock.runs) == 0.25
    on_disk = [
        path for path in world.cache.rglob("*.*") if path.suffix in {".jpg", ".png", ".webp"}
    ]
    assert stock.bytes == sum(path.stat().st_size for path in on_disk)
    assert stock.orphans == (0, 0)


async def test_without_an_index_the_manifest_is_counted(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))))
    await world.refresh()
    before = await collect_stats(world.settings(), Listener())
    (world.cache / "index.sqlite3").unlink()
    stock = await collect_stats(world.settings(), Listener())
    assert (stock.images, stock.thumbnails) == (before.images, before.thumbnails)
    assert stock.urls == 1
