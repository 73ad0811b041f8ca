"""A site whose images lie in an object store: each command, as with a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imgcache import Report, Settings, verify
from imgcache.core.cache.plan import Scope
from imgcache.engine.cache.check import check
from imgcache.engine.cache.gc import collect_garbage
from imgcache.engine.cache.stats import collect_stats
from imgcache.engine.html_report import publish
from imgcache.engine.known_url import known_url
from imgcache.engine.run.listener import Listener
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.errors import LocalError
from imgcache.model import Source, Verdict
from tests.support import pictures
from tests.support.buckets import KINDS, SECRET, Objects, S3Server, make_bucket
from tests.support.world import World, flags

NUMBER = 3


class Told(Listener):
    """What an operator reads."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def informed(self, message: str) -> None:
        self.notes.append(message)

    def warned(self, message: str) -> None:
        self.notes.append(message)

    def failed(self, message: str) -> None:
        self.notes.append(message)


def settle(world: World, bucket: Objects, index: str = "cache") -> Settings:
    """Let the world's cache be this bucket, with the index in a folder of the world."""
    world.extra["articles"] = [str(world.articles)]
    world.extra["cache"] = {"dir": bucket.url, "index": world.folder / index}
    return world.settings()


async def filled(world: World, bucket: Objects) -> Report:
    settle(world, bucket)
    urls = [
        world.origin.route(f"/{n}.jpg", body=pictures.jpeg(160, 120, seed=n)) for n in range(NUMBER)
    ]
    world.article(*(world.entry(url) for url in urls))
    return await world.refresh()


async def offline(world: World, depth: Depth = Depth.OFFLINE) -> list[str]:
    report = await verify([world.articles], world.settings(), VerifyOptions(depth))
    return [str(entry.verdict) for entry in report.entries()]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refresh_fills_the_store_and_sets_the_flags(
    world: World, s3: S3Server, kind: str
) -> None:
    bucket = make_bucket(s3, kind)
    report = await filled(world, bucket)
    assert flags(list(report.entries())) == [True] * NUMBER
    paths = bucket.paths()
    for entry in report.entries():
        assert bucket.media_type(str(entry.path)) == "image/jpeg"
        assert bucket.media_type(entry.thumbnails[0].path) == "image/webp"
        paths.remove(str(entry.path))
        paths.remove(entry.thumbnails[0].path)
    assert paths == ["index.sqlite3", "manifest.json"]
    assert len(json.loads(bucket.get("manifest.json"))["images"]) == NUMBER
    kept = {path.name for path in (world.folder / "cache").iterdir()}
    assert kept == {
        ".gitignore",
        "index.sqlite3",
        "index.sqlite3-catalog",
        "index.sqlite3-copy",
        "lock",
        "tmp",
    }


async def test_a_second_refresh_writes_nothing_but_the_copy_of_the_index(
    world: World, bucket: Objects
) -> None:
    await filled(world, bucket)
    bucket.requests("PUT")
    report = await world.refresh()
    assert {entry.source for entry in report.entries()} == {Source.FRESH}
    assert bucket.server.requests != []
    assert not [one for one in bucket.server.requests if one.startswith("GET") and "images/" in one]
    assert bucket.requests("PUT") == ["index.sqlite3"]


async def test_a_lost_and_a_changed_image_are_fetched_again(world: World, bucket: Objects) -> None:
    lost, changed, _ = (await filled(world, bucket)).entries()
    good = bucket.get(str(changed.path))
    bucket.delete(str(lost.path))
    bucket.put(str(changed.path), b"x" * len(good))
    report = await world.refresh()
    sources = [entry.source for entry in report.entries()]
    assert sources == [Source.DOWNLOADED, Source.DOWNLOADED, Source.FRESH]
    assert bucket.get(str(changed.path)) == good
    assert str(lost.path) in bucket.paths()


async def test_a_lost_thumbnail_is_made_again_from_its_image(world: World, bucket: Objects) -> None:
    first, *_ = (await filled(world, bucket)).entries()
    bucket.delete(first.thumbnails[0].path)
    requests = world.origin.requests
    before = len(requests)
    await world.refresh()
    assert first.thumbnails[0].path in bucket.paths()
    assert len(world.origin.requests) == before


