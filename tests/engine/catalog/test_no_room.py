"""A catalog that gets no more room in the middle of a run: the run ends with a report, and 2."""

from __future__ import annotations

import pytest

from imgcache import verify
from imgcache.cli.run import status
from imgcache.edge.catalog.database import Catalog
from imgcache.engine.run.listener import Listener
from imgcache.engine.verify.options import Depth, VerifyOptions
from tests.support import pictures
from tests.support.world import World

MANY = 60


class Told(Listener):
    """Keeps what this machine could not do."""

    def __init__(self) -> None:
        self.failures: list[str] = []

    def failed(self, message: str) -> None:
        self.failures.append(message)


def fill(world: World) -> None:
    jpeg = pictures.jpeg(160, 120)
    for number in range(MANY):
        url = world.origin.route(f"/{number}.jpg", body=jpeg)
        world.article(world.entry(url), name=f"{number:02}.md")


def limit(monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    """SQLite says of a full disk what it says of a file that may not grow."""
    pragmas = (*Catalog.pragmas, f"max_page_count = {pages}")
    monkeypatch.setattr(Catalog, "pragmas", pragmas)


async def test_a_refresh_ends_with_a_report_wherever_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world)
    asked = set()
    # From the first page that is written to the last.
    for pages in (1, 25, 40, 50, 60, 70, 80):
        with monkeypatch.context() as patch:
            limit(patch, pages)
            told = Told()
            world.origin.requests.clear()
            report = await world.refresh(told)
        if not report.local_fault:
            break
        assert status(report) == 2
        assert report.summary.requests == len(world.origin.requests)
        asked.add(bool(world.origin.requests))
        (failure, *_) = told.failures
        assert "database or disk is full" in failure
        assert report.to_json()
        report.close()
    assert asked == {False, True}
    report = await world.refresh()
    assert (report.summary.verdicts, status(report)) == ({"ok": MANY}, 0)


@pytest.mark.parametrize("depth", [Depth.OFFLINE, Depth.PROBE])
async def test_a_verify_ends_with_a_report(
    world: World, monkeypatch: pytest.MonkeyPatch, depth: Depth
) -> None:
    fill(world)
    limit(monkeypatch, 25)
    told = Told()
    report = await verify([world.articles], world.settings(), VerifyOptions(depth), told)
    assert (status(report), report.interrupted) == (2, True)
    (failure,) = told.failures
    assert failure.startswith("the catalog: database or disk is full; ")
    assert failure.endswith("; the run ended before all was judged")
