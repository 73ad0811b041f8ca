"""What all tests of engines need: a site, a place for its images, an engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.buckets import Objects
from tests.support.clusters import ENGINES, Running, running
from tests.support.many_hosts import ManyHosts
from tests.support.origin import Origin


@pytest_asyncio.fixture
async def site() -> AsyncIterator[ManyHosts]:
    async with Origin() as origin:
        many = ManyHosts(origin, hosts=24, each=8)
        many.serve()
        yield many


@pytest.fixture(params=["folder", "bucket"])
def bucket_or_none(request: pytest.FixtureRequest) -> Objects | None:
    """The bucket in which images are kept, or None: in a folder."""
    if request.param == "folder":
        return None
    bucket = request.getfixturevalue("bucket")
    assert isinstance(bucket, Objects)
    return bucket


@pytest.fixture
def scratch(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The temporary folder of all workers."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    # Ray keeps a token there, one for as long as this process lives.
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp()))
    # The names of Ray's sockets have to be short.
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")  # noqa: S108  its own default
    return folder


@pytest_asyncio.fixture(params=ENGINES)
async def engine(
    request: pytest.FixtureRequest,
    bucket_or_none: Objects | None,
    scratch: Path,
    tmp_path: Path,
) -> AsyncIterator[Running]:
    """Each engine, with an environment that leads to the bucket."""
    async with running(request.param, tmp_path) as found:
        yield found
