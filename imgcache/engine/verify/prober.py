"""Prober: like the downloader, but stores nothing; the result of a job is an Evidence."""

from __future__ import annotations

import time

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.cache.plan import failing_since
from imgcache.core.verdicts.drift import history
from imgcache.core.verdicts.verdict import Evidence
from imgcache.edge.http.exchange import AttemptStats, NotModified
from imgcache.engine.run.attempts import Job, JobRunner
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.scheduling.jobs import Outcome
from imgcache.engine.verify.readers import Reader
from imgcache.model import Failure, Source


class Prober(JobRunner):
    """Runs jobs for the scheduler; each ends as the evidence of its target."""

    def __init__(self, reader: Reader, settings: Settings, listener: Listener) -> None:
        super().__init__(settings, listener)
        self._reader = reader

    def measured(self) -> None:
        """One image was judged in its place."""
        self._listener.prepared()

    async def _ask(self, job: Job, stats: AttemptStats) -> Outcome | Failure:
        result = await self._reader.read(job, stats)
        self._listener.attempted(job.target.url.href, stats.wire_bytes)
        if isinstance(result, Failure):
            return result
        copy = job.known.copy
        if isinstance(result, NotModified):
            status = result.response.status
            evidence = Evidence(copy=copy, source=Source.REVALIDATED, status=status)
        else:
            evidence = replace(result, copy=copy)
        self._keep(job, self._drifted(job, evidence))
        return Outcome()

    def _drifted(self, job: Job, evidence: Evidence) -> Evidence:
        """Compared with the last good copy, where all bytes were read."""
        image, now = evidence.sound, time.time()
        if image is None or image.sha256 is None:
            return evidence
        earlier = history(job.known.facts, job.known.copy, image.sha256, now)
        return evidence.compared(earlier, self._settings.drift, now, {})

    def _conclude(self, job: Job, failure: Failure) -> None:
        copy, before = job.known.copy, job.known.facts
        if before is not None and before.failure is not None:
            failure = replace(failure, since=failing_since(before, before.tried_at))
        source = Source.STALE if copy is not None else None
        self._keep(job, Evidence(failure=failure, copy=copy, source=source, status=failure.status))

    def _keep(self, job: Job, evidence: Evidence) -> None:
        target = job.target
        target.evidence, target.source = evidence, evidence.source
        target.failed = evidence.failure is not None
        self._listener.concluded(target.url.href, evidence.source, evidence.failure)