async def test_the_conditional_answer_is_of_use_only_while_the_object_is_there(
    world: World, bucket: Objects
) -> None:
    await filled(world, bucket)
    report = await world.refresh(scope=Scope.EVERYTHING)
    assert flags(list(report.entries())) == [True] * NUMBER


@pytest.mark.parametrize("depth", [Depth.OFFLINE, Depth.REHASH])
async def test_verify_reads_the_store_and_writes_nothing(
    world: World, bucket: Objects, depth: Depth
) -> None:
    first, *_ = (await filled(world, bucket)).entries()
    bucket.server.requests.clear()
    assert await offline(world, depth) == ["ok"] * NUMBER
    assert not [one for one in bucket.server.requests if one.startswith(("PUT", "POST", "DELETE"))]
    bucket.put(str(first.path), b"x" * len(bucket.get(str(first.path))))
    assert await offline(world, depth) == ["not-cached", "ok", "ok"]


async def test_check_finds_damage_and_repairs_it(world: World, bucket: Objects) -> None:
    first, second, _ = (await filled(world, bucket)).entries()
    settings = world.settings()
    found = await check(settings, Listener())
    assert (found.images, found.thumbnails, found.damage) == (NUMBER, NUMBER, [])
    bucket.put(str(first.path), b"x" * 100)
    bucket.delete(second.thumbnails[0].path)
    bucket.put("images/ab/" + "ab" * 32 + ".png", b"a stray")
    found = await check(settings, Listener())
    assert {one.path for one in found.damage} == {str(first.path), second.thumbnails[0].path}
    assert found.strays.files == 1
    repaired = await check(settings, Listener(), repair=True)
    assert all(one.repair for one in repaired.damage)
    assert (await check(settings, Listener())).damage == []
    assert second.thumbnails[0].path in bucket.paths()


async def test_gc_drops_what_no_article_names(world: World, bucket: Objects) -> None:
    first, *_ = (await filled(world, bucket)).entries()
    world.article(world.entry(first.url))
    result = await collect_garbage(world.settings(), Listener())
    assert len(result.files) == 2 * (NUMBER - 1)
    images = [path for path in bucket.paths() if path.startswith("images/")]
    assert images == [first.path]
    assert list(json.loads(bucket.get("manifest.json"))["images"]) == [first.url]


async def test_stats_and_explain_know_the_store(world: World, bucket: Objects) -> None:
    first, *_ = (await filled(world, bucket)).entries()
    stats = await collect_stats(world.settings(), Listener())
    assert stats.images["jpeg"].files == NUMBER
    known = await known_url(first.url, world.settings())
    assert known is not None
    assert known.state is not None
    assert known.state.copy is not None


@pytest.mark.parametrize("single", [False, True])
async def test_a_report_has_the_thumbnails(world: World, bucket: Objects, single: bool) -> None:
    await filled(world, bucket)
    target = world.folder / ("report.html" if single else "report")
    await publish([world.articles], world.settings(), target, Listener(), single=single)
    if single:
        assert target.read_text().count("data:image/webp") == NUMBER
    else:
        assert len(list((target / "thumbs").rglob("*.webp"))) == NUMBER


async def test_an_index_that_is_lost_is_taken_from_beside_the_images(
    world: World, bucket: Objects
) -> None:
    await filled(world, bucket)
    settle(world, bucket, "elsewhere")
    told, requests = Told(), len(world.origin.requests)
    report = await world.refresh(told)
    assert {entry.source for entry in report.entries()} == {Source.FRESH}
    assert len(world.origin.requests) == requests
    assert any("the copy that lies beside the images was taken" in note for note in told.notes)


async def test_another_writer_is_told_of(world: World, bucket: Objects) -> None:
    await filled(world, bucket)
    settle(world, bucket, "elsewhere")
    other, own = Told(), Told()
    await world.refresh(other)
    settle(world, bucket)
    await world.refresh(own)
    settle(world, bucket)
    again = Told()
    await world.refresh(again)
    told = [
        any("another machine has written" in n for n in one.notes) for one in (other, own, again)
    ]
    assert told == [False, True, False]


