"""What happens while a verify runs: interruptions, wherever it is, and edits of articles."""

from __future__ import annotations

import asyncio

import pytest

from imgcache import verify
from imgcache.engine.run.listener import Listener
from imgcache.engine.verify.options import Depth, VerifyOptions
from tests.support import pictures
from tests.support.interruptions import InterruptAfter
from tests.support.world import World

JPEG = pictures.jpeg(160, 120)


@pytest.mark.parametrize("depth", [Depth.PROBE, Depth.OFFLINE, Depth.REHASH])
async def test_it_ends_while_it_reads(world: World, depth: Depth) -> None:
    for number in range(40):
        world.article(world.entry("https://a.test/a.jpg"), name=f"{number}.md")
    options = VerifyOptions(depth)
    report = await verify([world.articles], world.settings(), options, None, InterruptAfter(1))
    assert (report.interrupted, report.summary.articles) == (True, 0)
    assert world.origin.requests == []


async def test_offline_it_reports_what_it_has_judged_by_then(world: World) -> None:
    for number in range(1001):
        world.article("width: 1", name=f"{number:04}.md")
    options, never = VerifyOptions(Depth.OFFLINE), InterruptAfter(10**6)
    report = await verify([world.articles], world.settings(), options, None, never)
    assert (report.interrupted, report.summary.articles) == (False, 1001)
    late = InterruptAfter(never.asked - 1)
    report = await verify([world.articles], world.settings(), options, None, late)
    assert (report.interrupted, report.summary.articles) == (True, 1000)


async def test_after_the_asking_it_judges_what_was_asked_for(world: World) -> None:
    world.article("title: 1", name="0.md")
    for number in range(510):
        world.article("width: 1", name=f"a{number}.md")
    world.article(world.entry(world.origin.route("/a.jpg", body=JPEG)), name="z.md")
    interrupt = asyncio.Event()

    class Interrupting(Listener):
        """Interrupts when the answer is in."""

        def concluded(self, *_: object) -> None:
            interrupt.set()

    report = await verify(
        [world.articles], world.settings(), VerifyOptions(), Interrupting(), interrupt
    )
    (entry,) = report.entries()
    assert (report.interrupted, report.summary.articles) == (True, 501)
    assert (entry.article.endswith("z.md"), entry.verdict) == (True, "ok")


async def test_an_article_that_changes_meanwhile_is_judged_as_it_is_by_then(world: World) -> None:
    url = world.origin.route("/a.jpg", body=JPEG)
    new = world.origin.route("/b.jpg", body=JPEG)
    world.article(world.entry(url), name="a.md")
    world.article(world.entry(url), name="b.md")

    class Editing(Listener):
        """Edits one of the articles when the answer is in."""

        def concluded(self, *_: object) -> None:
            world.article(world.entry(url, width=1), world.entry(new), name="b.md")

    report = await verify([world.articles], world.settings(), VerifyOptions(), Editing())
    verdicts = [(one.declared.width, one.verdict) for one in report.entries()]
    assert verdicts == [(160, "ok"), (1, "dimensions-mismatch"), (160, "not-checked")]
