"""`verify` against a real origin: the verdicts of a refresh, and nothing written."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from imgcache.core.cache.plan import Scope
from imgcache.core.http.pacing import FREE_REFUSALS
from imgcache.edge.decoder.pool import Decoded, DecodeJob, DecodePool
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.model import Failure, Severity, Source, Verdict
from imgcache.results import EntryResult
from tests.support import behaviours, pictures
from tests.support.behaviours import Request, head
from tests.support.tampering import doubt, spoil, swap, vouch
from tests.support.world import World, take_temporary_folders_away

JPEG = pictures.jpeg(160, 120)
LARGE = pictures.jpeg(1200, 800)


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def look(world: World, depth: Depth = Depth.PROBE) -> list[EntryResult]:
    before = everything(world.folder)
    report = await verify([world.articles], world.settings(), VerifyOptions(depth))
    assert everything(world.folder) == before
    assert report.command == "verify"
    return list(report.entries())


@pytest.mark.parametrize("depth", Depth)
@pytest.mark.parametrize("pattern", ["*/a.jpg", "*me:secret@*"])
async def test_excluded_urls_are_not_judged(world: World, depth: Depth, pattern: str) -> None:
    """Also where the pattern names what no catalog keeps."""
    url = world.origin.route("/a.jpg", body=JPEG).replace("://", "://me:secret@")
    world.article(world.entry(url))
    world.extra = {"exclude": [pattern]}
    assert await look(world, depth) == []
    assert world.origin.requests == []


@pytest.mark.parametrize("depth", [Depth.PROBE, Depth.FULL])
async def test_the_verdicts_are_those_of_a_refresh(world: World, depth: Depth) -> None:
    good = world.origin.route("/good.jpg", behaviours.ranged(LARGE))
    gone = world.origin.route("/gone.jpg", status=404)
    page = world.origin.route("/page", body=pictures.HTML, content_type="text/html")
    world.article(
        world.entry(good, 1200, 800),
        world.entry(good, 800, 1200),
        world.entry(good, 1200, 700),
        world.entry(gone),
        world.entry(page),
        world.entry("ftp://a.test/"),
    )
    entries = await look(world, depth)
    assert [entry.verdict for entry in entries] == [
        Verdict.OK,
        Verdict.DIMENSIONS_SWAPPED,
        Verdict.DIMENSIONS_MISMATCH,
        Verdict.GONE,
        Verdict.NOT_AN_IMAGE,
        Verdict.UNSUPPORTED_URL,
    ]
    assert entries[0].source is Source.PROBED
    assert entries[0].bytes == len(LARGE)
    assert [entry.cached for entry in entries] == [False] * 6
    assert not world.cache.exists()


async def test_a_probe_asks_for_the_first_bytes_only(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", behaviours.ranged(LARGE)), 1200, 800))
    report = await verify([world.articles], world.settings())
    assert world.origin.requests[0].headers["range"] == "bytes=0-16383"
    assert (report.summary.requests, report.summary.bytes) == (1, 16384)


async def test_a_probe_stops_early_where_range_is_ignored(world: World) -> None:
    endless = behaviours.flood(head(200, {}) + LARGE[:20_000], b"\0" * 65536)
    world.article(world.entry(world.origin.route("/a.jpg", endless), 1200, 800))
    (entry,) = await look(world)
    assert (entry.verdict, entry.bytes) == (Verdict.OK, None)


async def test_a_probe_reads_on_where_the_header_is_long(world: World) -> None:
    comment = b"".join(b"\xff\xfe\xff\xff" + bytes(65533) for _ in range(2))
    long = LARGE[:2] + comment + LARGE[2:]
    world.article(world.entry(world.origin.route("/a.jpg", behaviours.ranged(long)), 1200, 800))
    (entry,) = await look(world)
    assert (entry.verdict, entry.actual) == (Verdict.OK, (1200, 800))
    assert world.origin.count("/a.jpg") == 2


async def test_a_header_beyond_what_a_probe_keeps_is_read_whole(world: World) -> None:
    profile = b"".join(b"\xff\xe2\xff\xff" + bytes(65533) for _ in range(9))
    long = LARGE[:2] + profile + LARGE[2:]
    world.article(world.entry(world.origin.route("/a.jpg", behaviours.ranged(long)), 1200, 800))
    (entry,) = await look(world)
    assert (entry.verdict, entry.actual, entry.bytes) == (Verdict.OK, (1200, 800), len(long))
    assert world.origin.count("/a.jpg") == 3


async def test_a_header_without_end_is_read_up_to_the_limit_and_kept_nowhere(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    comment = b"\xff\xfe\xff\xff" + bytes(65533)
    url = world.origin.route("/a.jpg", behaviours.flood(head(200, {}) + LARGE[:2], comment))
    world.article(world.entry(url))
    world.extra = {"fetch": {"max_bytes": 2 << 20}}
    (entry,) = await look(world)
    assert entry.verdict is Verdict.TOO_LARGE
    assert world.origin.count("/a.jpg") == 2
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_without_a_temporary_folder_a_whole_image_is_this_machines_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_temporary_folders_away(monkeypatch)
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    assert [entry.verdict for entry in await look(world)] == [Verdict.OK]
    (entry,) = await look(world, Depth.FULL)
    assert entry.verdict is Verdict.LOCAL_ERROR


async def test_a_probe_decodes_what_arrived_whole(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", behaviours.ranged(pictures.cut(JPEG)))))
    (entry,) = await look(world)
    assert (entry.verdict, entry.actual) == (Verdict.TRUNCATED, (160, 120))


async def test_only_the_whole_tells_that_a_large_one_is_cut(world: World) -> None:
    cut = pictures.cut(LARGE)
    assert len(cut) > 16384
    world.article(world.entry(world.origin.route("/a.jpg", behaviours.ranged(cut)), 1200, 800))
    assert [entry.verdict for entry in await look(world)] == [Verdict.OK]
    assert [entry.verdict for entry in await look(world, Depth.FULL)] == [Verdict.TRUNCATED]


async def test_a_refused_range_is_asked_for_without_one(world: World) -> None:
    refuses = behaviours.answer(b"", status=416)
    url = world.origin.route("/a.jpg", behaviours.in_turn(refuses, behaviours.answer(JPEG)))
    world.article(world.entry(url))
    assert [entry.verdict for entry in await look(world)] == [Verdict.OK]


async def test_what_the_cache_knows_is_asked_conditionally(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG, etag='"one"')
    world.article(world.entry(url))
    await world.refresh()
    (entry,) = await look(world)
    assert (entry.verdict, entry.source, entry.cached) == (Verdict.OK, Source.REVALIDATED, True)
    assert world.origin.requests[-1].headers["if-none-match"] == '"one"'
    assert entry.path is not None


async def test_a_condition_that_fails_is_no_verdict(world: World) -> None:
    async def behave(request: Request, writer: asyncio.StreamWriter) -> bool | None:
        plain = behaviours.answer(JPEG, headers={"ETag": '"one"'})
        refused = "if-none-match" in request.headers
        return await (behaviours.answer(status=412) if refused else plain)(request, writer)

    world.article(world.entry(world.origin.route("/a.jpg", behave)))
    for _ in range(2):
        entry = await world.only(scope=Scope.EVERYTHING)
        assert (entry.verdict, entry.source) == (Verdict.OK, Source.DOWNLOADED)
    for depth in (Depth.PROBE, Depth.FULL):
        assert [entry.verdict for entry in await look(world, depth)] == [Verdict.OK]
    assert sum("if-none-match" in request.headers for request in world.origin.requests) == 3


async def test_a_kept_copy_makes_a_failure_a_warning(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    await world.refresh()
    world.origin.route("/a.jpg", status=404)
    (entry,) = await look(world)
    assert (entry.verdict, entry.severity) == (Verdict.GONE, Severity.WARNING)
    assert (entry.source, entry.cached) == (Source.STALE, True)


async def test_offline_holds_the_flags_against_the_cache(world: World) -> None:
    good = world.origin.route("/a.jpg", body=JPEG)
    gone = world.origin.route("/b.jpg", status=404)
    world.article(world.entry(good), world.entry(gone))
    await world.refresh()
    world.article(
        world.entry(good, cached="true"),
        world.entry(good, 99, 12),
        world.entry(gone),
        world.entry(gone, cached="true"),
        world.entry(good + "?never"),
    )
    asked = len(world.origin.requests)
    entries = await look(world, Depth.OFFLINE)
    assert [entry.verdict for entry in entries] == [
        Verdict.OK,
        Verdict.DIMENSIONS_MISMATCH,
        Verdict.GONE,
        Verdict.NOT_CACHED,
        Verdict.NOT_CHECKED,
    ]
    assert {entry.source for entry in entries} == {Source.OFFLINE}
    assert len(world.origin.requests) == asked


async def cached(world: World) -> Path:
    """An image in the cache, after a refresh: the path of its file."""
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    return world.cache / str((await world.only()).path)


@pytest.mark.parametrize("depth", [Depth.OFFLINE, Depth.REHASH])
@pytest.mark.parametrize("harm", [spoil, swap])
async def test_offline_notices_what_size_and_mtime_do_not_show(
    world: World, harm: Callable[[Path], None], depth: Depth
) -> None:
    harm(await cached(world))
    (entry,) = await look(world, depth)
    assert (entry.verdict, entry.cached) == (Verdict.NOT_CACHED, False)


async def test_offline_reads_no_file_that_was_hashed_as_it_is_and_rehash_reads_all(
    world: World,
) -> None:
    """The bytes are wrong behind the back of the file system, as after a fault of the disk."""
    path = await cached(world)
    spoil(path)
    vouch(world.cache / "index.sqlite3", path)
    (entry,) = await look(world, Depth.OFFLINE)
    assert (entry.verdict, entry.cached) == (Verdict.OK, True)
    (entry,) = await look(world, Depth.REHASH)
    assert (entry.verdict, entry.cached) == (Verdict.NOT_CACHED, False)


async def test_a_cache_from_an_earlier_version_is_hashed(world: World) -> None:
    path = await cached(world)
    doubt(world.cache / "index.sqlite3")
    assert [entry.verdict for entry in await look(world, Depth.OFFLINE)] == [Verdict.OK]
    spoil(path)
    assert [entry.verdict for entry in await look(world, Depth.OFFLINE)] == [Verdict.NOT_CACHED]


async def test_a_copied_cache_is_hashed_and_sound(world: World) -> None:
    """As `cp -a` and backups bring it: everything is as it was but inode and ctime."""
    path = await cached(world)
    world.cache.rename(world.folder / "before")
    shutil.copytree(world.folder / "before", world.cache)
    assert [entry.verdict for entry in await look(world, Depth.OFFLINE)] == [Verdict.OK]
    spoil(path)
    assert [entry.verdict for entry in await look(world, Depth.OFFLINE)] == [Verdict.NOT_CACHED]


async def test_a_clone_without_an_index_is_judged_by_manifest_and_images(world: World) -> None:
    """What a repository holds that keeps images and manifest, and ignores the index."""
    urls = [world.origin.route(f"/{n}.jpg", body=pictures.jpeg(160, 120, seed=n)) for n in range(2)]
    world.article(*(world.entry(url) for url in urls))
    kept, lost = (entry.path for entry in (await world.refresh()).entries())
    (world.cache / "index.sqlite3").unlink()
    (world.cache / str(lost)).unlink()
    entries = await look(world, Depth.OFFLINE)
    assert [entry.verdict for entry in entries] == [Verdict.OK, Verdict.NOT_CACHED]
    assert [entry.path for entry in entries] == [kept, None]
    assert [one.name for one in entries[0].thumbnails] == ["small"]
    spoil(world.cache / str(kept))
    assert [one.verdict for one in await look(world, Depth.OFFLINE)] == [Verdict.NOT_CACHED] * 2


async def test_a_stand_in_picture_is_unmasked(world: World) -> None:
    stand_in = pictures.jpeg(50, 50)
    urls = [world.origin.route(f"/{number}.jpg", body=stand_in) for number in range(3)]
    world.article(*(world.entry(url) for url in urls))
    for depth in (Depth.PROBE, Depth.FULL):
        entries = await look(world, depth)
        assert [entry.verdict for entry in entries] == [Verdict.PLACEHOLDER] * 3


@pytest.mark.parametrize("depth", list(Depth))
@pytest.mark.parametrize("cached", [True, False])
async def test_it_runs_on_read_only_folders(world: World, depth: Depth, cached: bool) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    if cached:
        await world.refresh()
    folders = [path for path in world.folder.rglob("*") if path.is_dir()] + [world.folder]
    for folder in folders:
        folder.chmod(0o555)
    try:
        (entry,) = await look(world, depth)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    expected = Verdict.NOT_CHECKED if depth.is_offline and not cached else Verdict.OK
    assert entry.verdict is expected


async def test_transient_failures_are_tried_again_and_named_as_what_they_are(world: World) -> None:
    busy = behaviours.answer(b"", status=503)
    fixed = world.origin.route("/a.jpg", behaviours.in_turn(busy, behaviours.answer(JPEG)))
    broken = world.origin.route("/b.jpg", status=503)
    world.article(world.entry(fixed), world.entry(broken))
    entries = await look(world)
    assert [entry.verdict for entry in entries] == [Verdict.OK, Verdict.SERVER_ERROR]
    # Once with Range, three tries, and what costs none while the host's pace is looked for.
    assert 4 <= world.origin.count("/b.jpg") <= 4 + FREE_REFUSALS


async def test_an_image_that_kills_its_decoder_does_not_end_the_run(world: World) -> None:
    world.extra["limits"] = {"decode_memory": 400 << 20}
    good = world.origin.route("/good.jpg", body=JPEG)
    bomb = world.origin.route("/bomb.webp", body=pictures.webp_bomb(7000, 7000))
    after = world.origin.route("/after.jpg", body=pictures.jpeg(60, 40))
    world.article(world.entry(good), world.entry(bomb, 7000, 7000), world.entry(after, 60, 40))
    assert [entry.verdict for entry in await look(world, Depth.FULL)] == [
        Verdict.OK, Verdict.TOO_MANY_PIXELS, Verdict.OK,
    ]  # fmt: skip


@pytest.mark.parametrize("depth", [Depth.PROBE, Depth.OFFLINE])
async def test_images_in_place_are_decoded_side_by_side(
    world: World, depth: Depth, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = asyncio.Barrier(2)
    decode = DecodePool.decode

    async def decoded(self: DecodePool, job: DecodeJob) -> Decoded | Failure:
        async with asyncio.timeout(30):  # which one alone would wait for
            await together.wait()
        return await decode(self, job)

    monkeypatch.setattr(DecodePool, "decode", decoded)
    for name in ("a.jpg", "b.jpg"):
        (world.articles / name).write_bytes(JPEG)
    world.article(world.entry("a.jpg"), world.entry("b.jpg"))
    assert [one.verdict for one in await look(world, depth)] == [Verdict.OK, Verdict.OK]
