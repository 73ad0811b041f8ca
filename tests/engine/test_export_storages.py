"""`imgcache export` of a cache that is a folder, and of one in an object store: the same folder."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from imgcache.cache_results import ExportResult
from imgcache.edge.exports import source
from imgcache.edge.exports.source import StoredFiles
from imgcache.engine.export import export
from imgcache.engine.run.listener import Listener
from imgcache.errors import ConfigError, LocalError
from tests.support import pictures
from tests.support.buckets import Objects
from tests.support.world import World

NUMBER = 3


class Cache:
    """The cache of a world, a folder or a bucket; its owner spoils what lies there."""

    def __init__(self, world: World, bucket: Objects | None) -> None:
        self.bucket = bucket
        self._world = world
        world.extra["articles"] = [str(world.articles)]
        if bucket is not None:
            world.extra["cache"] = {"dir": bucket.url, "index": world.cache}

    def get(self, path: str) -> bytes:
        if self.bucket is not None:
            return self.bucket.get(path)
        return (self._world.cache / path).read_bytes()

    def put(self, path: str, data: bytes) -> None:
        if self.bucket is not None:
            self.bucket.put(path, data)
        else:
            (self._world.cache / path).write_bytes(data)

    def delete(self, path: str) -> None:
        if self.bucket is not None:
            self.bucket.delete(path)
        else:
            (self._world.cache / path).unlink()


@pytest.fixture(params=["folder", "objects"])
def cache(request: pytest.FixtureRequest, world: World) -> Cache:
    is_folder = request.param == "folder"
    return Cache(world, None if is_folder else request.getfixturevalue("bucket"))


async def exported(world: World, *, dry_run: bool = False) -> ExportResult:
    return await export(world.settings(), out(world), Listener(), dry_run=dry_run)


def out(world: World) -> Path:
    return world.folder / "public"


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What a change of any kind would show."""
    seen = {path: path.lstat() for path in (folder, *folder.rglob("*"))}
    return {str(path): (one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for path, one in seen.items()}


async def filled(world: World) -> list[str]:
    """An article for each image; their paths in the cache."""
    for n in range(NUMBER):
        url = world.origin.route(f"/{n}.jpg", body=pictures.jpeg(160, 120, seed=n))
        world.article(world.entry(url), name=f"{n}.md")
    return [str(entry.path) for entry in (await world.refresh()).entries()]


async def test_the_folder_holds_what_the_articles_name(world: World, cache: Cache) -> None:
    paths = await filled(world)
    (world.articles / "0.md").unlink()
    done = await exported(world)
    found = contents(out(world))
    rows = json.loads(found["manifest.json"])["images"].values()
    assert sorted(row["path"] for row in rows) == sorted(paths[1:])
    small = [row["thumbnails"]["small"]["path"] for row in rows]
    assert sorted(found) == sorted([".imgcache-export", "manifest.json", *paths[1:], *small])
    assert all(found[path] == cache.get(path) for path in (*paths[1:], *small))
    assert (done.images.files, done.thumbnails.files, done.lacking) == (2, 2, 0)
    assert (done.changed, done.copied) == (True, 0 if cache.bucket is None else 4)


async def test_a_second_run_changes_nothing_and_downloads_nothing(
    world: World, cache: Cache
) -> None:
    await filled(world)
    await exported(world)
    before = state(out(world))
    if cache.bucket is not None:
        cache.bucket.server.requests.clear()
    done = await exported(world)
    assert (done.changed, done.copied) == (False, 0)
    assert state(out(world)) == before
    if cache.bucket is not None:
        got = cache.bucket.requests("GET")
        assert [path for path in got if path.startswith(("images/", "thumbs/"))] == []


async def test_only_what_is_new_is_taken(world: World, cache: Cache) -> None:
    await filled(world)
    text = (world.articles / "0.md").read_bytes()
    (world.articles / "0.md").unlink()
    await exported(world)
    before = state(out(world))
    (world.articles / "0.md").write_bytes(text)
    done = await exported(world)
    assert (len(done.added), done.removed, done.manifest) == (2, (), True)
    after = state(out(world))
    kept = [path for path in before if path.endswith((".jpg", ".webp"))]
    assert [after[path][:2] for path in kept] == [before[path][:2] for path in kept]
    (world.articles / "0.md").unlink()
    done = await exported(world)
    assert (done.added, len(done.removed), done.copied) == ((), 2, 0)


async def test_what_is_not_sound_is_left_out(world: World, cache: Cache) -> None:
    lost, changed, _ = await filled(world)
    cache.delete(lost)
    cache.put(changed, bytes(len(cache.get(changed))))
    done = await exported(world)
    assert (done.images.files, done.lacking) == (1, 2)
    assert not {lost, changed} & contents(out(world)).keys()


async def test_a_changed_thumbnail_is_left_out_and_comes_back(world: World, cache: Cache) -> None:
    await filled(world)
    rows = json.loads(cache.get("manifest.json"))["images"].values()
    path = min(row["thumbnails"]["small"]["path"] for row in rows)
    good = cache.get(path)
    cache.put(path, bytes(len(good)))
    assert (await exported(world)).thumbnails.files == NUMBER - 1
    assert path not in contents(out(world))
    cache.put(path, good)
    assert (await exported(world)).thumbnails.files == NUMBER
    assert contents(out(world))[path] == good


async def test_a_dry_run_writes_nothing(world: World, cache: Cache) -> None:
    await filled(world)
    done = await exported(world, dry_run=True)
    assert (len(done.added), done.manifest, done.copied) == (2 * NUMBER, True, 0)
    assert not out(world).exists()
    assert cache.get("manifest.json")


async def test_without_a_cache_it_is_refused(world: World, cache: Cache) -> None:
    world.article(world.entry("https://a.test/a.jpg"))
    with pytest.raises(ConfigError, match="there is no cache yet"):
        await exported(world)
    assert not out(world).exists()
    assert cache.bucket is None or cache.bucket.paths() == []


async def test_the_manifest_has_its_second_place(world: World, cache: Cache) -> None:
    copy = world.folder / "data" / "images.json"
    world.extra["manifest"] = {"path": copy}
    await filled(world)
    first = copy.read_bytes()
    assert first == cache.get("manifest.json")
    before = copy.lstat().st_mtime_ns
    await world.refresh()
    assert copy.lstat().st_mtime_ns == before
    world.extra["manifest"] |= {"base_url": "https://images.test/"}
    await world.refresh()
    assert copy.read_bytes() == cache.get("manifest.json") != first
    assert b"https://images.test/images/" in copy.read_bytes()
    copy.write_text("anything")
    await world.refresh()
    assert copy.read_text() == "anything"  # it is no manifest


async def test_an_object_that_is_another_by_now_ends_the_export(
    world: World, bucket: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    Cache(world, bucket)
    path, *_ = await filled(world)
    put = StoredFiles.put

    def late(files: StoredFiles, wanted: Iterable[tuple[str, str]]) -> None:
        bucket.put(path, b"another")
        put(files, wanted)

    monkeypatch.setattr(StoredFiles, "put", late)
    with pytest.raises(LocalError, match="it was changed while it was read; export again"):
        await exported(world)
    assert {one.name for one in world.folder.iterdir()} == {"articles", "cache"}


async def test_many_files_are_taken_in_several_loads(
    world: World, bucket: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    Cache(world, bucket)
    monkeypatch.setattr(source, "_MOST_FILES", 2)
    paths = await filled(world)
    assert (await exported(world)).copied == 2 * NUMBER
    assert set(paths) <= contents(out(world)).keys()
    (out(world) / paths[0]).unlink()
    monkeypatch.setattr(source, "_MOST_BYTES", 1)
    assert (await exported(world)).copied == 1
    assert set(paths) <= contents(out(world)).keys()
