"""10,000 images on 200 hosts, the largest with 8 %: each engine leaves what one process does.

Into an object store it is a fifth of that, as the one that is at hand for tests takes its time.
`IMGCACHE_TEST_IMAGES` is another number, for both. Origin and object store are other processes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.apart import site_apart, store_apart
from tests.support.buckets import Objects, make_bucket
from tests.support.clusters import ENGINES, running
from tests.support.many_hosts import ManyHosts, traces

pytestmark = [
    pytest.mark.engines,
    # Ray leaves processes that it has started to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
HOSTS = 200
LARGEST = 0.08
IMAGES = {"folder": 10_000, "bucket": 2_000}


class Large:
    """A site, and what one process leaves of it in a folder."""

    def __init__(self, site: ManyHosts, folder: Path) -> None:
        self.site = site
        built = site.build(folder)
        report = asyncio.run(site.refresh(built, processes=1))
        self.alone: dict[str, Any] = traces(built, report)


@pytest.fixture(scope="module", params=IMAGES)
def large(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Large]:
    images = int(os.environ.get("IMGCACHE_TEST_IMAGES") or IMAGES[request.param])
    largest = round(images * LARGEST)
    with site_apart(HOSTS, -(-(images - largest) // (HOSTS - 1)), largest) as site:
        yield Large(site, tmp_path_factory.mktemp("large") / "one")


@pytest.fixture
def bucket_or_none(
    request: pytest.FixtureRequest, large: Large, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Objects | None]:
    """A bucket for the site that is meant for it."""
    if request.node.callspec.params["large"] == "folder":
        yield None
        return
    with store_apart() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield make_bucket(server)


@pytest.mark.parametrize("kind", ENGINES)
async def test_it_leaves_what_one_process_leaves_in_a_folder(
    kind: str,
    large: Large,
    bucket_or_none: Objects | None,
    scratch: Path,
    tmp_path: Path,
) -> None:
    if kind == "one" and bucket_or_none is None:
        pytest.skip("it is what the others are compared with")
    folder = large.site.build(tmp_path / "site")
    large.site.bucket = bucket_or_none
    async with running(kind, tmp_path) as engine:
        report = await large.site.refresh(folder, **engine.options)
    left = traces(folder, report, bucket_or_none)
    # One after the other, so that a difference is told in a few lines; the counts of requests and
    # bytes, which differ where a machine was so busy that one was sent again, come last.
    assert left["files"] == large.alone["files"]
    assert left["index"] == large.alone["index"]
    assert left["report"]["entries"] == large.alone["report"]["entries"]
    assert left["report"]["summary"] == large.alone["report"]["summary"]
    assert left["report"] == large.alone["report"]
