"""`imgcache export`: what the articles name, whole at any moment, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from imgcache.cache_results import ExportResult
from imgcache.edge.cache.lock import CacheLock
from imgcache.edge.cache.store import Store
from imgcache.engine.cache.check import check
from imgcache.engine.export import export
from imgcache.engine.run.listener import Listener
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.errors import CacheLockedError, ConfigError
from tests.support import pictures, tampering
from tests.support.world import World


async def exported(world: World, *, dry_run: bool = False) -> ExportResult:
    world.extra |= {"articles": [str(world.articles)]}
    return await export(world.settings(), out(world), Listener(), dry_run=dry_run)


def out(world: World) -> Path:
    return world.folder / "public" / "images"


def contents(folder: Path) -> list[str]:
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(found)


def state(folder: Path) -> dict[str, tuple[int, int, int]]:
    """What a change of any kind would show: inode, mtime and ctime of all that is there."""
    seen = {path: path.lstat() for path in (folder, *folder.rglob("*"))}
    return {str(path): (one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for path, one in seen.items()}


async def filled(world: World, count: int = 2) -> list[str]:
    """A cache with so many images, each named by an article of its own; their URLs."""
    urls = []
    for n in range(count):
        urls.append(world.origin.route(f"/{n}.jpg", body=pictures.jpeg(160, 120, seed=n)))
        world.article(world.entry(urls[n]), name=f"{n}.md")
    await world.refresh()
    return urls


async def test_the_folder_holds_what_the_articles_name_and_nothing_else(world: World) -> None:
    urls = await filled(world)
    (world.articles / "1.md").unlink()
    done = await exported(world)
    (shown,) = json.loads((out(world) / "manifest.json").read_text())["images"].items()
    row = json.loads((world.cache / "manifest.json").read_text())["images"][urls[0]]
    assert shown == (urls[0], row)
    small = row["thumbnails"]["small"]["path"]
    assert contents(out(world)) == [".imgcache-export", row["path"], "manifest.json", small]
    assert (out(world) / row["path"]).read_bytes() == pictures.jpeg(160, 120, seed=0)
    assert (done.images.files, done.thumbnails.files, done.articles) == (1, 1, 1)
    assert sorted(done.added) == sorted([row["path"], small])
    assert (done.changed, done.copied, done.lacking) == (True, 0, 0)


async def test_files_are_linked(world: World) -> None:
    await filled(world, 1)
    (path, _) = (await exported(world)).added
    assert (out(world) / path).samefile(world.cache / path)


async def test_a_second_run_changes_nothing(world: World) -> None:
    await filled(world)
    await exported(world)
    before = state(out(world).parent), state(world.cache / "images")
    done = await exported(world)
    assert not done.changed
    assert (state(out(world).parent), state(world.cache / "images")) == before


async def test_links_cost_no_hashing_later_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link changes a file's ctime, by which it is known to be the one that was hashed."""
    await filled(world)
    await exported(world)
    monkeypatch.setattr(Store, "hashed_image", lambda *_: pytest.fail("hashed again"))
    assert not (await exported(world)).changed
    offline = VerifyOptions(Depth.OFFLINE)
    for _ in range(2):
        report = await verify([world.articles], world.settings(), offline, Listener())
        assert report.summary.errors == 0
        await world.refresh()


async def test_a_run_that_follows_reports_as_one_without_an_export_would(world: World) -> None:
    await filled(world)
    world.article(world.entry(world.origin.url("/never.jpg")), name="c.md")
    await world.refresh()
    offline = VerifyOptions(Depth.OFFLINE)
    before = await verify([world.articles], world.settings(), offline, Listener())
    await exported(world)
    after = await verify([world.articles], world.settings(), offline, Listener())
    assert list(after.entries()) == list(before.entries())


async def test_what_links_went_without_us_is_hashed_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(world)
    await exported(world)
    shutil.rmtree(out(world))
    await exported(world)
    monkeypatch.setattr(Store, "hashed_image", lambda *_: pytest.fail("hashed again"))
    assert not (await exported(world)).changed


async def test_what_no_article_names_any_more_goes(world: World) -> None:
    await filled(world)
    await exported(world)
    (world.articles / "1.md").unlink()
    done = await exported(world)
    assert (done.added, len(done.removed), done.manifest) == ((), 2, True)
    assert len(contents(out(world))) == 4
    assert (await check(world.settings(), Listener())).is_sound


