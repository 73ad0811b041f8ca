"""The whole engine against a real origin, through its Python door."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from imgcache import RefreshOptions, refresh
from imgcache.core.cache.plan import Scope
from imgcache.edge.index.index import Index
from imgcache.edge.safe_fs import identity_of, mark_of
from imgcache.engine.run.listener import Listener
from imgcache.errors import CacheLockedError, ConfigError
from imgcache.model import Severity, Source, Verdict
from tests.support import behaviours, pictures
from tests.support.publishing import temporary_files
from tests.support.tampering import doubt, marks
from tests.support.world import World, flags

JPEG = pictures.jpeg(160, 120)


async def test_a_good_image_is_kept_thumbnailed_listed_and_flagged(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG, content_type="image/jpeg")
    article = world.article(world.entry(url))
    entry = await world.only()
    assert (entry.verdict, entry.source, entry.cached) == (Verdict.OK, Source.DOWNLOADED, True)
    assert "isCached: true" in article.read_text()
    assert entry.path is not None
    assert (world.cache / entry.path).read_bytes() == JPEG
    (thumbnail,) = entry.thumbnails
    shown = pictures.opened((world.cache / thumbnail.path).read_bytes())
    assert shown.size == (thumbnail.width, thumbnail.height) == (160, 120)
    manifest = json.loads((world.cache / "manifest.json").read_text())
    assert manifest["images"][url]["path"] == entry.path
    assert temporary_files(world.cache) == []


async def test_a_second_run_asks_nothing_and_writes_nothing(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url), world.entry(url + "?x"))
    world.origin.route("/a.jpg?x", body=pictures.jpeg(161, 120))
    await world.refresh()
    before, asked = world.state(), len(world.origin.requests)
    report = await world.refresh()
    assert len(world.origin.requests) == asked
    assert world.state() == before
    assert [entry.source for entry in report.entries()] == [Source.FRESH] * 2
    summary = report.summary
    assert (summary.fresh, summary.requests, summary.articles_changed) == (2, 0, 0)


async def test_each_url_is_asked_once_however_many_entries_name_it(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    for number in range(5):
        world.article(world.entry(url), world.entry(f"{url}#{number}"), name=f"{number}.md")
    report = await world.refresh()
    assert world.origin.count("/a.jpg") == 1
    assert (report.summary.entries, report.summary.urls) == (10, 1)
    manifest = json.loads((world.cache / "manifest.json").read_text())
    assert len(manifest["images"]) == 6


async def test_a_stale_copy_is_revalidated(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG, etag='"one"')
    world.article(world.entry(url))
    await world.refresh()
    world.extra = {"freshness": {"default": 0, "least": 0}}
    entry = await world.only()
    assert entry.source is Source.REVALIDATED
    assert world.origin.requests[-1].headers["if-none-match"] == '"one"'
    entry = await world.only(scope=Scope.EVERYTHING)
    assert entry.source is Source.REVALIDATED


async def test_a_304_keeps_the_copy_fresh_from_then_on(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG, etag='"one"')
    world.article(world.entry(url))
    await world.refresh()
    await world.refresh(scope=Scope.EVERYTHING)
    asked = len(world.origin.requests)
    assert (await world.only()).source is Source.FRESH
    assert len(world.origin.requests) == asked


async def test_a_copy_is_kept_when_the_origin_loses_it(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(world.entry(url))
    await world.refresh()
    world.origin.route("/a.jpg", status=404)
    entry = await world.only(scope=Scope.EVERYTHING)
    assert (entry.verdict, entry.severity) == (Verdict.GONE, Severity.WARNING)
    assert (entry.source, entry.cached, entry.status) == (Source.STALE, True, 404)
    assert entry.path is not None
    assert (world.cache / entry.path).read_bytes() == JPEG
    assert "isCached: true" in article.read_text()


async def test_a_kept_copy_of_the_wrong_size_is_judged_by_its_size(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url, 999, 120))
    await world.refresh()
    world.origin.route("/a.jpg", status=503)
    entry = await world.only(scope=Scope.EVERYTHING)
    assert (entry.verdict, entry.source) == (Verdict.DIMENSIONS_MISMATCH, Source.STALE)
    assert entry.message is not None
    assert "503" in entry.message
    assert "160 x 120" in entry.message


async def test_failures_are_asked_again_in_the_next_run(world: World) -> None:
    url = world.origin.route("/a.jpg", status=404)
    world.article(world.entry(url))
    assert (await world.only()).verdict is Verdict.GONE
    world.origin.route("/a.jpg", body=JPEG)
    assert (await world.only()).verdict is Verdict.OK


async def test_transient_failures_are_tried_again(world: World) -> None:
    busy = behaviours.answer(b"", status=503)
    url = world.origin.route("/a.jpg", behaviours.in_turn(busy, busy, behaviours.answer(JPEG)))
    world.article(world.entry(url))
    report = await world.refresh()
    assert world.origin.count("/a.jpg") == report.summary.requests == 3
    assert report.summary.verdicts == {Verdict.OK: 1}


async def test_tries_come_to_an_end(world: World) -> None:
    url = world.origin.route("/a.jpg", status=503)
    world.article(world.entry(url))
    assert (await world.only()).verdict is Verdict.SERVER_ERROR
    assert world.origin.count("/a.jpg") == 3


async def test_a_long_retry_after_is_kept_also_by_later_runs(world: World) -> None:
    headers = {"Retry-After": "3600"}
    busy = world.origin.route("/a.jpg", status=429, headers=headers)
    other = world.origin.url("/b.jpg")
    world.article(world.entry(busy), world.entry(other))
    report = await world.refresh()
    verdicts = [entry.verdict for entry in report.entries()]
    assert verdicts == [Verdict.RATE_LIMITED] * 2
    assert len(world.origin.requests) == 1
    again = await world.refresh()
    assert [entry.verdict for entry in again.entries()] == verdicts
    assert len(world.origin.requests) == 1
    await world.refresh(scope=Scope.EVERYTHING)
    assert len(world.origin.requests) == 2


async def test_a_pause_noted_by_a_clock_that_was_ahead_is_forgotten(world: World) -> None:
    url = world.origin.route("/a.jpg", status=429, headers={"Retry-After": "3600"})
    world.article(world.entry(url))
    await world.refresh()
    with sqlite3.connect(world.cache / "index.sqlite3") as connection:
        connection.execute("UPDATE hosts SET until = until + 365 * 86400")
    world.origin.route("/a.jpg", body=JPEG)
    assert (await world.only()).verdict is Verdict.OK
    with Index.open_readonly(world.cache / "index.sqlite3") as index:
        assert index.pauses() == {}


async def test_a_retry_after_counts_from_the_date_of_its_answer(world: World) -> None:
    """The server's clock is a year behind, and it means an hour."""
    then = time.time() - 365 * 86400
    headers = {
        "Date": formatdate(then, usegmt=True),
        "Retry-After": formatdate(then + 3600, usegmt=True),
    }
    world.article(world.entry(world.origin.route("/a.jpg", status=503, headers=headers)))
    for _ in range(2):
        assert (await world.only()).verdict is Verdict.SERVER_ERROR
    assert world.origin.count("/a.jpg") == 1


