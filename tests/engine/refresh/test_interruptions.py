"""A refresh of many articles hears an interruption wherever it is, and keeps its promises."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from imgcache import Report, refresh
from imgcache.engine.run.listener import Listener
from tests.support import pictures
from tests.support.interruptions import InterruptAfter
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)
# More than are judged in any case.
MANY = 205


class Heard(Listener):
    """Interrupts when the first answer is in, if it is given an interrupt."""

    def __init__(self, interrupt: asyncio.Event | None = None) -> None:
        self.told: list[str] = []
        self._interrupt = interrupt

    def warned(self, message: str) -> None:
        self.told.append(message)

    def concluded(self, *_: object) -> None:
        if self._interrupt is not None:
            self._interrupt.set()


def many(world: World, url: str) -> list[Path]:
    entry = world.entry(url, cached="true")
    return [world.article(entry, name=f"a{number:03}.md") for number in range(MANY)]


async def interrupted(world: World, interrupt: asyncio.Event, heard: Listener) -> Report:
    return await refresh([world.articles], world.settings(), None, heard, interrupt)


def texts(paths: Sequence[Path]) -> list[str]:
    return [path.read_text() for path in paths]


async def test_it_ends_while_it_reads_and_keeps_what_it_has_read(world: World) -> None:
    paths = many(world, world.origin.route("/a.jpg", body=JPEG))
    before, heard = texts(paths), Heard()
    report = await interrupted(world, InterruptAfter(2), heard)
    assert (report.interrupted, report.summary.articles, list(report.entries())) == (True, 0, [])
    assert (texts(paths), world.origin.requests) == (before, [])
    (told,) = heard.told
    assert told.startswith("interrupted before all articles were reached")
    with closing(sqlite3.connect(world.cache / "index.sqlite3-catalog")) as catalog:
        (read,) = catalog.execute("SELECT count(*) FROM articles").fetchone()
    assert 0 < read < MANY
    report = await world.refresh()
    assert (report.interrupted, report.summary.articles, report.summary.errors) == (False, MANY, 0)


async def test_it_ends_while_it_searches(world: World) -> None:
    for number in range(130):
        world.article(world.entry("https://a.test/a.jpg"), name=f"{number}/a.md")
    before = world.state()
    report = await interrupted(world, InterruptAfter(0), Heard())
    assert (report.interrupted, report.summary.articles) == (True, 0)
    assert world.state() == before


async def test_it_ends_while_it_plans(world: World) -> None:
    url = world.origin.url("/")
    world.article(*(world.entry(f"{url}{number}.jpg") for number in range(600)))
    heard = Heard()
    report = await interrupted(world, InterruptAfter(0), heard)
    assert (report.interrupted, world.origin.requests) == (True, [])
    assert len(heard.told) == 1


@pytest.mark.parametrize("is_whole", [True, False])
async def test_after_the_fetching_it_writes_what_was_asked_for_and_leaves_out_the_rest(
    world: World, *, is_whole: bool
) -> None:
    paths = many(world, world.origin.route("/a.jpg", body=JPEG))
    world.article("title: 1", name="other/b.md")
    await world.refresh()
    new = world.article(world.entry(world.origin.route("/new.jpg", body=JPEG)), name="z.md")
    before, interrupt = texts(paths), asyncio.Event()
    heard = Heard(interrupt)
    chosen = [world.articles] if is_whole else [*paths, new]
    report = await refresh(chosen, world.settings(), None, heard, interrupt)
    entries = list(report.entries())
    assert report.interrupted
    assert len(entries) == report.summary.entries == 201
    assert (entries[-1].article.endswith("z.md"), entries[-1].cached) == (True, True)
    assert "isCached: true" in new.read_text()
    assert texts(paths) == before
    (told,) = heard.told
    assert told.startswith("interrupted before all articles were reached")
    assert (await world.refresh()).summary.entries == MANY + 1


async def test_what_was_not_reached_is_not_judged_in_the_catalog_either(world: World) -> None:
    paths = many(world, world.origin.route("/a.jpg", body=JPEG))
    gone = world.origin.route("/gone.jpg", status=410)
    paths[-1].write_text(paths[-1].read_text().replace(world.origin.url("/a.jpg"), gone))
    interrupt = asyncio.Event()
    await interrupted(world, interrupt, Heard(interrupt))
    report = await world.refresh()
    assert report.summary.verdicts == {"ok": MANY - 1, "gone": 1}
    assert "isCached: false" in paths[-1].read_text()
