"""The catalogue: what `verify --offline` would say, while articles and index change."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from imgcache.config import Settings
from imgcache.core.cache.layout import CATALOG, INDEX
from imgcache.core.cache.plan import Scope
from imgcache.core.catalog import Catalog, Order, Query
from imgcache.engine.catalog.now import catalog_now
from imgcache.engine.catalog.watcher import CatalogWatcher, watched_catalog
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.wiring import serving_tools
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.findings import Health
from imgcache.model import Severity, Verdict
from imgcache.results import EntryResult
from tests.support import pictures
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)
OTHER = pictures.jpeg(200, 120)
WRITTEN = Query(order=Order.AS_WRITTEN)
T = TypeVar("T")


class Warned(Listener):
    def __init__(self) -> None:
        self.messages: list[str] = []

    def warned(self, message: str) -> None:
        self.messages.append(message)


@asynccontextmanager
async def watching(world: World, listener: Listener | None = None) -> AsyncIterator[CatalogWatcher]:
    """A watcher that has looked, and looks again when the test says so."""
    settings = settings_of(world)
    async with (
        serving_tools(settings) as tools,
        watched_catalog(settings, tools, listener) as watcher,
    ):
        await watcher.look()
        yield watcher


def settings_of(world: World) -> Settings:
    return world.settings().model_copy(update={"articles": (str(world.articles),)})


async def once(world: World, question: Callable[[Catalog], T]) -> T:
    """What a catalogue says that is made now, and read once."""
    settings = settings_of(world)
    async with serving_tools(settings) as tools, catalog_now((), settings, tools) as catalog:
        return question(catalog)


def entries(catalog: Catalog) -> Sequence[EntryResult]:
    return catalog.select(WRITTEN, 0, 1000)


def verdicts(watcher: CatalogWatcher) -> list[Verdict]:
    with watcher.moment() as catalog:
        return [one.verdict for one in entries(catalog)]


def only(watcher: CatalogWatcher) -> EntryResult:
    with watcher.moment() as catalog:
        (entry,) = entries(catalog)
    return entry


def all_files(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("kept", [True, False])
async def test_it_says_what_verify_offline_says(world: World, *, kept: bool) -> None:
    good, gone = world.origin.route("/good.jpg", body=JPEG), world.origin.url("/gone.jpg")
    world.article(world.entry(good), world.entry(good, 120, 160), world.entry(gone))
    world.article(world.entry(world.origin.url("/new.jpg"), cached="true"), name="b.md")
    (world.articles / "broken.md").write_text("---\nimages: [\n---\n")
    (world.articles / "none.md").write_text("no article\n")
    world.article(world.entry("data:image/png;base64,xx"), world.entry("ftp://a/"), name="c.md")
    await world.refresh()
    world.article(world.entry(world.origin.url("/new.jpg?"), cached="true"), name="d.md")
    if not kept:
        (world.cache / CATALOG).unlink()
    report = await verify([world.articles], world.settings(), VerifyOptions(Depth.OFFLINE))

    def told(catalog: Catalog) -> object:
        problems = [one for state, _ in catalog.every_article(0) for one in state.problems]
        return list(entries(catalog)), problems, dict(catalog.overview(0).verdicts)

    expected = list(report.entries()), list(report.article_errors()), dict(report.summary.verdicts)
    assert await once(world, told) == expected
    async with watching(world) as watcher:
        with watcher.moment() as catalog:
            assert told(catalog) == expected
    assert {one.verdict for one in report.entries()} >= {
        Verdict.OK,
        Verdict.DIMENSIONS_SWAPPED,
        Verdict.GONE,
        Verdict.NOT_CACHED,
        Verdict.UNSUPPORTED_URL,
    }


async def test_a_stand_in_picture_is_told_as_one(world: World) -> None:
    urls = [world.origin.route(f"/{name}.jpg", body=OTHER) for name in "abc"]
    world.article(*(world.entry(url) for url in urls))
    await world.refresh()
    async with watching(world) as watcher:
        assert verdicts(watcher) == [Verdict.PLACEHOLDER] * 3


async def test_a_url_is_known_with_its_past(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url), world.entry(f"{url}#part"))
    world.article(world.entry(world.origin.url("/never.jpg")), name="b.md")
    await world.refresh()
    async with watching(world) as watcher:
        with watcher.moment() as catalog:
            state = catalog.state(url)
        assert state is not None
        assert (state.host, state.status, state.failure, state.failing_since) == (
            *("127.0.0.1", 200),
            *(None, None),
        )
        assert state.copy is not None
        assert state.asked_at == state.succeeded_at
        world.origin.route("/a.jpg", status=410)
        await world.refresh(scope=Scope.EVERYTHING)
        await watcher.look()
        with watcher.moment() as catalog:
            first = catalog.state(url)
        await world.refresh()
        await watcher.look()
        with watcher.moment() as catalog:
            second = catalog.state(f"{url}#another")
            assert [one.pointer for one in catalog.users(url, 9)] == ["/images/0", "/images/1"]
            assert catalog.state("relative.jpg") is None
            assert catalog.users("https://nobody.test/", 9) == []
    assert first is not None
    assert second is not None
    assert first.failure is not None
    assert (second.status, second.copy) == (410, state.copy)
    assert second.succeeded_at == state.succeeded_at
    assert second.failing_since == first.failing_since == first.asked_at
    assert second.asked_at is not None
    assert first.asked_at is not None
    assert second.asked_at > first.asked_at


@pytest.mark.parametrize("harm", ["delete", "overwrite", "link"])
async def test_a_copy_counts_only_while_its_bytes_are_right(world: World, harm: str) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG), cached="true"))
    await world.refresh()
    async with watching(world) as watcher:
        entry = only(watcher)
        assert entry.verdict is Verdict.OK
        assert entry.path is not None
        path = world.cache / entry.path
        before = path.stat()
        if harm == "overwrite":
            path.write_bytes(JPEG[:-1] + b"x")
            os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
        else:
            path.unlink()
        if harm == "link":
            path.symlink_to(world.folder / "articles" / "a.md")
        await watcher.look()
        entry = only(watcher)
        assert (entry.verdict, entry.path) == (Verdict.NOT_CACHED, None)
        with watcher.moment() as catalog:
            state = catalog.state(entry.url)
        assert state is not None
        assert state.copy is None


async def test_a_missing_thumbnail_is_not_promised(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    await world.refresh()
    (entry,) = await once(world, entries)
    (world.cache / entry.thumbnails[0].path).unlink()
    (entry,) = await once(world, entries)
    assert entry.thumbnails == ()


async def test_what_others_change_is_seen_and_nothing_else_makes_an_edition(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    article = world.article(world.entry(url))
    async with watching(world) as watcher:
        first = watcher.edition
        assert verdicts(watcher) == [Verdict.NOT_CHECKED]
        await watcher.look()
        assert watcher.edition == first
        await world.refresh()
        await watcher.look()
        second = watcher.edition
        assert verdicts(watcher) == [Verdict.OK]
        assert second != first
        article.write_bytes(article.read_bytes() + b"Only the text is another one.\n")
        watcher._audited = 0.0
        await watcher.look()
        assert watcher.edition == second
        world.article(world.entry(url, 120, 160), name="b.md")
        await watcher.look()
        assert watcher.edition != second
        assert verdicts(watcher) == [Verdict.OK, Verdict.DIMENSIONS_SWAPPED]
        (world.articles / "a.md").unlink()
        await watcher.look()
        with watcher.moment() as catalog:
            assert [one.article[-4:] for one, _ in catalog.every_article(0)] == ["b.md"]
            assert len(entries(catalog)) == catalog.overview(0).entries == 1


async def test_a_saved_article_is_judged_and_no_other(world: World) -> None:
    """What was judged before stands: here with a mark that judging again would remove."""
    url = world.origin.route("/a.jpg", body=JPEG)
    first, _ = world.article(world.entry(url)), world.article(world.entry(url), name="b.md")
    await world.refresh()
    async with watching(world) as watcher:
        catalog = watcher._current._catalog
        assert catalog is not None
        mark = "UPDATE entries SET judged = replace(judged, '\"ok\"', '\"gone\"')"
        catalog.many(mark, [()])
        assert verdicts(watcher) == [Verdict.GONE, Verdict.GONE]
        first.write_text(first.read_text().replace("{url", "{alt: new, url"))
        await watcher.look()
        assert verdicts(watcher) == [Verdict.OK, Verdict.GONE]


async def test_what_is_saved_twice_in_one_moment_is_seen(world: World) -> None:
    """The second time leaves size and times as they were: the file may be read again, then."""
    article = world.article('url: "ftp://one.test/"')
    async with watching(world) as watcher:
        times = article.stat()
        article.write_text(article.read_text().replace("one", "two"))
        os.utime(article, ns=(times.st_atime_ns, times.st_mtime_ns))
        await watcher.look()
        assert only(watcher).url == "ftp://two.test/"


async def test_a_reader_sees_one_moment(world: World) -> None:
    world.article(world.entry(world.origin.url("/a.jpg")))
    async with watching(world) as watcher:
        edition = watcher.edition
        with watcher.moment() as before:
            assert before.total(Query()) == 1
            world.article(world.entry(world.origin.url("/b.jpg")), name="b.md")
            await watcher.look()
            with watcher.moment() as after:
                assert (before.total(Query()), after.total(Query())) == (1, 2)
                assert (len(entries(before)), len(entries(after))) == (1, 2)
                assert (before.edition, after.edition) == (edition, watcher.edition)
        assert edition != watcher.edition


async def test_a_look_that_fails_leaves_the_catalogue_as_it_was(world: World) -> None:
    world.article(world.entry(world.origin.url("/a.jpg")))
    heard = Warned()
    async with watching(world, heard) as watcher:
        edition = watcher.edition
        world.article(world.entry(world.origin.url("/b.jpg")), name="b.md")
        (world.cache / INDEX).mkdir(parents=True)  # a folder in its place can't be read
        for _ in range(2):
            await watcher.look()
        assert len(verdicts(watcher)) == 1
        assert watcher.edition == edition
        assert [one for one in heard.messages if "stays as it was" in one] == heard.messages
        assert len(heard.messages) == 1
        (world.cache / INDEX).rmdir()
        await watcher.look()
        assert len(verdicts(watcher)) == 2


@pytest.mark.parametrize("early", [True, False])
async def test_the_manifest_stands_in_for_a_damaged_index(world: World, *, early: bool) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG), cached="true"))
    await world.refresh()
    heard, index = Warned(), world.cache / INDEX
    if early:
        index.write_bytes(b"no database at all" * 100)
    async with watching(world, heard) as watcher:
        if not early:
            index.write_bytes(b"no database at all" * 100)
            await watcher.look()
        world.article(world.entry(world.origin.url("/b.jpg"), cached="true"), name="b.md")
        await watcher.look()
        assert verdicts(watcher) == [Verdict.OK, Verdict.NOT_CACHED]
        assert len(heard.messages) == 1
        assert "the cache's index is damaged" in heard.messages[0]
        with watcher.moment() as catalog:
            state = catalog.state(entries(catalog)[0].url)
        assert state is not None
        assert (state.asked_at, state.copy is None) == (None, False)
        await world.refresh()
        await watcher.look()
        assert verdicts(watcher) == [Verdict.OK, Verdict.GONE]
        assert watcher._current.damage is None
        assert len(heard.messages) == 1


async def test_it_writes_into_no_folder_of_the_site(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url, 1, 1))
    await world.refresh()
    world.article(world.entry(url, 2, 2))
    before = all_files(world.folder)
    async with watching(world) as watcher:
        watcher._audited = 0.0
        await watcher.look()
        assert all_files(world.folder) == before
    assert all_files(world.folder) == before


async def test_local_files_are_measured_again_only_when_they_change(world: World) -> None:
    world.extra["site_root"] = world.folder / "site"
    picture = world.folder / "site" / "a.jpg"
    picture.parent.mkdir()
    picture.write_bytes(JPEG)
    world.article(world.entry("/a.jpg"), world.entry("/missing.jpg"))
    async with watching(world) as watcher:
        assert verdicts(watcher) == [Verdict.OK, Verdict.GONE]
        picture.write_bytes(OTHER)
        await watcher.look()
        assert verdicts(watcher)[0] is Verdict.DIMENSIONS_MISMATCH


async def test_patience_ends_while_it_watches(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.extra["fail_after"] = "3d"
    world.article(world.entry(world.origin.route("/gone.jpg", status=404)))
    await world.refresh()
    async with watching(world) as watcher:
        assert only(watcher).severity is Severity.WARNING
        edition = watcher.edition
        await watcher.look()
        assert watcher.edition == edition
        later = time.time() + 3 * 86_400 + 60
        monkeypatch.setattr(time, "time", lambda: later)
        await watcher.look()
        assert only(watcher).severity is Severity.ERROR
        assert watcher.edition != edition


async def test_a_rule_is_broken_as_soon_as_an_article_is_saved(world: World) -> None:
    world.extra["rules"] = [{"name": "described", "require": ["alt"]}]
    world.article(f"{world.entry(world.origin.route('/a.jpg', body=JPEG))}, alt: a picture")
    await world.refresh()
    async with watching(world) as watcher:
        assert only(watcher).broken == ()
        world.article(world.entry(world.origin.url("/a.jpg")))
        await watcher.look()
        assert [one.rule for one in only(watcher).broken] == ["described"]
        with watcher.moment() as catalog:
            assert catalog.overview(1).severities == {Severity.ERROR: 1}
            assert catalog.total(Query(text="missing-field")) == 1


async def test_it_works_by_itself_and_ends_with_its_context(world: World) -> None:
    world.article(world.entry(world.origin.url("/a.jpg")))
    settings = settings_of(world)
    async with (
        serving_tools(settings) as tools,
        watched_catalog(settings, tools) as watcher,
        asyncio.timeout(30),
    ):
        await watcher.ready.wait()
        assert len(verdicts(watcher)) == 1


async def test_nobody_waits_for_a_look_when_it_ends(world: World) -> None:
    for number in range(300):
        world.article(world.entry(world.origin.url(f"/{number}.jpg")), name=f"{number}.md")
    settings = settings_of(world)
    async with serving_tools(settings) as tools, asyncio.timeout(30):
        async with watched_catalog(settings, tools) as watcher:
            await asyncio.sleep(0)
        assert watcher.edition is None


async def test_it_tells_of_the_last_refreshes_and_of_pictures(world: World) -> None:
    good, gone = world.origin.route("/good.jpg", body=JPEG), world.origin.url("/gone.jpg")
    world.article(world.entry(good), world.entry(good), world.entry(gone))
    await world.refresh()

    def told(catalog: Catalog) -> object:
        overview = catalog.overview(0)
        return [(one.urls, one.failed) for one in overview.runs], dict(overview.images)

    expected = ([(2, 1)], {Health.ERROR: 1, Health.WELL: 1})
    assert await once(world, told) == expected
    async with watching(world) as watcher:
        with watcher.moment() as catalog:
            assert told(catalog) == expected
        world.article(world.entry(good, 1, 1), name="b.md")
        await world.refresh()
        await watcher.look()
        with watcher.moment() as catalog:
            assert told(catalog) == ([(2, 1), (2, 1)], {Health.ERROR: 2})
