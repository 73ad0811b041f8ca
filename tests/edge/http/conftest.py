"""What `ask` asks: in tests that say `both_ways`, a fetcher of this process, and one apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import fetching

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["here", "apart"])
def both_ways(request: pytest.FixtureRequest) -> Iterator[None]:
    """As `fetching.ask` is told to."""
    fetching.ways.opened = getattr(fetching, request.param)
    yield
    fetching.ways.opened = fetching.here
