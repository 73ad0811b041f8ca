"""Peak memory of a run's driver by the number of URLs, with workers that answer at once.

    python -m benchmarks.driver_memory [URLS...]

Each run is a whole refresh in a process of its own, with an empty index; only its engine is
replaced: two workers in the same process, which fetch nothing and tell for each job that its URL
gave one of a thousand pictures, as workers tell it that have stored one. Hosts: one for fifty URLs,
the largest with 8 % of all. Printed: seconds, what was downloaded, the peak, and bytes for each URL
more than in the run before.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self
from unittest.mock import patch

from benchmarks.engines import build
from benchmarks.sample_site import stored
from imgcache import RefreshOptions, Settings, refresh
from imgcache.core.images import thumbnail_plan
from imgcache.edge.cache.store import Store
from imgcache.edge.workers.protocol import Place
from imgcache.engine.refresh.shards.records import Ended, More, News, Shard, packed, unpacked
from imgcache.engine.run.attempts import Job
from imgcache.facts import ImageFacts, ResponseFacts, UrlFacts
from imgcache.model import Source

COUNTS = [10_000, 100_000, 600_000]
PICTURES = 1000
PER_HOST = 50
# As many as a publication has at most.
PER_NEWS = 16
# As many as a scheduler takes of a host.
PER_TAKE = 64
WORKERS = 2


class Ready:
    """A worker that has all pictures already."""

    def __init__(self, pictures: list[ImageFacts]) -> None:
        self._pictures = pictures
        self._more: dict[int, asyncio.Queue[list[Job]]] = {}

    async def submit(self, number: int, order: bytes) -> AsyncGenerator[bytes, None]:
        """News of all jobs, a group after the other; those that were not sent are asked for."""
        shard: Shard = unpacked(order)
        jobs, left = shard.ask, dict(shard.more)
        more = self._more[number] = asyncio.Queue()
        yield packed(News())
        while jobs:
            for start in range(0, len(jobs), PER_NEWS):
                yield packed(self._news(jobs[start : start + PER_NEWS], len(jobs) - start))
                await asyncio.sleep(0)
            wanted = {host: min(PER_TAKE, count) for host, count in left.items() if count}
            left |= {host: left[host] - count for host, count in wanted.items()}
            if wanted:
                yield packed(News(more=wanted))
            jobs = await more.get() if wanted else []

    def _news(self, jobs: list[Job], demand: int) -> News:
        news, now = News(demand=demand), time.time()
        for job in jobs:
            target = job.target
            image = self._pictures[target.id % len(self._pictures)]
            answer = ResponseFacts(now, now, 200)
            news.urls.append(UrlFacts(target.url.href, now, image.sha256, answer))
            news.images.append(image)
            news.attempts.append((target.url.href, image.bytes))
            target.source, target.held = Source.DOWNLOADED, True
            news.ended.append(Ended(target, None))
        return news

    async def tell(self, number: int, word: bytes) -> None:
        """Jobs come that were asked for."""
        told = unpacked(word)
        if isinstance(told, More):
            await self._more[number].put(told.jobs)

    async def discard(self, number: int) -> None:
        """Nothing is lost."""


class ReadyEngine:
    """So many of them."""

    def __init__(self, pictures: list[ImageFacts]) -> None:
        self._places = [Ready(pictures) for _ in range(WORKERS)]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    async def places(self) -> Sequence[Place]:
        """All of them, always."""
        return self._places

    def retire(self) -> None:
        """They need no end."""


def run(folder: Path, told: multiprocessing.Queue[tuple[int, int]]) -> None:
    settings = Settings.model_validate({"cache": {"dir": folder / "cache"}})
    Store(folder / "cache").prepare()
    how = thumbnail_plan.fingerprint(settings.thumbnails["small"])
    bodies = (b"%d" % number for number in range(PICTURES))
    pictures = [stored(folder / "cache", body, how) for body in bodies]

    @asynccontextmanager
    async def opened(*_: object) -> AsyncIterator[ReadyEngine]:
        yield ReadyEngine(pictures)

    with patch("imgcache.engine.refresh.pipeline.opened", opened):
        options = RefreshOptions(engine="dask")
        report = asyncio.run(refresh([folder / "articles"], settings, options))
    told.put((report.summary.downloaded, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def main(words: list[str]) -> None:
    context = multiprocessing.get_context("spawn")
    before: tuple[int, int] | None = None
    for urls in map(int, words or COUNTS):
        told = context.Queue()
        with tempfile.TemporaryDirectory() as scratch:
            build(Path(scratch), 80, urls, urls // PER_HOST)
            began = time.perf_counter()
            process = context.Process(target=run, args=(Path(scratch), told))
            process.start()
            downloaded, peak = told.get()
            process.join()
            seconds = time.perf_counter() - began
        more = f"{(peak - before[1]) / (urls - before[0]):6.0f} bytes/URL" if before else ""
        told_of = f"{urls:8,} URLs {seconds:6.1f} s, {downloaded:8,} downloaded"
        print(f"{told_of}, {peak / 1e6:5.0f} MB {more}", flush=True)
        before = urls, peak


if __name__ == "__main__":
    main(sys.argv[1:])
