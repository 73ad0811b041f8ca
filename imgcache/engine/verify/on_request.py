"""Verifier on request: verdicts on entries or an article that stand in no file.

The same engine, guards and limits as `verify --probe`, over tools that stay open between the
requests; nothing is written.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import FetchSettings, Settings
from imgcache.core.articles.fences import NotAnArticle
from imgcache.core.http.location import locate
from imgcache.core.verdicts.verdict import Evidence
from imgcache.edge.articles.files import Found
from imgcache.edge.http.exchange import AttemptStats, NotModified
from imgcache.engine.run import articles
from imgcache.engine.run.articles import LoadedArticle
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.judge import Judge, problem_of
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Report
from imgcache.engine.run.targets import Targets
from imgcache.engine.run.wiring import Tools
from imgcache.engine.verify.asking import gather_evidence
from imgcache.engine.verify.prober import Prober
from imgcache.engine.verify.readers import Reader
from imgcache.errors import ArticleError
from imgcache.model import Declared, Entry, Failure
from imgcache.results import ArticleOutcome

# How results and problems of a text without a file are named; no file has this name.
NAMELESS = ""
# No command can correct what stands in no file.
_SIDES = ("width", "height")


class RequestVerifier:
    """Verifies several requests side by side; the limits of `fetch` hold over all of them."""

    def __init__(
        self, settings: Settings, tools: Tools, reader: Reader, listener: Listener
    ) -> None:
        self._settings = settings
        self._tools = tools
        self._listener = listener
        self._reader = LimitedReader(reader, SharedLimits(settings.fetch))

    async def check_entries(
        self, entries: Iterable[tuple[str, Declared]], interrupt: asyncio.Event
    ) -> Report:
        """The verdicts on URLs and what is declared of them; pointers are `/entries/0` and so on.

        Setting `interrupt` ends the requests, as in `verify`. Raises LocalError.
        """
        asked = tuple(
            Entry(f"/entries/{at}", 1, 1, url, url, replace(declares, by_hand=_SIDES))
            for at, (url, declares) in enumerate(entries)
        )
        locations = tuple(locate(entry.url) for entry in asked)
        excluded = articles.excluded(asked, locations, self._settings)
        read = LoadedArticle(asked, locations, ("",) * len(asked), excluded=excluded)
        return await self._check(read, interrupt)

    async def check_article(self, text: str, interrupt: asyncio.Event) -> Report:
        """The verdicts on an article's text; what is wrong with the text itself is a problem.

        As `check_entries`.
        """
        read = await asyncio.to_thread(self._read, text)
        if isinstance(read, LoadedArticle):
            return await self._check(read, interrupt)
        report = Report("verify")
        report.add_article(ArticleOutcome([], [problem_of(NAMELESS, read)]))
        report.finish(0, {}, self._prober().traffic)
        return report

    async def _check(self, read: LoadedArticle, interrupt: asyncio.Event) -> Report:
        report, prober, targets = Report("verify"), self._prober(), Targets()
        for _, entry, location in read.judged:
            targets.add(entry, location)
        gathering = gather_evidence(targets, self._tools, self._settings, prober, interrupt)
        report.interrupted = not await gathering
        judge = Judge(targets, self._settings, time.time())
        report.add_article(judge.outcome(NAMELESS, read))
        report.finish(targets.urls, targets.counts(), prober.traffic)
        return report

    def _read(self, text: str) -> LoadedArticle | ArticleError:
        data = text.encode()
        nameless = Found("article.md", NAMELESS, named=True, root=Path())
        try:
            article = articles.parse(nameless, data, self._settings)
        except ArticleError as exc:
            return exc
        if isinstance(article, NotAnArticle):
            return articles.refusal(article)
        return LoadedArticle.of(data, article, self._settings)

    def _prober(self) -> Prober:
        return Prober(self._reader, self._settings, self._listener)


class _Host(Struct):
    places: asyncio.Semaphore
    users: int = 0


class SharedLimits:
    """`concurrency` places over all, `per_host` of them for each host."""

    def __init__(self, settings: FetchSettings) -> None:
        self._per_host = settings.per_host
        self._all = asyncio.Semaphore(settings.concurrency)
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def take(self, name: str) -> AsyncIterator[None]:
        """Wait for a place, and hold it until the context is left."""
        host = self._hosts.setdefault(name, _Host(asyncio.Semaphore(self._per_host)))
        host.users += 1
        try:
            # The host's first: a job that waits for a slow host must not hold a place of all.
            async with host.places, self._all:
                yield
        finally:
            host.users -= 1
            if not host.users:
                del self._hosts[name]


class LimitedReader:
    """Wraps a reader; its limits are shared with the readers of other runs."""

    def __init__(self, reader: Reader, places: SharedLimits) -> None:
        self._reader = reader
        self._places = places

    async def read(self, job: Job, stats: AttemptStats) -> Evidence | Failure | NotModified:
        """Ask once, when there is a place. Raises LocalError."""
        async with self._places.take(job.host):
            return await self._reader.read(job, stats)
