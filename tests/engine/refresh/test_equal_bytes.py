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
from imgcache.model import Failure, Format, Size, Verdict
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


async def test_equal_broken_bytes_are_decoded_once(world: World, jobs: list[DecodeJob]) -> None:
    broken = pictures.cut(PICTURE)
    statuses = [203 if number == 7 else 200 for number in range(20)]
    urls = [
        world.origin.route(f"/{number}.jpg", body=broken, status=status)
        for number, status in enumerate(statuses)
    ]
    world.article(*map(world.entry, urls))
    report = await world.refresh()
    assert [entry.verdict for entry in report.entries()] == [Verdict.TRUNCATED] * 20
    assert [entry.status for entry in report.entries()] == statuses
    told = {(one.message, one.actual, one.format, one.bytes) for one in report.entries()}
    assert len(told) == 1
    (alone,) = told
    assert alone[1:] == (Size(160, 120), Format.JPEG, len(broken))
    assert len(jobs) == 1


async def test_equal_broken_bytes_are_judged_by_each_label(
    world: World, jobs: list[DecodeJob]
) -> None:
    body = pictures.svg()
    types = ["image/svg+xml", "image/png", "text/plain", "text/plain", None]
    urls = [
        world.origin.route(f"/{number}.svg", body=body, content_type=one)
        for number, one in enumerate(types)
    ]
    world.article(*(world.entry(url, 80, 60) for url in urls))
    report = await world.refresh()
    said = [entry.message for entry in report.entries()]
    assert report.summary.verdicts == {Verdict.OK: 1, Verdict.UNSUPPORTED_FORMAT: 4}
    assert said[2] == said[3]
    assert len(set(said)) == 4
    assert len(jobs) == 4


@pytest.mark.parametrize(
    "lost",
    [
        Failure(Verdict.LOCAL_ERROR, "a decoder could not start"),
        Failure(Verdict.TOO_MANY_PIXELS, "decoding it takes too long"),
        Failure(Verdict.TOO_MANY_PIXELS, "decoding it takes more than the limits"),
        Failure(Verdict.CORRUPT, "its pixels make the decoder crash"),
    ],
    ids=["local", "time", "limits", "crash"],
)
async def test_what_befalls_a_decoder_is_not_held_against_equal_bytes(
    world: World, monkeypatch: pytest.MonkeyPatch, lost: Failure
) -> None:
    decode, ends = DecodePool.decode, [lost]

    async def fails_first(pool: DecodePool, job: DecodeJob) -> Decoded | Failure:
        return ends.pop() if ends else await decode(pool, job)

    monkeypatch.setattr(DecodePool, "decode", fails_first)
    urls = [world.origin.route(f"/{number}.jpg", body=PICTURE) for number in range(2)]
    world.article(*map(world.entry, urls))
    report = await world.refresh()
    assert report.summary.verdicts == {lost.verdict: 1, Verdict.OK: 1}


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