async def test_only_failed_ones_are_asked_for_with_retry_failed(world: World) -> None:
    good = world.origin.route("/a.jpg", body=JPEG)
    bad = world.origin.route("/b.jpg", status=404)
    world.article(world.entry(good), world.entry(bad))
    await world.refresh()
    world.article(world.entry(good), world.entry(bad), world.entry(good + "?new"))
    world.extra = {"freshness": {"default": 0, "least": 0}}
    report = await world.refresh(scope=Scope.FAILED)
    assert world.origin.count("/a.jpg") == 1
    assert world.origin.count("/b.jpg") == 2
    verdicts = [entry.verdict for entry in report.entries()]
    assert verdicts == [Verdict.OK, Verdict.GONE, Verdict.NOT_CHECKED]


@pytest.mark.parametrize(
    ("declared", "verdict", "flag"),
    [
        ("width: 120, height: 160", Verdict.DIMENSIONS_SWAPPED, False),
        ("width: 80, height: 60", Verdict.DIMENSIONS_SCALED, False),
        ("width: 99, height: 12", Verdict.DIMENSIONS_MISMATCH, False),
        ("width: 160", Verdict.DIMENSIONS_MISSING, True),
        ('width: "160", height: 120', Verdict.OK, True),
    ],
)
async def test_size_verdicts_and_their_flags(
    world: World, declared: str, verdict: Verdict, flag: bool
) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(f'url: "{url}", {declared}')
    entry = await world.only()
    assert (entry.verdict, entry.cached) == (verdict, flag)