async def test_an_index_without_a_copy_is_rebuilt_from_the_manifest(
    world: World, bucket: Objects
) -> None:
    await filled(world, bucket)
    bucket.delete("index.sqlite3")
    settle(world, bucket, "elsewhere")
    told = Told()
    report = await world.refresh(told)
    assert flags(list(report.entries())) == [True] * NUMBER
    assert any("3 of 3 images of the manifest are sound" in note for note in told.notes)


async def test_a_damaged_copy_of_the_index_is_not_taken(world: World, bucket: Objects) -> None:
    await filled(world, bucket)
    bucket.put("index.sqlite3", b"SQLite format 3\0" + b"x" * 5000)
    settle(world, bucket, "elsewhere")
    assert await offline(world) == ["ok"] * NUMBER
    told = Told()
    await world.refresh(told)
    assert any("images of the manifest are sound" in note for note in told.notes)


async def test_readers_elsewhere_need_no_index_of_their_own(world: World, bucket: Objects) -> None:
    await filled(world, bucket)
    settings = settle(world, bucket, "elsewhere")
    assert await offline(world) == ["ok"] * NUMBER
    assert (await collect_stats(settings, Listener())).urls == NUMBER
    assert not (world.folder / "elsewhere").exists()


async def test_a_bucket_that_is_not_there_ends_the_run_before_it_begins(
    world: World, bucket: Objects, s3: S3Server
) -> None:
    await filled(world, bucket)
    bucket.name = "nowhere"
    settle(world, bucket)
    requests = len(world.origin.requests)
    with pytest.raises(LocalError, match="there is no bucket 'nowhere'; make it"):
        await world.refresh()
    assert len(world.origin.requests) == requests
    told = Told()
    report = await verify(
        [world.articles], world.settings(), VerifyOptions(Depth.OFFLINE), listener=told
    )
    assert (report.local_fault, list(report.entries())) == (True, [])
    assert [note for note in told.notes if "there is no bucket 'nowhere'; make it" in note]


async def test_a_store_that_denies_access_is_told_without_secrets(
    world: World, s3: S3Server
) -> None:
    bucket = make_bucket(s3, "locked")
    with pytest.raises(LocalError, match="access denied") as caught:
        await filled(world, bucket)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_store_that_can_not_be_reached_is_told(
    world: World, bucket: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(world, bucket)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(LocalError, match="can't be reached"):
        await world.refresh()


async def test_a_store_that_fails_in_the_middle_costs_the_flags_and_no_more(
    world: World, bucket: Objects
) -> None:
    await filled(world, bucket)
    url = world.origin.route("/new.png", body=pictures.png(160, 120))
    world.article(world.entry(url), name="b.md")
    bucket.server.failing = "PUT"
    report = await world.refresh()
    by_url = {entry.url: entry for entry in report.entries()}
    assert by_url[url].verdict is Verdict.LOCAL_ERROR
    assert not by_url[url].cached
    assert sum(entry.cached is True for entry in by_url.values()) == NUMBER
    bucket.server.failing = ""
    assert all(entry.cached for entry in (await world.refresh()).entries())


async def test_a_folder_may_have_its_index_elsewhere(world: World, tmp_path: Path) -> None:
    world.extra["cache"] = {"dir": world.cache, "index": world.folder / "facts"}
    url = world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))
    world.article(world.entry(url))
    assert (await world.only()).source is Source.DOWNLOADED
    assert (await world.only()).source is Source.FRESH
    assert not (world.cache / "index.sqlite3").exists()
    assert {path.name for path in (world.folder / "facts").iterdir()} >= {"index.sqlite3", "tmp"}


@pytest.mark.parametrize("name", ["images//x.png", "images/./x.png", "images/../\x85x.png"])
async def test_an_object_with_a_strange_name_stops_no_refresh(
    world: World, bucket: Objects, name: str
) -> None:
    await filled(world, bucket)
    bucket.put_strange(name)
    report = await world.refresh()
    assert [entry.source for entry in report.entries()] == [Source.FRESH] * NUMBER
    with pytest.raises(LocalError, match=r"an empty part.*delete it") as caught:
        await collect_garbage(world.settings(), Listener())
    assert str(caught.value).isprintable()