async def test_a_dry_run_tells_and_writes_nothing(world: World) -> None:
    await filled(world)
    before = state(world.folder)
    with CacheLock(world.cache):
        done = await exported(world, dry_run=True)
    assert (len(done.added), done.manifest, done.changed) == (4, True, True)
    assert not out(world).parent.exists()
    assert {path: before[path] for path in state(world.folder) if "lock" not in path} == {
        path: one for path, one in before.items() if "lock" not in path
    }


async def test_a_copy_that_is_not_sound_is_left_out_of_files_and_manifest(world: World) -> None:
    await filled(world)
    paths = sorted((world.cache / "images").rglob("*.jpg"))
    tampering.spoil(paths[0])
    done = await exported(world)
    assert (done.images.files, done.lacking) == (1, 1)
    assert len(json.loads((out(world) / "manifest.json").read_text())["images"]) == 1


@pytest.mark.parametrize("what", ["images", "thumbs/small"])
async def test_what_it_found_damaged_the_next_refresh_mends(world: World, what: str) -> None:
    await filled(world, 1)
    (file,) = (path for path in (world.cache / what).rglob("*") if path.is_file())
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + b"?")
    await exported(world)
    await world.refresh()
    assert file.read_bytes() == whole


async def test_a_thumbnail_that_is_not_sound_is_left_out_too(world: World) -> None:
    await filled(world, 1)
    (thumbnail,) = (world.cache / "thumbs").rglob("*.webp")
    data = thumbnail.read_bytes()
    thumbnail.write_bytes(bytes(len(data)))
    done = await exported(world)
    assert (done.images.files, done.thumbnails.files) == (1, 0)
    (row,) = json.loads((out(world) / "manifest.json").read_text())["images"].values()
    assert row["thumbnails"] == {}
    thumbnail.write_bytes(data)
    assert (await exported(world)).thumbnails.files == 1


async def test_where_the_index_is_lost_the_manifest_stands_in(world: World) -> None:
    await filled(world)
    for path in world.cache.glob("index.sqlite3*"):
        path.unlink()
    done = await exported(world)
    assert (done.images.files, done.thumbnails.files) == (2, 2)


async def test_an_article_that_can_not_be_read_may_name_any_image(world: World) -> None:
    await filled(world)
    await exported(world)
    before = state(out(world))
    (world.articles / "1.md").write_text("---\nimages: [\n---\n")
    done = await exported(world)
    assert [one.article.rpartition("/")[2] for one in done.problems] == ["1.md"]
    assert state(out(world)) == before


async def test_without_articles_or_without_a_cache_it_is_refused(world: World) -> None:
    world.article(world.entry("https://a.test/a.jpg"))
    with pytest.raises(ConfigError, match="there is no cache yet"):
        await exported(world)
    assert not world.cache.exists()
    await filled(world, 1)
    shutil.rmtree(world.articles)
    world.articles.mkdir()
    with pytest.raises(ConfigError, match="no article was found"):
        await exported(world)


async def test_where_no_image_is_named_it_is_refused(world: World) -> None:
    await filled(world)
    await exported(world)
    before = contents(out(world))
    world.extra["images"] = ({"at": "img[]", "url": "url"},)
    with pytest.raises(ConfigError, match="no article names an image, so nothing is exported"):
        await exported(world)
    assert contents(out(world)) == before


async def test_the_cache_itself_is_no_place_for_it(world: World) -> None:
    await filled(world, 1)
    link = world.folder / "link"
    link.symlink_to(world.cache)
    for place in (world.cache, world.cache / "out", link / "out"):
        with pytest.raises(ConfigError, match=r"lies in the cache folder|no export has made"):
            await export(world.settings(), place, Listener())


async def test_another_writer_is_not_waited_for(world: World) -> None:
    await filled(world, 1)
    with CacheLock(world.cache), pytest.raises(CacheLockedError):
        await exported(world)
    assert not out(world).exists()


async def test_excluded_urls_are_not_exported(world: World) -> None:
    urls = await filled(world)
    world.extra |= {"exclude": [urls[1]]}
    assert (await exported(world)).images.files == 1


async def test_modes_are_those_of_the_cache_and_of_the_older_folder(world: World) -> None:
    await filled(world)
    await exported(world)
    out(world).chmod(0o750)
    (world.articles / "1.md").unlink()
    await exported(world)
    assert os.stat(out(world)).st_mode & 0o777 == 0o750  # noqa: PTH116  as the shell says it