@pytest.mark.parametrize(
    ("body", "content_type", "verdict"),
    [
        (b"", "image/jpeg", Verdict.EMPTY),
        (b"<!doctype html><title>no</title>", "text/html", Verdict.NOT_AN_IMAGE),
        (pictures.cut(JPEG), "image/jpeg", Verdict.TRUNCATED),
        (b"II*\0" + bytes(64), "image/tiff", Verdict.UNSUPPORTED_FORMAT),
        (pictures.png_bomb(), "image/png", Verdict.TOO_MANY_PIXELS),
        (pictures.svg(), "text/plain", Verdict.UNSUPPORTED_FORMAT),
    ],
)
async def test_content_verdicts(
    world: World, body: bytes, content_type: str, verdict: Verdict
) -> None:
    url = world.origin.route("/a", body=body, content_type=content_type)
    world.article(world.entry(url, cached="true"))
    entry = await world.only()
    assert (entry.verdict, entry.cached, entry.path) == (verdict, False, None)


async def test_a_body_beyond_the_limit_is_too_large(world: World) -> None:
    world.extra = {"fetch": {"max_bytes": 1000}}
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    assert (await world.only()).verdict is Verdict.TOO_LARGE


async def test_a_hosts_stand_in_picture_is_unmasked(world: World) -> None:
    stand_in = pictures.jpeg(50, 50)
    urls = [world.origin.route(f"/{number}.jpg", body=stand_in) for number in range(3)]
    world.article(*(world.entry(url) for url in urls))
    report = await world.refresh()
    entries = list(report.entries())
    assert [entry.verdict for entry in entries] == [Verdict.PLACEHOLDER] * 3
    assert flags(entries) == [False] * 3
    assert {entry.severity for entry in entries} == {Severity.ERROR}


async def test_a_stand_in_without_a_declared_size_is_one_too(world: World) -> None:
    stand_in = pictures.jpeg(120, 90)
    urls = [world.origin.route(f"/{number}.jpg", body=stand_in) for number in range(4)]
    entries = [world.entry(url, 640, 480, "true") for url in urls[:3]]
    article = world.article(*entries, world.entry(urls[3], 0, 0, "true"))
    report = await world.refresh(fix_dimensions=True)
    found = list(report.entries())
    assert [entry.verdict for entry in found] == [Verdict.PLACEHOLDER] * 4
    assert flags(found) == [False] * 4
    assert "120" not in article.read_text()


async def test_data_urls_and_site_paths_are_measured_and_never_cached(
    world: World, tmp_path: Path
) -> None:
    site = tmp_path / "static"
    site.mkdir()
    (site / "a.jpg").write_bytes(JPEG)
    dot = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    world.extra = {"site_root": site}
    world.article(
        world.entry(dot, 1, 1, "true"), world.entry("/a.jpg"), world.entry("/../../b.jpg")
    )
    report = await world.refresh()
    entries = list(report.entries())
    assert [entry.verdict for entry in entries] == [Verdict.OK, Verdict.OK, Verdict.GONE]
    assert flags(entries) == [False] * 3


