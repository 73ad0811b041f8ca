"""One URL's life: asked, answered, decoded, stored, noted. Rules live in core, waits in limits.

A place in the host's lane is held while bytes travel, not while they are decoded; a bounded
number of answers may wait for the decoder, and the network waits when there are more.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import Self, assert_never

from imgcache.config import Settings
from imgcache.core.cache import plan
from imgcache.core.verdicts.verdict import Evidence
from imgcache.edge.cache.spool import Spool
from imgcache.edge.http.exchange import Body, NotModified, Tally
from imgcache.engine.images.ingest import Keeper
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Traffic
from imgcache.engine.run.scheduler import Outcome, outcome_of
from imgcache.engine.run.targets import InPlace, Item
from imgcache.engine.run.tools import Tools
from imgcache.errors import LocalError
from imgcache.facts import HostPause, ImageFacts, ResponseFacts, UrlFacts, Validators
from imgcache.model import Failure, Source, Verdict


@dataclass(slots=True, eq=False)
class Job:
    """One URL to ask for, with what is known of it and how often it was tried."""

    item: Item
    known: plan.Known
    validators: Validators = field(default_factory=Validators)
    tries: int = 0
    last: Failure | None = None

    @property
    def host(self) -> str:
        """Whose lane it is in: one per host, whatever the port or scheme."""
        return self.item.url.host


class Acquirer:
    """Turns jobs into facts. Entered with `async with`; leaving it waits for the last decode."""

    def __init__(self, tools: Tools, settings: Settings, listener: Listener, backlog: int) -> None:
        self.traffic = Traffic()
        self.left_out = 0
        self._tools = tools
        self._settings = settings
        self._listener = listener
        self._keeper = Keeper(tools, settings)
        self._backlog = asyncio.Semaphore(backlog)
        self._decodes = asyncio.TaskGroup()
        self._remade: set[str] = set()

    async def __aenter__(self) -> Self:
        await self._decodes.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._decodes.__aexit__(*exc)  # type: ignore[arg-type]  # passes on what it got

    async def attempt(self, job: Job) -> Outcome:
        """Ask once; a whole answer goes on to the decoder, a failure may be tried again."""
        spool = self._tools.store.spool()
        job.tries += 1
        try:
            outcome = await self._ask(job, spool)
        except LocalError as exc:
            outcome = self._fail_here(job, str(exc))
        except Exception as exc:  # noqa: BLE001  a slip of ours costs one URL, not the night
            outcome = self._fail_here(job, _unforeseen(exc))
        except BaseException:
            spool.discard()
            raise
        if outcome is None:
            return Outcome()
        spool.discard()
        return outcome

    async def _ask(self, job: Job, spool: Spool) -> Outcome | None:
        """One exchange; None where the spool went on to the decoder."""
        tally = Tally()
        try:
            fetcher = self._tools.fetcher
            asked = await fetcher.attempt(job.item.url, job.validators, spool, tally)
        finally:
            self.traffic.requests += tally.requests
            self.traffic.bytes += tally.wire_bytes
        self._listener.attempted(job.item.url.href, tally.wire_bytes)
        match asked.result:
            case Body(response):
                await self._backlog.acquire()
                self._decodes.create_task(self._store(job, spool, response))
                return None
            case NotModified(response):
                if await self._has_lost_its_copy(job):
                    return Outcome(again=0.0)
                return self._confirm(job, response)
            case Failure() as failure:
                return self._fail(job, failure, tally.host)
            case _:
                assert_never(asked.result)

    def skip(self, job: Job, failure: Failure | None) -> None:
        """End a job unasked: its host was given up, or (None) the run was stopped."""
        if job.last is not None:
            self._conclude(job, job.last)
        elif failure is not None:
            detail = f"not asked: host given up ({failure.detail})"
            unasked = replace(failure, detail=detail, status=None)
            job.item.failure, job.item.failed = unasked, True
            self._finish(job, None, unasked)
        else:
            self.left_out += 1

    async def remake(self, job: Job) -> None:
        """Make the thumbnails of a kept copy again, once however many URLs share it."""
        copy = job.known.copy
        if copy is None or copy.sha256 in self._remade:
            return
        self._remade.add(copy.sha256)
        async with self._backlog:
            try:
                image = await self._keeper.remake(copy)
            except LocalError as exc:
                self._fail_here(job, str(exc))
                return
            except Exception as exc:  # noqa: BLE001  as above
                self._fail_here(job, _unforeseen(exc))
                return
        if image is not None:
            self._tools.ledger.note(images=[image])

    async def measure(self, place: InPlace) -> None:
        """Judge an image that needs no fetch."""
        async with self._backlog:
            try:
                place.evidence = await self._keeper.measure(place.location)
            except Exception as exc:  # noqa: BLE001  as above
                failure = Failure(Verdict.LOCAL_ERROR, _unforeseen(exc))
                place.evidence = Evidence(failure=failure)

    def _fail(self, job: Job, failure: Failure, host: str) -> Outcome:
        """Decide whether a failed job is tried again, and what its host is granted.

        Only the `host` that asked for a long wait is left alone by later runs: a stranger to whom
        an open redirect leads can't silence the one that redirects.
        """
        outcome = outcome_of(failure, job.tries, self._settings.fetch)
        if outcome.silence:
            until = time.time() + (failure.retry_after or 0.0)
            self._tools.ledger.note(pauses=[HostPause(host, until, failure)])
        if outcome.again is None:
            self._conclude(job, failure)
        job.last = failure
        return outcome

    def _fail_here(self, job: Job, detail: str) -> Outcome:
        """This machine's fault: told in this run, never held against the URL or its host."""
        job.item.failure, job.item.failed = Failure(Verdict.LOCAL_ERROR, detail), True
        self._listener.concluded(job.item.url.href, None, job.item.failure)
        return Outcome()

    def _conclude(self, job: Job, failure: Failure) -> None:
        before, now = job.known.facts, time.time()
        facts = UrlFacts(
            job.item.url.href,
            now,
            before.copy if before else None,
            before.response if before else None,
            replace(failure, since=_failing_since(before) or now),
        )
        job.item.failed = True
        if failure.verdict is Verdict.LOCAL_ERROR:
            job.item.failure = failure
        else:
            self._note(job, facts)
        self._finish(job, None, failure)

    def _note(self, job: Job, facts: UrlFacts, *images: ImageFacts) -> None:
        href = job.item.url.href
        spellings = dict.fromkeys(job.item.written, href)
        self._tools.ledger.note(urls=[facts], images=images, spellings=spellings)

    async def _has_lost_its_copy(self, job: Job) -> bool:
        """Whether the copy went while it was asked for: a 304 is worth nothing without it."""
        facts, copy = job.known.facts, job.known.copy
        if facts is None or copy is None or self._tools.store.is_there(copy):
            return False
        await self._tools.ledger.ask(lambda index: index.forget([copy.sha256]))
        job.known = plan.Known(replace(facts, copy=None, response=None))
        job.validators = Validators()
        job.item.held = False
        return True

    def _confirm(self, job: Job, response: ResponseFacts) -> Outcome:
        """304: the copy stands, with the lifetime that this answer gives it."""
        facts, copy = job.known.facts, job.known.copy
        # Only a sound copy's validators are ever sent, and the fetcher refuses an unasked 304.
        assert facts is not None  # noqa: S101
        assert facts.response is not None  # noqa: S101
        assert copy is not None  # noqa: S101
        confirmed = plan.confirm(facts.response, response)
        href = job.item.url.href
        self._note(job, UrlFacts(href, response.answered_at, copy.sha256, confirmed))
        job.item.source, job.item.failed = Source.REVALIDATED, False
        self._finish(job, Source.REVALIDATED, None)
        return Outcome()

    def _finish(self, job: Job, source: Source | None, failure: Failure | None) -> None:
        """Nothing more is to be asked; the kept copy may still lack a thumbnail."""
        copy = job.known.copy
        if copy is not None and plan.lacks_thumbnails(copy, self._settings.thumbnails):
            self._decodes.create_task(self.remake(job))
        self._listener.concluded(job.item.url.href, source, failure)

    async def _store(self, job: Job, spool: Spool, response: ResponseFacts) -> None:
        """From the spooled body to a published image and its facts; ends the job."""
        try:
            failure = await self._keep(job, spool, response)
        except LocalError as exc:
            self._fail_here(job, str(exc))
        except Exception as exc:  # noqa: BLE001  as above
            self._fail_here(job, _unforeseen(exc))
        else:
            if failure is not None:
                self._conclude(job, replace(failure, status=response.status))
        finally:
            self._backlog.release()
            spool.discard()

    async def _keep(self, job: Job, spool: Spool, response: ResponseFacts) -> Failure | None:
        image = await self._keeper.keep(spool, response)
        if isinstance(image, Failure):
            return image
        href = job.item.url.href
        self._note(job, UrlFacts(href, response.answered_at, image.sha256, response), image)
        job.item.source, job.item.held, job.item.failed = Source.DOWNLOADED, True, False
        self._listener.concluded(href, Source.DOWNLOADED, None)
        return None


def _failing_since(before: UrlFacts | None) -> float | None:
    """When the row of failures began that the last try belonged to, if that one failed."""
    if before is None or before.failure is None:
        return None
    return before.failure.since or before.tried_at


def _unforeseen(exc: Exception) -> str:
    return f"imgcache itself failed ({type(exc).__name__}: {exc}); please report it"
