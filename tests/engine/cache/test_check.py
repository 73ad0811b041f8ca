"""`cache check`: each damage is found, and each repair leaves a cache that is sound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imgcache.cache_results import CacheCheckResult, Damage
from imgcache.edge.cache.lock import CacheLock
from imgcache.engine.cache.check import check
from imgcache.engine.run.listener import Listener
from imgcache.errors import CacheLockedError
from imgcache.model import Source
from tests.support import pictures
from tests.support.tampering import doubt, marks, spoil, vouch
from tests.support.world import World

_CHANGED = "its bytes are not those that were stored"
_GONE = "there is no such file"
_FORGOTTEN = "forgotten; imgcache refresh fetches it again and sets the flags"
_REMADE = "made again from its image"


async def look(world: World, *, repair: bool = False) -> CacheCheckResult:
    """A check, which writes nothing at all unless it repairs."""
    before = everything(world.cache)
    found = await check(world.settings(), Listener(), repair=repair)
    assert repair or everything(world.cache) == before
    return found


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def filled(world: World) -> tuple[Path, Path]:
    """A cache of two images after a refresh; the paths of the first one and its thumbnail."""
    urls = [world.origin.route(f"/{n}.jpg", body=pictures.jpeg(160, 120, seed=n)) for n in range(2)]
    world.article(*(world.entry(url) for url in urls))
    entry, _ = (await world.refresh()).entries()
    return world.cache / str(entry.path), world.cache / entry.thumbnails[0].path


def relative(world: World, *paths: Path) -> list[str]:
    return [path.relative_to(world.cache).as_posix() for path in paths]


async def test_a_sound_cache_is_hashed_and_found_sound(world: World) -> None:
    await filled(world)
    found = await look(world)
    assert (found.images, found.thumbnails, found.damage) == (2, 2, [])
    files = [path for path in world.cache.rglob("*.*") if path.suffix in {".jpg", ".webp"}]
    assert found.bytes == sum(path.stat().st_size for path in files)


async def test_every_byte_is_read_whatever_the_index_says_of_the_file(world: World) -> None:
    image, _ = await filled(world)
    spoil(image)
    vouch(world.cache / "index.sqlite3", image)
    (path,) = relative(world, image)
    assert (await look(world)).damage == [Damage(path, _CHANGED)]


async def test_a_repair_records_that_sound_files_were_hashed(world: World) -> None:
    """Once after a migration or a backup; then `verify --offline` need not do it each time."""
    await filled(world)
    index = world.cache / "index.sqlite3"
    before = marks(index)
    doubt(index)
    assert (await look(world)).damage == []
    assert marks(index) == [None, None]
    assert (await look(world, repair=True)).damage == []
    assert marks(index) == before


async def test_a_repair_of_a_sound_cache_that_is_known_needs_no_lock(world: World) -> None:
    await filled(world)
    with CacheLock(world.cache):
        assert (await look(world, repair=True)).is_sound


async def test_no_cache_at_all_is_sound(world: World) -> None:
    found = await look(world)
    assert (found.images, found.damage) == (0, [])
    assert not world.cache.exists()


async def test_a_changed_image_is_forgotten_with_its_thumbnail_and_fetched_again(
    world: World,
) -> None:
    image, thumbnail = await filled(world)
    good = image.read_bytes()
    spoil(image)
    (path,) = relative(world, image)
    assert (await look(world)).damage == [Damage(path, _CHANGED)]
    assert (await look(world, repair=True)).damage == [Damage(path, _CHANGED, _FORGOTTEN)]
    assert not image.exists()
    assert not thumbnail.exists()
    assert len(json.loads((world.cache / "manifest.json").read_text())["images"]) == 1
    assert (await look(world)).damage == []
    sources = [entry.source for entry in (await world.refresh()).entries()]
    assert sources == [Source.DOWNLOADED, Source.FRESH]
    assert image.read_bytes() == good


async def test_a_missing_image_is_told_with_its_missing_thumbnail(world: World) -> None:
    image, thumbnail = await filled(world)
    image.unlink()
    thumbnail.unlink()
    paths = relative(world, image, thumbnail)
    assert (await look(world)).damage == [Damage(path, _GONE) for path in paths]
    fixed = (await look(world, repair=True)).damage
    assert fixed == [Damage(path, _GONE, _FORGOTTEN) for path in paths]
    assert (await look(world)).damage == []


@pytest.mark.parametrize("is_gone", [True, False])
async def test_a_broken_thumbnail_is_made_again_without_a_request(
    world: World, is_gone: bool
) -> None:
    _, thumbnail = await filled(world)
    good, asked = thumbnail.read_bytes(), len(world.origin.requests)
    if is_gone:
        thumbnail.unlink()
    else:
        spoil(thumbnail)
    (path,) = relative(world, thumbnail)
    problem = _GONE if is_gone else _CHANGED
    assert (await look(world)).damage == [Damage(path, problem)]
    assert (await look(world, repair=True)).damage == [Damage(path, problem, _REMADE)]
    assert (thumbnail.read_bytes(), len(world.origin.requests)) == (good, asked)
    assert (await look(world)).damage == []


@pytest.mark.parametrize("text", [None, "", "{}", '{"schema": 1, "images": {}}'])
async def test_a_manifest_that_says_something_else_is_written_again(
    world: World, text: str | None
) -> None:
    await filled(world)
    path = world.cache / "manifest.json"
    good = path.read_text()
    path.unlink() if text is None else path.write_text(text)
    problem = "it does not say what the index says"
    assert (await look(world)).damage == [Damage("manifest.json", problem)]
    fixed = (await look(world, repair=True)).damage
    assert fixed == [Damage("manifest.json", problem, "written again")]
    assert path.read_text() == good


async def test_a_manifest_that_is_still_to_be_written_is_no_damage(world: World) -> None:
    await filled(world)
    (world.cache / "index.sqlite3").unlink()
    assert (await look(world)).damage == []


async def test_a_damaged_index_is_told_and_made_again_from_the_manifest(world: World) -> None:
    image, _ = await filled(world)
    spoil(image)
    index = world.cache / "index.sqlite3"
    index.write_bytes(index.read_bytes()[:64] + b"\xff" * 8000)
    found = await look(world)
    assert [one.path for one in found.damage] == ["index.sqlite3", *relative(world, image)]
    assert not found.is_sound
    fixed = await look(world, repair=True)
    assert [one.repair for one in fixed.damage] == ["made again from the manifest", _FORGOTTEN]
    found = await look(world)
    assert (found.images, found.is_sound) == (1, True)


async def test_files_that_the_index_does_not_know_are_counted_and_no_damage(world: World) -> None:
    await filled(world)
    stray = world.cache / "images" / "ab" / f"{'ab' * 32}.jpg"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"12345")
    found = await look(world)
    assert (found.strays, found.damage) == ((1, 5), [])


async def test_only_a_repair_needs_the_lock(world: World) -> None:
    image, _ = await filled(world)
    spoil(image)
    with CacheLock(world.cache):
        assert len((await look(world)).damage) == 1
        with pytest.raises(CacheLockedError):
            await check(world.settings(), Listener(), repair=True)
    assert image.exists()


async def test_a_repair_of_damage_records_the_rest_as_well(world: World) -> None:
    image, _ = await filled(world)
    index = world.cache / "index.sqlite3"
    before = marks(index)
    doubt(index)
    spoil(image)
    await look(world, repair=True)
    assert set(marks(index)) < set(before)
