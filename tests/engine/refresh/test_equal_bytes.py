"""Bytes that many URLs share are decoded once, and each URL gets the verdict that it would get."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from imgcache.core.cache.layout import image_path
from imgcache.edge.cache.new_images import NewImage
from imgcache.edge.decoder.pool import Decoded, DecodeJob, DecodePool
from imgcache.engine.images.publisher import Publisher
from imgcache.facts import ImageFacts
from imgcache.model import Failure, Verdict
from tests.support import pictures
from tests.support.world import World

PICTURE = pictures.jpeg(160, 120)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[DecodeJob]:
    """What is decoded; each decode waits until all that was asked for has had a chance to come."""
    seen: list[DecodeJob] = []
    decode = DecodePool.decode

    async def noted(pool: DecodePool, job: DecodeJob) -> Decoded | Failure:
        seen.append(job)
        await asyncio.sleep(0)
        return await decode(pool, job)

    monkeypatch.setattr(DecodePool, "decode", noted)
    return seen


async def test_equal_bytes_are_decoded_once(world: World, jobs: list[DecodeJob]) -> None:
    urls = [world.origin.route(f"/{number}.jpg", body=PICTURE) for number in range(20)]
    world.article(*map(world.entry, urls))
    report = await world.refresh()
    assert [entry.verdict for entry in report.entries()] == [Verdict.OK] * 20
    assert len({entry.sha256 for entry in report.entries()}) == 1
    assert report.summary.downloaded == 20
    assert len(jobs) == 1


async def test_a_label_that_browsers_refuse_is_refused_for_equal_bytes_too(
    world: World, jobs: list[DecodeJob]
) -> None:
    good = world.origin.route("/good.jpg", body=PICTURE)
    bad = world.origin.route("/bad.jpg", body=PICTURE, content_type="application/pdf")
    world.article(world.entry(good))
    world.article(*map(world.entry, [good, bad]), name="b.md")
    report = await world.refresh()
    verdicts = {entry.url: entry.verdict for entry in report.entries()}
    assert verdicts == {good: Verdict.OK, bad: Verdict.UNSUPPORTED_FORMAT}
    assert len(jobs) == 2


async def test_a_copy_that_was_removed_meanwhile_is_made_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [world.origin.route(f"/{number}.jpg", body=PICTURE) for number in range(2)]
    world.article(*map(world.entry, urls))
    publish = Publisher.publish
    removed: list[Path] = []

    async def lost(publisher: Publisher, new: NewImage) -> ImageFacts:
        facts = await publish(publisher, new)
        if not removed:
            removed.append(world.cache / image_path(facts.sha256, facts.format))
            removed[0].unlink()
        return facts

    monkeypatch.setattr(Publisher, "publish", lost)
    report = await world.refresh()
    assert [entry.verdict for entry in report.entries()] == [Verdict.OK] * 2
    assert removed[0].read_bytes() == PICTURE
