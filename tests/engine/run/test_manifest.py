"""The manifest and its second place: written when what they say changes, and not else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imgcache.config import Settings
from imgcache.engine.cache.check import check
from imgcache.engine.run.listener import Listener
from tests.support import pictures
from tests.support.world import World, run


async def filled(world: World, **settings: Any) -> None:
    world.extra |= {"manifest": settings}
    world.article(world.entry(world.origin.route("/a.jpg", body=pictures.jpeg(640, 480))))
    await world.refresh()


def images(path: Path) -> Any:
    (row,) = json.loads(path.read_text())["images"].values()
    return row


async def test_it_is_written_to_both_places_and_by_a_second_run_to_none(world: World) -> None:
    data = world.folder / "site" / "_data" / "images.json"
    await filled(world, path=data, base_url="/pictures")
    assert data.read_bytes() == (world.cache / "manifest.json").read_bytes()
    row = images(data)
    small = row["thumbnails"]["small"]
    assert row["url"] == f"/pictures/{row['path']}"
    assert row["srcset"] == {"image/webp": f"/pictures/{small['path']} 320w"}
    assert small["bytes"] == (world.cache / small["path"]).stat().st_size
    before = world.state()
    await world.refresh()
    assert world.state() == before
    assert (await check(world.settings(), Listener())).is_sound


async def test_other_settings_write_it_again(world: World) -> None:
    await filled(world)
    assert "url" not in images(world.cache / "manifest.json")
    world.extra |= {"manifest": {"base_url": "https://cdn.example/"}}
    await world.refresh()
    assert images(world.cache / "manifest.json")["url"].startswith("https://cdn.example/images/")


async def test_one_of_an_earlier_version_is_written_again(world: World) -> None:
    await filled(world)
    path = world.cache / "manifest.json"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b' "type": "image/jpeg",', b""))
    await world.refresh()
    assert path.read_bytes() == whole


async def test_a_second_place_that_was_changed_or_removed_is_made_again(world: World) -> None:
    data = world.folder / "data.json"
    await filled(world, path=data)
    whole = data.read_bytes()
    for damage in (whole[:-5], b"", None):
        data.unlink() if damage is None else data.write_bytes(damage)
        await world.refresh()
        assert data.read_bytes() == whole


async def test_what_is_no_manifest_is_not_replaced(world: World) -> None:
    (world.folder / "package.json").write_text('{"name": "mine"}')
    world.article(world.entry(world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))))
    (world.folder / "imgcache.toml").write_text('manifest.path = "package.json"\n')
    done = await run("refresh", "--allow-private", world.origin.allow, cwd=world.folder)
    assert done.status == 2
    assert "package.json is no manifest; name another file in manifest.path" in done.stderr
    assert (world.folder / "package.json").read_text() == '{"name": "mine"}'
    assert (world.cache / "manifest.json").exists()


async def test_a_place_that_can_not_be_written_is_told(world: World) -> None:
    (world.folder / "file").write_text("")
    told: list[str] = []

    class Heard(Listener):
        def failed(self, message: str) -> None:
            told.append(message)

    world.extra |= {"manifest": {"path": world.folder / "file" / "data.json"}}
    world.article(world.entry(world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))))
    report = await world.refresh(Heard())
    assert report.local_fault
    assert "data.json (manifest.path) can't be written: File exists" in told[0]


async def test_a_dry_run_writes_neither(world: World) -> None:
    world.extra |= {"manifest": {"path": world.folder / "data.json"}}
    world.article(world.entry(world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))))
    await world.refresh(write=False)
    assert not (world.folder / "data.json").exists()
    assert not (world.cache / "manifest.json").exists()


@pytest.mark.parametrize(
    ("text", "base"),
    [("/", "/"), ("/images", "/images/"), ("https://cdn.test/a/", "https://cdn.test/a/")],
)
def test_a_base_ends_with_a_slash(text: str, base: str) -> None:
    assert Settings.model_validate({"manifest": {"base_url": text}}).manifest.base_url == base


@pytest.mark.parametrize("text", ["", "a b", 'a"', "/a?b=", "/a#b", "/\u00e9", "<a>", "/a\n"])
def test_a_base_is_a_place(text: str) -> None:
    with pytest.raises(ValueError, match="is no place where files are served"):
        Settings.model_validate({"manifest": {"base_url": text}})
