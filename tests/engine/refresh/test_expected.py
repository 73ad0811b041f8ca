"""A refresh has requests expected where it will send some, as far as it knows before it reads."""

from __future__ import annotations

from typing import Any

import pytest

from imgcache import RefreshOptions, refresh
from imgcache.config import FetchSettings
from imgcache.core.cache.plan import Scope
from imgcache.edge.http.on_demand import FetcherOnDemand
from imgcache.engine.refresh.options import are_sent_by_workers
from imgcache.engine.run.beside.processes import Beside
from tests.support import pictures
from tests.support.world import World


class Expectant(FetcherOnDemand):
    """Counts how often requests are expected."""

    expected = 0

    def expect(self) -> None:
        self.expected += 1


async def expected(world: World, **options: Any) -> int:
    settings = world.settings()
    fetcher = Expectant(settings.fetch)
    wanted = RefreshOptions(**options)
    report = await refresh([world.articles], settings, wanted, beside=Beside(fetcher))
    assert not report.summary.errors
    return fetcher.expected


async def test_requests_are_expected_of_what_is_new_or_due(world: World) -> None:
    world.article(world.entry(world.origin.route("/a.jpg", body=pictures.jpeg(160, 120))))
    assert await expected(world) == 1
    assert await expected(world) == 0
    assert await expected(world, scope=Scope.EVERYTHING) == 1
    world.extra = {"freshness": {"least": 0, "default": 0}}
    assert await expected(world) == 0  # as the last answer still has the lifetime that it was given
    assert await expected(world, scope=Scope.EVERYTHING) == 1
    assert await expected(world) == 1


@pytest.mark.parametrize(
    ("engine", "processes", "by_workers"),
    [("local", None, False), ("local", 1, False), ("local", 2, True), ("dask", None, True)],
)
def test_workers_send_for_themselves(
    engine: str, processes: int | None, *, by_workers: bool
) -> None:
    assert are_sent_by_workers(engine, FetchSettings(processes=processes)) == by_workers