async def test_paths_are_looked_up_beside_the_article_and_never_get_a_flag(world: World) -> None:
    (world.articles / "en").mkdir(parents=True)
    (world.articles / "en" / "a.jpg").write_bytes(JPEG)
    (world.folder / "b.jpg").write_bytes(JPEG)
    size = "width: 160, height: 120"
    written = [f"url: {url}, {size}" for url in ("a.jpg", "../../b.jpg", "/a.jpg", "../a.jpg")]
    one = world.article(*written, name="en/a.md")
    other = world.article(f"url: a.jpg, {size}", world.entry("a.jpg", cached="true"), name="b.md")
    before, entries = one.read_bytes(), []
    for _ in range(2):  # of what is kept, too
        entries = list((await world.refresh()).entries())
        near = [entry.verdict for entry in entries if entry.article.endswith("en/a.md")]
        assert near == [Verdict.OK, Verdict.GONE, Verdict.NOT_CHECKED, Verdict.GONE]
        far = [entry.verdict for entry in entries if entry.article.endswith("b.md")]
        assert far == [Verdict.GONE, Verdict.GONE]
        assert one.read_bytes() == before
        assert other.read_text().count("isCached: false") == 1
    messages = {entry.verdict: entry.message for entry in entries}
    assert "set site_root" in (messages[Verdict.NOT_CHECKED] or "")
    assert "a.jpg beside the article" in (messages[Verdict.GONE] or "")


