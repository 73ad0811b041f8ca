from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from imgcache.edge import descriptors


@pytest.fixture(autouse=True)
def _limit_as_it_was() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (48, hard))
    there_are = descriptors.available()
    assert there_are == resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 48
    assert there_are == (65536 if hard == resource.RLIM_INFINITY else min(hard, 65536))


def test_a_limit_that_can_not_be_raised_is_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert descriptors.available() == 256


def test_no_limit_at_all_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    infinity = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda _: (infinity, infinity))
    assert descriptors.available() == 65536
