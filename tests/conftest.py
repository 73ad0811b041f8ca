from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from tests.support.buckets import bucket, s3, s3_server
from tests.support.origin import Origin
from tests.support.programs import forge
from tests.support.world import World

__all__ = ["bucket", "s3", "s3_server", "world"]

# How long an example takes says something of the machine, not of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def _no_certificates_of_the_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Reading them takes longer than many a test, and no server of a test has one of theirs.

    Processes that tests start find none either.
    """
    none = tmp_path_factory.mktemp("certificates") / "none.pem"
    none.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(none))
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_program_left() -> Iterator[None]:
    yield
    forge.close()


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with Origin() as origin:
        (tmp_path / "articles").mkdir()
        yield World(tmp_path, origin)
