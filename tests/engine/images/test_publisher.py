"""Images that come while others are written are the next group, and nobody is forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from imgcache.edge.cache.new_images import NewImage
from imgcache.edge.cache.store import Store
from imgcache.engine.images.publisher import Publisher
from imgcache.errors import LocalError
from imgcache.facts import ImageFacts
from tests.support.facts import image_of

IMAGES = [NewImage(image_of(b"%d" % number), b"%d" % number, {}) for number in range(40)]
BROKEN = IMAGES[5]


class Gate(Store):
    """A store that notes its groups, and writes each when it may."""

    def __init__(self) -> None:
        super().__init__(Path())
        self.groups: list[Sequence[NewImage]] = []
        self.begun = threading.Semaphore(0)
        self.may_write = threading.Semaphore(0)

    def publish(self, new: Sequence[NewImage]) -> list[ImageFacts | LocalError]:
        self.groups.append(new)
        self.begun.release()
        self.may_write.acquire()
        return [LocalError("full") if one is BROKEN else one.facts for one in new]


async def begun(gate: Gate) -> None:
    await asyncio.to_thread(gate.begun.acquire)


async def test_what_waits_becomes_the_next_group() -> None:
    gate = Gate()
    publisher = Publisher(gate)
    first = asyncio.create_task(publisher.publish(IMAGES[0]))
    await begun(gate)
    others = [asyncio.create_task(publisher.publish(one)) for one in IMAGES[1:]]
    gate.may_write.release(len(IMAGES))
    assert await first == IMAGES[0].facts
    outcomes = await asyncio.gather(*others, return_exceptions=True)
    assert [isinstance(one, LocalError) for one in outcomes] == [
        one is BROKEN for one in IMAGES[1:]
    ]
    assert [len(group) for group in gate.groups] == [1, 32, 7]
    assert [one for group in gate.groups for one in group] == IMAGES


async def test_where_images_gather_a_lone_one_waits_for_those_that_come_soon() -> None:
    gate = Gate()
    gate.may_write.release(len(IMAGES))
    publisher = Publisher(gate, gather=0.01)
    first = asyncio.create_task(publisher.publish(IMAGES[0]))
    for _ in range(5):
        await asyncio.sleep(0)
    others = [asyncio.create_task(publisher.publish(one)) for one in IMAGES[1:4]]
    await asyncio.gather(first, *others)
    assert gate.groups == [IMAGES[:4]]


async def test_a_failure_of_the_whole_group_is_told_to_each_of_it() -> None:
    class Broken(Store):
        def publish(self, _: Sequence[NewImage]) -> list[ImageFacts | LocalError]:
            raise LocalError("no folder")

    publisher = Publisher(Broken(Path()))
    outcomes = await asyncio.gather(
        *(publisher.publish(one) for one in IMAGES), return_exceptions=True
    )
    assert all(isinstance(one, LocalError) for one in outcomes)


async def test_who_is_cancelled_waits_for_what_is_being_written() -> None:
    gate = Gate()
    publisher = Publisher(gate)
    written = asyncio.create_task(publisher.publish(IMAGES[0]))
    await begun(gate)
    waiting = asyncio.create_task(publisher.publish(IMAGES[1]))
    await asyncio.sleep(0)
    for task in (written, waiting):
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not written.done()
    gate.may_write.release()
    with pytest.raises(asyncio.CancelledError):
        await written
    assert [list(group) for group in gate.groups] == [[IMAGES[0]]]