async def test_excluded_urls_are_neither_fetched_nor_judged(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.extra = {"exclude": ["*/a.jpg"]}
    article = world.article(world.entry(url, cached="true"))
    report = await world.refresh()
    assert (report.summary.entries, world.origin.requests) == (0, [])
    assert "isCached: true" in article.read_text()


async def test_private_addresses_are_refused_without_a_request(world: World) -> None:
    url = world.origin.url("/a.jpg")
    world.article(world.entry(url))
    world.extra = {"fetch": {"allow_private": []}}
    entry = await world.only()
    assert entry.verdict is Verdict.FORBIDDEN_ADDRESS
    assert world.origin.connections == 0
    assert entry.message is not None
    assert "127.0.0.1" not in entry.message


async def test_dimensions_are_fixed_when_asked(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(f'url: "{url}", width: 9, height: 120 # keep')
    article.write_text(f"---\nimages:\n  - url: {url}\n    width: 9 # keep\n---\n")
    entry = await world.only(fix_dimensions=True)
    assert (entry.verdict, entry.cached) == (Verdict.OK, True)
    text = article.read_text()
    assert "    width: 160 # keep\n" in text
    assert "    height: 120\n" in text
    assert "    isCached: true\n" in text


async def test_a_dry_run_fills_the_cache_and_writes_no_article(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(world.entry(url))
    before = article.read_bytes()
    report = await world.refresh(write=False, diff=True)
    (entry,) = report.entries()
    assert (entry.cached, report.summary.articles_changed) == (True, 1)
    assert article.read_bytes() == before
    assert not (world.cache / "manifest.json").exists()
    assert "+  - {url:" in "".join(one.diff for one in report.diffs())
    await world.refresh()
    assert len(world.origin.requests) == 1
    assert (world.cache / "manifest.json").exists()


async def test_a_missing_flag_moves_later_entries_and_their_lines_are_true(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    entry = f"  - url: {url}\n    width: 160\n    height: 120\n"
    article = world.articles / "a.md"
    article.write_text(f"---\nimages:\n{entry}{entry}---\n")
    report = await world.refresh()
    lines = article.read_text().splitlines()
    for one in report.entries():
        assert lines[one.line - 1][one.column - 1 :] == url


async def test_broken_articles_are_told_and_the_run_goes_on(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    (world.articles / "b.md").write_text("---\nimages: [\n---\n")
    duplicate = f"---\nimages:\n  - url: {url}\n    width: 1\n    width: 2\n---\n"
    (world.articles / "c.md").write_text(duplicate)
    report = await world.refresh()
    problems = {problem.article: problem for problem in report.article_errors()}
    assert sorted(Path(name).name for name in problems) == ["b.md", "c.md"]
    assert report.summary.articles_failed == 2
    assert (world.articles / "c.md").read_text() == duplicate
    assert {problem.line for problem in problems.values()} == {2, 5}


async def test_an_article_that_can_not_be_edited_keeps_its_flags(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(world.entry(url))
    os.link(article, world.folder / "twin")
    report = await world.refresh()
    (entry,) = report.entries()
    (problem,) = report.article_errors()
    assert (entry.verdict, entry.cached) == (Verdict.OK, False)
    assert "link" in problem.message


async def test_thumbnails_are_made_again_only_when_gone_or_of_another_recipe(
    world: World,
) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    (before,) = (await world.only()).thumbnails
    (world.cache / before.path).unlink()
    (again,) = (await world.only()).thumbnails
    assert (world.cache / again.path).is_file()
    world.extra = {"thumbnails": {"card": {"width": 40, "format": "png"}}}
    (card,) = (await world.only()).thumbnails
    assert (card.name, card.width, card.height) == ("card", 40, 30)
    assert world.origin.count("/a.jpg") == 1


async def test_a_thumbnail_changed_at_equal_length_is_made_again(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    (thumbnail,) = (await world.only()).thumbnails
    path = world.cache / thumbnail.path
    good = path.read_bytes()
    path.write_bytes(b"x" * len(good))
    await world.refresh()
    assert path.read_bytes() == good
    os.utime(path, ns=(7, 7))
    await world.refresh()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (good, 7)


async def test_a_damaged_copy_is_fetched_again(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG, etag='"one"')
    world.article(world.entry(url))
    entry = await world.only()
    assert entry.path is not None
    (world.cache / entry.path).write_bytes(b"x" * len(JPEG))
    entry = await world.only()
    assert (entry.source, entry.cached) == (Source.DOWNLOADED, True)
    assert "if-none-match" not in world.origin.requests[-1].headers
    assert (world.cache / str(entry.path)).read_bytes() == JPEG


async def test_a_touched_copy_is_hashed_once_and_known_from_then_on(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    path, index = world.cache / str((await world.only()).path), world.cache / "index.sqlite3"
    assert marks(index) == [mark_of(identity_of(path.stat()))]
    os.utime(path, ns=(7, 7))
    await world.refresh()
    assert marks(index) == [mark_of(identity_of(path.stat()))]


async def test_a_copy_of_unknown_identity_is_sound_and_not_said_to_be_hashed(world: World) -> None:
    """As an index of an earlier version has it, and as a backup brings it back."""
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    path, index = world.cache / str((await world.only()).path), world.cache / "index.sqlite3"
    doubt(index)
    before = world.state()
    entry = await world.only()
    assert (entry.source, entry.cached, marks(index)) == (Source.FRESH, True, [None])
    assert world.state() == before
    await world.refresh(scope=Scope.EVERYTHING)  # the same bytes again: these are hashed
    assert marks(index) == [mark_of(identity_of(path.stat()))]


async def test_a_304_whose_copy_went_meanwhile_is_worth_nothing(world: World) -> None:
    """The copy is there when the request goes out, and gone when the answer comes."""
    path: list[Path] = []

    async def loses_it(request: behaviours.Request, writer: asyncio.StreamWriter) -> bool | None:
        if "if-none-match" in request.headers:
            path[0].unlink()
        return await behaviours.conditional(JPEG, etag='"one"')(request, writer)

    world.article(world.entry(world.origin.route("/a.jpg", loses_it)))
    path.append(world.cache / str((await world.only()).path))
    entry = await world.only(scope=Scope.EVERYTHING)
    assert (entry.verdict, entry.source, entry.cached) == (Verdict.OK, Source.DOWNLOADED, True)
    assert path[0].read_bytes() == JPEG
    sent = [request.headers.get("if-none-match") for request in world.origin.requests]
    assert sent == [None, '"one"', None]


async def test_a_lost_copy_is_not_vouched_for_by_a_server_that_says_304_to_all(
    world: World,
) -> None:
    url = world.origin.route("/a.jpg", body=JPEG, etag='"one"')
    article = world.article(world.entry(url))
    (world.cache / str((await world.only()).path)).unlink()
    world.origin.route("/a.jpg", status=304)
    entry = await world.only()
    assert (entry.verdict, entry.cached, entry.path) == (Verdict.HTTP_ERROR, False, None)
    assert "isCached: true" not in article.read_text()
    assert world.origin.count("/a.jpg") == 2


async def test_a_lost_copy_of_a_dead_origin_clears_the_flag(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    entry = await world.only()
    (world.cache / str(entry.path)).unlink()
    world.origin.route("/a.jpg", status=404)
    entry = await world.only()
    assert (entry.verdict, entry.cached, entry.path) == (Verdict.GONE, False, None)
    manifest = json.loads((world.cache / "manifest.json").read_text())
    assert manifest["images"] == {}


async def test_a_lost_index_is_made_again_from_the_manifest(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    await world.refresh()
    (world.cache / "index.sqlite3").unlink()
    world.origin.route("/a.jpg", status=503)
    entry = await world.only()
    assert (entry.verdict, entry.source, entry.cached) == (
        Verdict.SERVER_ERROR,
        Source.STALE,
        True,
    )


async def test_a_full_cache_is_this_machines_fault(world: World) -> None:
    world.extra = {"cache": {"max_bytes": 10}}
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url, cached="true"))
    settings = world.settings().model_copy(
        update={"cache": world.settings().cache.model_copy(update={"max_bytes": 10})}
    )
    report = await refresh([world.articles], settings, RefreshOptions())
    (entry,) = report.entries()
    assert (entry.verdict, entry.cached) == (Verdict.LOCAL_ERROR, False)
    assert entry.message is not None
    assert "cache.max_bytes" in entry.message


async def test_two_runs_at_once_do_not_share_a_cache(world: World) -> None:
    gate = asyncio.Event()
    url = world.origin.route("/a.jpg", behaviours.after(gate, behaviours.answer(JPEG)))
    world.article(world.entry(url))
    first = asyncio.create_task(world.refresh())
    await world.origin.asked("/a.jpg")
    with pytest.raises(CacheLockedError):
        await world.refresh()
    gate.set()
    await first


async def test_after_the_time_is_up_nothing_more_is_started(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(world.entry(url, cached="true"))
    report = await world.refresh(max_time=0.0)
    (entry,) = report.entries()
    assert (entry.verdict, entry.severity) == (Verdict.NOT_CHECKED, Severity.WARNING)
    assert (entry.cached, report.interrupted) == (True, True)
    assert world.origin.requests == []
    assert "isCached: true" in article.read_text()


async def test_an_interruption_keeps_and_writes_what_is_done(world: World) -> None:
    done = world.origin.route("/done.jpg", body=JPEG)
    hangs = world.origin.route("/hangs.jpg", behaviours.stall())
    world.article(world.entry(done), name="a.md")
    world.article(world.entry(hangs, cached="true"), name="b.md")
    interrupt = asyncio.Event()

    class UntilDone(Listener):
        """Interrupts when the first image is in."""

        def concluded(self, *_: object) -> None:
            interrupt.set()

    world.extra = {"fetch": {"per_host": 2}}
    run = refresh([world.articles], world.settings(), RefreshOptions(), UntilDone(), interrupt)
    report = await run
    first, second = report.entries()
    assert (first.verdict, first.cached) == (Verdict.OK, True)
    assert (second.verdict, second.cached) == (Verdict.NOT_CHECKED, True)
    assert report.interrupted
    assert "isCached: true" in (world.articles / "a.md").read_text()
    assert temporary_files(world.cache) == []


async def test_what_was_known_before_an_interruption_is_judged_from_memory(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    await world.refresh()
    world.extra = {"freshness": {"default": 0, "least": 0}}
    report = await world.refresh(max_time=0.0)
    (entry,) = report.entries()
    assert (entry.verdict, entry.source, entry.cached) == (Verdict.OK, Source.STALE, True)


async def test_a_path_that_does_not_exist_is_wrong_usage(world: World) -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        await refresh([world.folder / "nowhere"], world.settings())


async def test_nothing_stays_beside_the_index(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    await world.refresh()
    names = {path.name for path in world.cache.iterdir()}
    kept = {"images", "thumbs", "index.sqlite3", "index.sqlite3-catalog", "manifest.json"}
    assert names == {*kept, ".gitignore", "tmp", "lock"}
    with sqlite3.connect(world.cache / "index.sqlite3") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_a_slip_of_ours_costs_one_url_and_not_the_run(world: World) -> None:
    bad = world.origin.route("/bad.jpg", body=JPEG)
    good = world.origin.route("/good.jpg", body=JPEG)
    world.article(world.entry(bad), world.entry(good))

    class Slips(Listener):
        """Fails where nobody expects it."""

        def attempted(self, url: str, wire_bytes: int) -> None:
            if "bad" in url:
                raise ZeroDivisionError(wire_bytes)

    report = await refresh([world.articles], world.settings(), RefreshOptions(), Slips())
    first, second = report.entries()
    assert (first.verdict, second.verdict) == (Verdict.LOCAL_ERROR, Verdict.OK)
    assert first.message is not None
    assert "ZeroDivisionError" in first.message


async def test_a_lost_copy_of_a_paused_host_clears_the_flag(world: World) -> None:
    good = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(world.entry(good))
    entry = await world.only()
    busy = world.origin.route("/b.jpg", status=429, headers={"Retry-After": "3600"})
    world.article(world.entry(good, cached="true"), world.entry(busy))
    await world.refresh()
    (world.cache / str(entry.path)).unlink()
    report = await world.refresh()
    lost, _ = report.entries()
    assert (lost.verdict, lost.cached, lost.status) == (Verdict.RATE_LIMITED, False, 429)
    assert "isCached: true" not in article.read_text()


async def test_a_lost_copy_is_asked_for_with_retry_failed(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    entry = await world.only()
    (world.cache / str(entry.path)).unlink()
    assert (await world.only(scope=Scope.FAILED)).source is Source.DOWNLOADED


async def test_the_same_bytes_again_rewrite_nothing(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    await world.refresh()
    before = world.state()
    entry = await world.only(scope=Scope.EVERYTHING)
    assert entry.source is Source.DOWNLOADED
    assert world.state() == before


async def test_a_dry_run_says_what_could_not_be_edited(world: World) -> None:
    article = world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    os.link(article, world.folder / "twin")
    report = await world.refresh(write=False)
    (problem,) = report.article_errors()
    assert "link" in problem.message
    assert report.summary.articles_changed == 0


async def test_bytes_that_are_stored_already_need_no_room(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    await world.refresh()
    full = world.settings().cache.model_copy(update={"max_bytes": 10})
    settings = world.settings().model_copy(update={"cache": full})
    report = await refresh([world.articles], settings, RefreshOptions(Scope.EVERYTHING))
    assert report.summary.verdicts == {Verdict.OK: 1}


async def test_missing_sizes_are_fixed_from_a_kept_copy(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(f'url: "{url}", isCached: false')
    await world.refresh()
    world.origin.route("/a.jpg", status=404)
    entry = await world.only(scope=Scope.EVERYTHING, fix_dimensions=True)
    assert (entry.verdict, entry.cached) == (Verdict.GONE, True)
    assert "width: 160, height: 120" in article.read_text()


async def test_a_kept_copy_of_a_failing_url_gets_its_new_thumbnails(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    await world.refresh()
    world.origin.route("/a.jpg", status=404)
    world.extra = {"thumbnails": {"card": {"width": 40}}}
    entry = await world.only(scope=Scope.EVERYTHING)
    assert [(one.name, one.width) for one in entry.thumbnails] == [("card", 40)]


async def test_requests_of_an_interrupted_run_are_counted(world: World) -> None:
    world.article(world.entry(world.origin.route("/hangs.jpg", behaviours.stall())))
    interrupt = asyncio.Event()
    run = asyncio.create_task(refresh([world.articles], world.settings(), interrupt=interrupt))
    await world.origin.asked("/hangs.jpg")
    interrupt.set()
    report = await run
    assert (report.summary.requests, report.interrupted) == (1, True)


async def test_a_run_that_left_nothing_out_was_not_interrupted(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    await world.refresh()
    assert not (await world.refresh(max_time=0.0)).interrupted


@pytest.mark.parametrize("size", ['width="0.4" height="9"', 'width="-5" height="9"'])
async def test_a_size_that_can_not_be_declared_is_not_written(world: World, size: str) -> None:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" {size}/>'.encode()
    odd = world.origin.route("/a.svg", body=drawing, content_type="image/svg+xml")
    gone = world.origin.route("/b.jpg", status=404)
    article = world.article(world.entry(odd, 3, 3), world.entry(gone, cached="true"))
    report = await world.refresh(fix_dimensions=True)
    assert list(report.article_errors()) == []
    assert "isCached: true" not in article.read_text()


@pytest.mark.parametrize(
    "shape",
    ['width="5" viewBox="0 0 1e-300 1e300"', 'height="1e-400" viewBox="0 0 1e308 1e-308"'],
)
async def test_an_absurd_drawing_costs_one_verdict(world: World, shape: str) -> None:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" {shape}/>'.encode()
    url = world.origin.route("/a.svg", body=drawing, content_type="image/svg+xml")
    world.article(world.entry(url, 3, 3))
    assert (await world.only()).verdict in (Verdict.DIMENSIONS_MISMATCH, Verdict.CORRUPT)


@pytest.mark.parametrize("host", ["xn--n3h.test", "\u2603.test", "\U0001f600.test"])
async def test_international_names_are_opened_as_browsers_do(world: World, host: str) -> None:
    world.origin.route("/a.jpg", body=JPEG)
    world.extra = {"fetch": {"resolve": [f"*:80:127.0.0.1:{world.origin.port}"]}}
    world.article(world.entry(f"http://{host}/a.jpg"))
    assert (await world.only()).verdict is Verdict.OK
    assert world.origin.requests[0].headers["host"].startswith("xn--")


async def test_a_manifest_that_can_not_be_written_loses_no_report(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    await world.refresh()
    (world.cache / "manifest.json").unlink()
    (world.cache / "manifest.json" / "in the way").mkdir(parents=True)
    article = world.article(world.entry(url))
    report = await world.refresh()
    assert report.local_fault
    assert report.summary.verdicts == {Verdict.OK: 1}
    assert "isCached: true" in article.read_text()


async def test_what_a_killed_run_left_beside_articles_goes_unless_in_a_dry_run(
    world: World,
) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    leftover = world.articles / f".{'0' * 32}.imgcache"
    leftover.write_bytes(b"---\nhalf of an art")
    await world.refresh(write=False)
    assert leftover.exists()
    await world.refresh()
    assert not leftover.exists()


async def test_each_run_is_remembered_with_how_its_urls_fared(world: World) -> None:
    good = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(good), world.entry(world.origin.route("/b.jpg", status=404)))
    for _ in range(2):
        await world.refresh()
    with Index.open_readonly(world.cache / "index.sqlite3") as index:
        last, first = index.runs()
    assert (first.downloaded, first.fresh, first.failed, first.requests) == (1, 0, 1, 2)
    assert (last.downloaded, last.fresh, last.failed, last.requests) == (0, 1, 1, 1)
    assert first.bytes >= len(JPEG)
    assert last.started > first.started


async def test_a_size_with_a_unit_is_named_and_counts_as_not_declared(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(f'url: "{url}", width: 160, height: 600px')
    entry = await world.only()
    assert entry.verdict is Verdict.DIMENSIONS_MISSING
    assert entry.message is not None
    assert entry.message.startswith("height `600px` is no size; the image is 160 x 120")
