"""The catalogue: what `verify --offline` would say, kept current, and looked through."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from imgcache.config import Settings
from imgcache.core.cache.plan import Scope
from imgcache.core.catalog import Catalog, Order, Query
from imgcache.engine.catalog.watcher import CatalogWatcher, catalog_now, watched_catalog
from imgcache.engine.run.wiring import serving_tools
from imgcache.engine.verify.options import Depth, VerifyOptions
from imgcache.engine.verify.pipeline import verify
from imgcache.model import Severity, Verdict
from tests.support import pictures
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)
OTHER = pictures.jpeg(200, 120)


@asynccontextmanager
async def curator_of(world: World) -> AsyncIterator[CatalogWatcher]:
    """A curator that looks only when the test says so."""
    settings = settings_of(world)
    async with serving_tools(settings) as tools, watched_catalog(settings, tools) as watcher:
        await watcher.look()
        yield watcher


def settings_of(world: World) -> Settings:
    return world.settings().model_copy(update={"articles": (str(world.articles),)})


async def catalogue_of(world: World) -> Catalog:
    settings = settings_of(world)
    async with serving_tools(settings) as tools:
        return await catalog_now((), settings, tools)


def current(watcher: CatalogWatcher) -> Catalog:
    assert watcher.catalog is not None
    return watcher.catalog


async def test_it_says_what_verify_offline_says(world: World) -> None:
    good, gone = world.origin.route("/good.jpg", body=JPEG), world.origin.url("/gone.jpg")
    world.article(world.entry(good), world.entry(good, 120, 160), world.entry(gone))
    world.article(world.entry(world.origin.url("/new.jpg"), cached="true"), name="b.md")
    (world.articles / "broken.md").write_text("---\nimages: [\n---\n")
    world.article(world.entry("data:image/png;base64,xx"), world.entry("ftp://a/"), name="c.md")
    await world.refresh()
    world.article(world.entry(world.origin.url("/new.jpg?"), cached="true"), name="d.md")
    catalog = await catalogue_of(world)
    report = await verify([world.articles], world.settings(), VerifyOptions(Depth.OFFLINE))
    assert list(catalog.entries) == list(report.entries())
    assert {one.verdict for one in catalog.entries} >= {
        Verdict.OK,
        Verdict.DIMENSIONS_SWAPPED,
        Verdict.GONE,
        Verdict.NOT_CACHED,
        Verdict.UNSUPPORTED_URL,
    }
    problems = [problem for one in catalog.articles for problem in one.problems]
    assert problems == list(report.article_errors())
    assert catalog.verdicts == report.summary.verdicts


async def test_a_stand_in_picture_is_told_as_one(world: World) -> None:
    urls = [world.origin.route(f"/{name}.jpg", body=OTHER) for name in "abc"]
    world.article(*(world.entry(url) for url in urls))
    await world.refresh()
    catalog = await catalogue_of(world)
    assert [one.verdict for one in catalog.entries] == [Verdict.PLACEHOLDER] * 3


async def test_a_url_is_known_with_its_past(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url), world.entry(f"{url}#part"))
    world.article(world.entry(world.origin.url("/never.jpg")), name="b.md")
    await world.refresh()
    state = (await catalogue_of(world)).state(url)
    assert state is not None
    assert (state.host, state.status, state.failure, state.failing_since) == (
        *("127.0.0.1", 200),
        *(None, None),
    )
    assert state.copy is not None
    assert state.asked_at == state.succeeded_at
    world.origin.route("/a.jpg", status=410)
    await world.refresh(scope=Scope.EVERYTHING)
    first = (await catalogue_of(world)).state(url)
    await world.refresh()
    catalog = await catalogue_of(world)
    second = catalog.state(f"{url}#another")
    assert first is not None
    assert second is not None
    assert first.failure is not None
    assert (second.status, second.copy) == (410, state.copy)
    assert second.succeeded_at == state.succeeded_at
    assert second.failing_since == first.failing_since == first.asked_at
    assert second.asked_at is not None
    assert first.asked_at is not None
    assert second.asked_at > first.asked_at
    assert [one.pointer for one in catalog.users(url)] == ["/images/0", "/images/1"]
    assert catalog.state("relative.jpg") is None
    assert catalog.users("https://nobody.test/") == ()


@pytest.mark.parametrize("harm", ["delete", "overwrite", "link"])
async def test_a_copy_counts_only_while_its_bytes_are_right(world: World, harm: str) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG), cached="true"))
    await world.refresh()
    async with curator_of(world) as watcher:
        (entry,) = current(watcher).entries
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
        watcher._audited = 0.0
        await watcher.look()
        (entry,) = current(watcher).entries
        assert (entry.verdict, entry.path) == (Verdict.NOT_CACHED, None)
        state = current(watcher).state(entry.url)
        assert state is not None
        assert state.copy is None


async def test_a_missing_thumbnail_is_not_promised(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    await world.refresh()
    (entry,) = (await catalogue_of(world)).entries
    (world.cache / entry.thumbnails[0].path).unlink()
    (entry,) = (await catalogue_of(world)).entries
    assert entry.thumbnails == ()


async def test_what_others_change_is_seen_and_nothing_else_makes_an_edition(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    world.article(world.entry(url))
    async with curator_of(world) as watcher:
        first = current(watcher)
        assert [one.verdict for one in first.entries] == [Verdict.NOT_CHECKED]
        await watcher.look()
        assert current(watcher) is first
        await world.refresh()
        await watcher.look()
        second = current(watcher)
        assert [one.verdict for one in second.entries] == [Verdict.OK]
        assert second.edition != first.edition
        watcher._audited = 0.0
        await watcher.look()
        assert current(watcher) is second
        world.article(world.entry(url, 120, 160), name="b.md")
        await watcher.look()
        assert [one.verdict for one in current(watcher).entries] == [
            Verdict.OK,
            Verdict.DIMENSIONS_SWAPPED,
        ]
        (world.articles / "a.md").unlink()
        await watcher.look()
        assert [one.article for one in current(watcher).articles] == [
            one.article for one in current(watcher).entries
        ]


async def test_trouble_leaves_the_catalogue_as_it_was(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)))
    await world.refresh()
    async with curator_of(world) as watcher:
        first = current(watcher)
        (world.cache / "index.sqlite3").write_bytes(b"no database at all")
        await watcher.look()
        assert current(watcher) is first


async def test_local_files_are_measured_again_only_when_they_change(world: World) -> None:
    world.extra["site_root"] = world.folder / "site"
    picture = world.folder / "site" / "a.jpg"
    picture.parent.mkdir()
    picture.write_bytes(JPEG)
    world.article(world.entry("/a.jpg"), world.entry("/missing.jpg"))
    async with curator_of(world) as watcher:
        assert [one.verdict for one in current(watcher).entries] == [Verdict.OK, Verdict.GONE]
        picture.write_bytes(OTHER)
        watcher._audited = 0.0
        await watcher.look()
        assert current(watcher).entries[0].verdict is Verdict.DIMENSIONS_MISMATCH


async def test_a_selection_is_filtered_and_sorted(world: World) -> None:
    good = world.origin.route("/good.jpg", body=JPEG)
    gone = world.origin.route("/GONE.jpg", status=404)
    world.article(world.entry(good), f'url: "{good}"', world.entry(gone))
    world.article(world.entry(good), world.entry("http://other.test/", cached="true"), name="b.md")
    await world.refresh(max_time=0.0)
    await world.refresh()
    catalog = await catalogue_of(world)

    def pointers(**wanted: object) -> list[str]:
        query = replace(Query(), **wanted)  # type: ignore[arg-type]  # the tests name the fields
        return [f"{Path(o.article).stem}{o.pointer[-2:]}" for o in catalog.select(query)]

    assert pointers(order=Order.AS_WRITTEN) == ["a/0", "a/1", "a/2", "b/0", "b/1"]
    assert pointers() == ["a/2", "b/1", "a/1", "a/0", "b/0"]
    assert pointers(verdicts=frozenset({Verdict.GONE})) == ["a/2"]
    assert pointers(severities=frozenset({Severity.WARNING})) == ["a/1"]
    assert pointers(host="OTHER.test") == ["b/1"]
    assert pointers(text="gone.JPG") == ["a/2"]
    assert pointers(article=catalog.articles[1].article) == ["b/1", "b/0"]
    assert pointers(text="gone.jpg", host="other.test") == []
    assert catalog.hosts == {"127.0.0.1": 4, "other.test": 1}
    assert catalog.broken_hosts == {"127.0.0.1": 2, "other.test": 1}
    assert catalog.severities == {Severity.ERROR: 2, Severity.WARNING: 1}
    assert [one.errors for one in catalog.broken_articles] == [1, 1]
    assert catalog.article("nowhere") is None


async def test_a_curator_works_by_itself_and_ends_with_its_context(world: World) -> None:
    world.article(world.entry(world.origin.url("/a.jpg")))
    settings = settings_of(world)
    async with serving_tools(settings) as tools:
        async with watched_catalog(settings, tools) as watcher, asyncio.timeout(30):
            await watcher.ready.wait()
        assert len(current(watcher).entries) == 1


async def test_a_long_first_look_delays_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    looked = asyncio.Event()

    async def look(_: CatalogWatcher) -> None:
        if not pauses:
            time.sleep(0.2)  # noqa: ASYNC251  the time is what is tested

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        looked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(CatalogWatcher, "look", look)
    monkeypatch.setattr("imgcache.engine.catalog.watcher.asyncio.sleep", sleep)
    settings = settings_of(world)
    async with serving_tools(settings) as tools, watched_catalog(settings, tools):
        await looked.wait()
    assert pauses == [2.0]


async def test_a_look_that_finds_nothing_new_pins_no_garbage(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imgcache.engine.catalog.watcher._AUDIT", 0.0)
    world.article(world.entry(world.origin.url("/a.jpg")))
    async with curator_of(world) as watcher:
        edition, pinned = current(watcher).edition, gc.get_freeze_count()
        await watcher.look()
        assert current(watcher).edition == edition
        assert gc.get_freeze_count() <= pinned
