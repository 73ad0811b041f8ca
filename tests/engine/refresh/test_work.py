"""Work that is planned as ids of URLs, and read again when its turn comes."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgcache.core.cache.plan import Scope
from imgcache.engine.refresh import work
from imgcache.engine.refresh.work import Later
from imgcache.engine.run.scheduling import host_queue, scheduler
from tests.support import pictures
from tests.support.plans import asks, jobs, remakes
from tests.support.world import World


@given(st.lists(st.integers(1, 1 << 40)), st.lists(st.integers(0, 10)))
def test_each_id_is_taken_once_and_in_order(numbers: list[int], sizes: list[int]) -> None:
    later = Later()
    for number in numbers:
        later.add(number)
    taken = [number for size in sizes for number in later.take(size)]
    assert taken == numbers[: sum(sizes)]
    assert len(later) == len(numbers) - len(taken)


def test_jobs_of_a_host_come_in_their_order_and_a_part_takes_its_hosts_along() -> None:
    every = jobs("a", "b", "c", each=5)
    whole = asks(every)
    first = asyncio.run(whole.take({"a": 2, "c": 9}))
    assert first == [*every[:2], *every[10:]]
    part = whole.part(["a"])
    assert (dict(part.left()), dict(whole.left())) == ({"a": 3}, {"b": 5})
    assert asyncio.run(part.first(100)) == every[2:5]
    assert (len(part), len(whole)) == (0, 5)


def test_a_copy_gets_its_thumbnails_again_once_however_many_urls_share_it() -> None:
    every = jobs("a", each=3)
    again = remakes(every)
    again.add(every[0].target.id, "1")
    assert len(again) == 3
    part = again.part(2)
    assert (len(part), len(again)) == (2, 1)
    assert asyncio.run(part.take(9)) == every[:2]


@pytest.fixture
def _in_small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were very many jobs: none stays as it was planned, few are at hand."""
    monkeypatch.setattr(work, "_STAY", 0)
    monkeypatch.setattr(scheduler, "_FIRST", 1)
    monkeypatch.setattr(scheduler, "_MORE", 2)
    monkeypatch.setattr(scheduler, "_AT_HAND", 1)
    monkeypatch.setattr(host_queue, "_LOW", 1)


@pytest.mark.usefixtures("_in_small_portions")
async def test_jobs_that_are_read_again_are_as_they_were_planned(world: World) -> None:
    origin = world.origin
    urls = [
        origin.route(f"/{n}.png", body=pictures.png(10 + n, 20), etag=f'"{n}"') for n in range(9)
    ]
    gone = origin.route("/gone.png", status=404)
    entries = [world.entry(url, width=10 + n, height=20) for n, url in enumerate(urls)]
    article = world.article(*entries, world.entry(gone))
    first = await world.refresh()
    assert (first.summary.downloaded, first.summary.failed) == (9, 1)
    assert article.read_text().count("isCached: true") == 9
    second = await world.refresh(scope=Scope.EVERYTHING)
    assert (second.summary.revalidated, second.summary.failed) == (9, 1)
    assert second.summary.requests == 10
    assert [one.verdict for one in second.entries()] == [one.verdict for one in first.entries()]
