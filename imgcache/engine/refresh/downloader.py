"""Downloader: requests a URL, decodes and stores its answer, and records it in the index.

A place in the host's queue is held while bytes travel, not while they are decoded; a bounded
number of answers may wait for the decoder, and the network waits when there are more.
"""

from __future__ import annotations

import asyncio
import time
from typing import Self

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.cache import plan
from imgcache.core.http.contact import is_silence
from imgcache.core.verdicts.drift import history
from imgcache.core.verdicts.verdict import Evidence
from imgcache.edge.cache.spool import Spool
from imgcache.edge.http.exchange import AttemptStats, Body
from imgcache.engine.images.in_place import measure
from imgcache.engine.images.ingest import Ingester
from imgcache.engine.run.attempts import Job, JobRunner, local_failure, unforeseen
from imgcache.engine.run.fetch_tools import FetchTools, record_url
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.scheduling.jobs import Outcome
from imgcache.engine.run.targets import InPlaceImage
from imgcache.errors import LocalError
from imgcache.facts import HostPause, ImageFacts, ResponseFacts, UrlFacts, Validators
from imgcache.model import Failure, Source, Verdict


class Downloader(JobRunner):
    """Turns jobs into facts. Entered with `async with`; leaving it waits for the last decode.

    While no host has answered, silence may be the fault of this machine's own network: it is
    recorded when the stage ends, if a host has answered by then.
    """

    def __init__(
        self,
        tools: FetchTools,
        settings: Settings,
        listener: Listener,
        backlog: asyncio.Semaphore,
    ) -> None:
        super().__init__(settings, listener)
        self._tools = tools
        self._ingester = Ingester(tools.pool, tools.store, settings, tools.room, tools.gather)
        self._backlog = backlog
        self._decodes = asyncio.TaskGroup()
        self._remade: set[str] = set()

    async def __aenter__(self) -> Self:
        await self._decodes.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._tools.doubts.settle(self.contact)
        await self._decodes.__aexit__(*exc)  # type: ignore[arg-type]  # passes on what it got

    async def _ask(self, job: Job, stats: AttemptStats) -> Outcome | Failure:
        """One exchange; a whole answer goes on to the decoder, which ends the job."""
        spool = self._tools.store.spool()
        try:
            fetcher = self._tools.fetcher
            asked = await fetcher.attempt(job.target.url, job.validators, spool, stats)
            self._listener.attempted(job.target.url.href, stats.wire_bytes)
            if isinstance(asked.result, Body):
                await self._backlog.acquire()
        except BaseException:
            spool.discard()
            raise
        if isinstance(asked.result, Body):
            self._decodes.create_task(self._store(job, spool, asked.result.response))
            return Outcome()
        spool.discard()
        if isinstance(asked.result, Failure):
            return asked.result
        if await self._has_lost_its_copy(job):
            return Outcome(again=0.0)
        return self._confirm(job, asked.result.response)

    async def remake(self, job: Job) -> None:
        """Make the thumbnails of a kept copy again, once however many URLs share it."""
        copy = job.known.copy
        if copy is None or copy.sha256 in self._remade:
            return
        self._remade.add(copy.sha256)
        async with self._backlog:
            try:
                image = await self._ingester.remake(copy)
            except LocalError as exc:
                self._conclude(job, local_failure(exc))
                return
            except Exception as exc:  # noqa: BLE001  a bug of ours costs one URL, not the run
                self._conclude(job, unforeseen(exc))
                return
        if image is not None:
            self._tools.records.record(images=[image])

    async def measure(self, place: InPlaceImage) -> None:
        """Judge an image that needs no fetch."""
        async with self._backlog:
            try:
                place.evidence = await measure(
                    place.location, self._tools.pool, self._settings, place.paths
                )
            except Exception as exc:  # noqa: BLE001  as above
                place.evidence = Evidence(failure=unforeseen(exc))

    def _silence(self, host: str, failure: Failure) -> None:
        """Only the host that asked for a long wait is left alone by later runs.

        A foreign host to which an open redirect leads can't silence the host that redirects.
        """
        until = time.time() + (failure.retry_after or 0.0)
        self._tools.records.record(pauses=[HostPause(host, until, failure)])

    def _conclude(self, job: Job, failure: Failure) -> None:
        job.target.failed = True
        if failure.verdict is Verdict.LOCAL_ERROR:  # reported in this run, not recorded
            job.target.failure = failure
            self._tools.outcomes.ended(job.target, failure)
            return
        before, now = job.known.facts, time.time()
        facts = UrlFacts(
            job.target.url.href,
            now,
            before.copy if before else None,
            before.response if before else None,
            replace(failure, since=plan.failing_since(before, now)),
            before.earlier if before else (),
        )
        if self.contact.answered or not is_silence(failure):
            self._record(job, facts)
        else:
            self._tools.doubts.note(job.target, facts)
            job.target.failure = failure
        self._finish(job, failure)

    def _conclude_unasked(self, job: Job, failure: Failure) -> None:
        job.target.failure, job.target.failed = failure, True
        self._finish(job, failure)

    def _record(self, job: Job, facts: UrlFacts, *images: ImageFacts) -> None:
        record_url(self._tools.records, job.target, facts, *images)

    async def _has_lost_its_copy(self, job: Job) -> bool:
        """Whether the copy was removed during the request: a 304 is useless without it."""
        facts, copy = job.known.facts, job.known.copy
        if facts is None or copy is None or await self._tools.store.is_there(copy):
            return False
        await self._tools.records.forget([copy.sha256])
        job.known = plan.Known(replace(facts, copy=None, response=None))
        job.validators = Validators()
        job.target.held = False
        return True

    def _confirm(self, job: Job, response: ResponseFacts) -> Outcome:
        """304: the copy stands, with the lifetime that this answer gives it."""
        facts, copy = job.known.facts, job.known.copy
        # Only a sound copy's validators are ever sent, and the fetcher refuses an unasked 304.
        assert facts is not None  # noqa: S101
        assert facts.response is not None  # noqa: S101
        assert copy is not None  # noqa: S101
        confirmed = plan.confirm(facts.response, response)
        now = response.answered_at
        held = replace(facts, tried_at=now, copy=copy.sha256, response=confirmed, failure=None)
        self._record(job, held)
        job.target.source, job.target.failed = Source.REVALIDATED, False
        self._finish(job, None)
        return Outcome()

    def _finish(self, job: Job, failure: Failure | None) -> None:
        """No more requests are needed; the kept copy may still lack a thumbnail."""
        copy = job.known.copy
        if copy is not None and plan.is_incomplete(copy, self._settings.thumbnails):
            self._decodes.create_task(self.remake(job))
        self._tools.outcomes.ended(job.target, failure)

    async def _store(self, job: Job, spool: Spool, response: ResponseFacts) -> None:
        """From the spooled body to a published image and its facts; ends the job."""
        try:
            failure = await self._keep(job, spool, response)
        except LocalError as exc:
            failure = local_failure(exc)
        except Exception as exc:  # noqa: BLE001  as above
            failure = unforeseen(exc)
        finally:
            self._backlog.release()
            spool.discard()
        if failure is not None:
            self._conclude(job, failure)

    async def _keep(self, job: Job, spool: Spool, response: ResponseFacts) -> Failure | None:
        image = await self._ingester.keep(spool, response)
        if isinstance(image, Failure):
            return replace(image, status=response.status)
        href, known, now = job.target.url.href, job.known, response.answered_at
        earlier = history(known.facts, known.copy, image.sha256, now)
        facts = UrlFacts(href, now, image.sha256, response, earlier=earlier)
        self._record(job, facts, image)
        job.target.source, job.target.held, job.target.failed = Source.DOWNLOADED, True, False
        self._tools.outcomes.ended(job.target, None)
        return None
