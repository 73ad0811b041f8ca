"""One service for all tests that only look; starting one takes longer than most of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support import decoders, pictures
from tests.support.origin import Origin
from tests.support.service import TOKEN, Service, service
from tests.support.world import World


@pytest.fixture(scope="session", autouse=True)
def _lasting_decoders() -> Iterator[None]:
    with decoders.lasting():
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        ours = "tests/service/" in item.path.as_posix()
        if ours and isinstance(item, pytest.Function) and iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world of one's own, for tests that change something."""
    async with Origin() as origin:
        (tmp_path / "articles").mkdir()
        yield World(tmp_path, origin)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Good, undeclared, gone; good again; and an article that can't be read. Not to be changed."""
    async with Origin() as origin:
        world = World(tmp_path_factory.mktemp("served"), origin)
        good = origin.route("/good.jpg", body=pictures.jpeg(160, 120))
        gone = origin.route("/gone.jpg", status=404)
        world.article(world.entry(good), f'url: "{good}"', world.entry(gone))
        world.article(world.entry(good), name="b.md")
        (world.articles / "c.md").write_text("---\nimages: [\n---\n")
        await world.refresh()
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def served(shared_world: World) -> AsyncIterator[Service]:
    """The service of that world."""
    async with service(shared_world) as found:
        yield found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def guarded(shared_world: World) -> AsyncIterator[Service]:
    """The same, with a token."""
    async with service(shared_world, token=TOKEN) as found:
        yield found
