from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from hypothesis import settings

from tests.support.buckets import bucket, s3, s3_server
from tests.support.origin import Origin
from tests.support.world import World

__all__ = ["bucket", "s3", "s3_server", "world"]

# How long an example takes says something of the machine, not of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Origin() as origin:
        (tmp_path / "articles").mkdir()
        yield World(tmp_path, origin)
