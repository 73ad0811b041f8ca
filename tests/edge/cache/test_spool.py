from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from imgcache.edge.cache.spool import Spool, _TempFile
from imgcache.edge.cache.store import Store
from imgcache.errors import LocalError
from tests.support.facts import image_of
from tests.support.publishing import publish_one, temporary_files

MIB = 1 << 20
CHUNK = bytes(range(256)) * 256


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "cache")
    made.prepare()
    return made


def temps(store: Store) -> list[str]:
    return temporary_files(store.root)


async def fill(spool: Spool, size: int) -> bytes:
    body = (CHUNK * (size // len(CHUNK) + 1))[:size]
    for start in range(0, size, len(CHUNK)):
        await spool.write(body[start : start + len(CHUNK)])
    return body


@pytest.mark.parametrize("size", [0, 1, 65_537, MIB // 2])
async def test_a_small_body_stays_in_memory(store: Store, size: int) -> None:
    async with store.spool() as spool:
        body = await fill(spool, size)
        assert spool.data == body
        assert (spool.path, temps(store)) == (None, [])


@pytest.mark.parametrize("size", [MIB // 2 + 1, 3 * MIB, 3 * MIB + 77])
async def test_a_large_body_is_a_file(store: Store, size: int) -> None:
    async with store.spool() as spool:
        body = await fill(spool, size)
        assert spool.data is None
        path = await spool.settle()
        assert path == spool.path
        assert path.read_bytes() == body


async def test_of_many_bodies_each_keeps_little_in_memory(store: Store) -> None:
    spools = [store.spool() for _ in range(64)]
    for spool in spools:
        await fill(spool, MIB // 2)
    kept = [spool for spool in spools if spool.data is not None]
    assert 14 <= len(kept) <= 17  # 8 MiB
    few = store.spool()
    await fill(few, MIB // 8)
    assert few.data is not None
    for spool in (*spools, few):
        spool.discard()
    async with store.spool() as spool:
        body = await fill(spool, MIB // 2)
        assert spool.data == body


@pytest.mark.parametrize("size", [0, 100, MIB // 2 + 1, 5 * MIB])
async def test_settle_makes_a_file_of_any_body(store: Store, size: int) -> None:
    async with store.spool() as spool:
        body = await fill(spool, size)
        path = await spool.settle()
        assert path.read_bytes() == body
        assert await spool.settle() == path
        assert path == store.root / "tmp" / path.name[0] / path.name


async def test_size_and_hash_are_those_of_all_that_was_written(store: Store) -> None:
    async with store.spool() as spool:
        body = await fill(spool, 2 * MIB + 3)
        assert spool.size == len(body)
        assert spool.sha256 == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("size", [100, 3 * MIB])
async def test_reset_forgets_what_was_written(store: Store, size: int) -> None:
    async with store.spool() as spool:
        await fill(spool, size)
        await spool.reset()
        assert (spool.size, spool.data, temps(store)) == (0, b"", [])
        body = await fill(spool, 2 * MIB)
        assert (await spool.settle()).read_bytes() == body
        assert spool.sha256 == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("size", [100, 3 * MIB])
async def test_nothing_is_left_when_the_spool_ends(store: Store, size: int) -> None:
    async with store.spool() as spool:
        await fill(spool, size)
        await spool.settle()
    assert temps(store) == []


async def test_a_published_body_survives_its_spool(store: Store) -> None:
    async with store.spool() as spool:
        body = await fill(spool, 2 * MIB)
        image = image_of(body)
        await asyncio.to_thread(publish_one, store, await spool.settle(), image, {})
    assert store.hashed_image(image) is not None
    assert temps(store) == []


@pytest.mark.parametrize("steps", range(4))
async def test_a_cancelled_write_leaves_nothing(store: Store, steps: int) -> None:
    spool = store.spool()
    writing = asyncio.create_task(fill(spool, 8 * MIB))
    for _ in range(steps):
        await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait([writing])
    spool.discard()
    # The thread that was writing may still be on its way.
    await asyncio.get_running_loop().shutdown_default_executor()
    assert temps(store) == []


def test_a_thread_that_comes_late_makes_no_file(store: Store) -> None:
    temp = _TempFile(store.root)
    temp.append([b"half a "])
    temp.remove()
    temp.append([b"body"])
    late = _TempFile(store.root)
    late.remove()
    late.append([b"body"])
    assert temps(store) == []


async def test_what_comes_after_settle_is_refused_and_not_lost(store: Store) -> None:
    async with store.spool() as spool:
        await fill(spool, 100)
        await spool.settle()
        await spool.write(b"more")
        with pytest.raises(LocalError, match="File exists"):
            await spool.settle()


async def test_a_linked_tmp_leads_nowhere(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (store.root / "tmp").rmdir()
    (store.root / "tmp").symlink_to(outside)
    async with store.spool() as spool:
        with pytest.raises(LocalError, match=r"tmp/.* in the cache folder: .*remove it"):
            await fill(spool, 2 * MIB)
    assert list(outside.iterdir()) == []
