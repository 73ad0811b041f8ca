"""`cache.max_bytes` bounds what the cache holds, whatever runs side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from imgcache.edge.cache.store import Store
from imgcache.edge.index import recovery
from imgcache.engine.images.quota import CacheQuota
from imgcache.engine.run.index_session import IndexSession
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts, UrlFacts
from imgcache.model import Verdict
from tests.support import pictures
from tests.support.facts import NOON, image_of, thumbnail_of
from tests.support.publishing import publish_one
from tests.support.world import World

OLD, NEW = image_of(b"o" * 60), image_of(b"n" * 50)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path)
    made.prepare()
    return made


@pytest_asyncio.fixture
async def session(store: Store) -> AsyncIterator[IndexSession]:
    async with IndexSession(lambda: recovery.open_index(store)[0]) as opened:
        yield opened


def named(image: ImageFacts) -> UrlFacts:
    return UrlFacts(f"https://{image.sha256}/", NOON, image.sha256)


async def keep(store: Store, session: IndexSession, body: bytes, *, is_named: bool) -> ImageFacts:
    image = publish_one(store, body, image_of(body), {})
    urls = [named(image)] if is_named else []
    await session.query(lambda index: index.record(urls, [image]))
    return image


async def test_unreferenced_images_make_room(store: Store, session: IndexSession) -> None:
    orphan = await keep(store, session, b"o" * 60, is_named=False)
    kept = await keep(store, session, b"k" * 30, is_named=True)
    await CacheQuota(store, session, 100).reserve(NEW)
    assert await session.query(lambda index: list(index.images([orphan.sha256, kept.sha256]))) == [
        kept.sha256
    ]
    assert store.hashed_image(orphan) is None


async def test_what_others_have_claimed_is_not_forgotten_by_an_eviction(
    store: Store, session: IndexSession
) -> None:
    """Claimed is what is being published; the index does not know it yet."""
    await keep(store, session, b"o" * 60, is_named=False)
    room = CacheQuota(store, session, 100)
    await room.reserve(image_of(b"1" * 40))
    await room.reserve(image_of(b"2" * 50))
    with pytest.raises(LocalError, match="the cache is full"):
        await room.reserve(image_of(b"3" * 20))
    await room.reserve(image_of(b"4" * 10))


async def test_an_unreferenced_image_that_is_served_again_makes_no_room(
    store: Store, session: IndexSession
) -> None:
    """It needs no room of its own, and its URL is on the way to the index."""
    again = await keep(store, session, b"o" * 60, is_named=False)
    room = CacheQuota(store, session, 100)
    await room.reserve(again)
    with pytest.raises(LocalError, match="the cache is full"):
        await room.reserve(NEW)
    assert store.hashed_image(again) is not None
    room.release(again)
    with pytest.raises(LocalError, match="the cache is full"):
        await room.reserve(NEW)


async def test_of_many_at_once_only_those_that_fit_are_let_in(
    store: Store, session: IndexSession
) -> None:
    room = CacheQuota(store, session, 100)
    bodies = [bytes([number]) * 30 for number in range(10)]
    taken = await asyncio.gather(
        *(room.reserve(image_of(body)) for body in bodies), return_exceptions=True
    )
    assert [isinstance(one, LocalError) for one in taken].count(False) == 3


async def test_what_was_given_back_is_free_again(store: Store, session: IndexSession) -> None:
    room = CacheQuota(store, session, 100)
    await room.reserve(OLD)
    room.release(OLD)
    await room.reserve(replace(NEW, bytes=100))


async def test_new_thumbnails_of_a_kept_image_need_room(
    store: Store, session: IndexSession
) -> None:
    image = await keep(store, session, b"k" * 90, is_named=True)
    larger = replace(image, thumbnails=(thumbnail_of(b"t" * 11),))
    room = CacheQuota(store, session, 100)
    with pytest.raises(LocalError, match="the cache is full"):
        await room.adjust(image, larger)
    await room.adjust(image, replace(image, thumbnails=(thumbnail_of(b"t" * 10),)))
    await room.adjust(larger, image)


async def test_a_refresh_never_grows_beyond_the_limit(world: World) -> None:
    bodies = [pictures.jpeg(160, 120, seed=number) for number in range(6)]
    urls = [world.origin.route(f"/{n}.jpg", body=body) for n, body in enumerate(bodies)]
    world.article(*(world.entry(url) for url in urls))
    limit = 3 * max(map(len, bodies))
    for thumbnails in ({}, {"large": {"width": 160}, "card": {"width": 90}}):
        world.extra = {"thumbnails": thumbnails, "cache": {"max_bytes": limit}}
        report = await world.refresh()
        folders = (world.cache / name for name in ("images", "thumbs"))
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) <= limit
        assert report.summary.verdicts[Verdict.LOCAL_ERROR] > 0
