"""Decoders for runs in this process: what happens when one starts is tested in tests/edge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import decoders


@pytest.fixture(scope="session", autouse=True)
def _lasting_decoders() -> Iterator[None]:
    with decoders.lasting():
        yield
