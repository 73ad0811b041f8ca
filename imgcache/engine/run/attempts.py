"""Attempts at URLs: the job, and how refresh and verify run it.

Rules are in core, waits in the scheduler. The downloader and the prober define what is asked and
what is done with an answer; tries and traffic are counted here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.cache.plan import Known
from imgcache.core.http.contact import Contact
from imgcache.edge.http.exchange import AttemptStats
from imgcache.engine.run.listener import Lane, Listener
from imgcache.engine.run.report import Traffic
from imgcache.engine.run.scheduling.jobs import Outcome, outcome_of
from imgcache.engine.run.targets import Target
from imgcache.errors import LocalError
from imgcache.facts import Validators
from imgcache.model import Failure, Verdict


class Job(Struct, eq=False, gc=False):
    """One URL to ask for, with what is known of it and how often it was tried.

    `whole`: all of it is wanted, because its first bytes did not tell its size.
    """

    target: Target
    known: Known = Known()
    validators: Validators = Validators()
    whole: bool = False
    tries: int = 0
    last: Failure | None = None

    @property
    def host(self) -> str:
        """Which queue it is in: one per host, whatever the port or scheme."""
        return self.target.url.host


class JobRunner(ABC):
    """Runs the jobs of a scheduler. `left_out` counts those that the run did not reach.

    `contact` tells whether the hosts that were asked gave any answer.
    """

    def __init__(self, settings: Settings, listener: Listener) -> None:
        self.traffic = Traffic()
        self.contact = Contact()
        self.left_out = 0
        self._settings = settings
        self._listener = listener

    def begins(self, lanes: Callable[[], Iterable[Lane]]) -> None:
        """The scheduler begins; its lanes tell how far each host is."""
        self._listener.fetching(lanes)

    async def attempt(self, job: Job) -> Outcome:
        """Ask once; a failure may be tried again. Nothing but a cancellation is raised."""
        job.tries += 1
        stats = AttemptStats()
        try:
            ended = await self._ask(job, stats)
        except LocalError as exc:
            ended = local_failure(exc)
        except Exception as exc:  # noqa: BLE001  a bug of ours costs one URL, not the run
            ended = unforeseen(exc)
        finally:
            self.traffic.requests += stats.requests
            self.traffic.bytes += stats.wire_bytes
            self.contact.answered |= stats.heard
        if isinstance(ended, Failure):
            facts = job.known.facts
            self.contact.note(stats.host, ended, facts.failure if facts is not None else None)
            return self._fail(job, ended, stats.host)
        self.contact.note(stats.host, None)
        return ended

    def skip(self, job: Job, failure: Failure | None) -> None:
        """End a job unasked: its host was given up, or (None) the run was stopped."""
        if job.last is not None:
            self._conclude(job, job.last)
        elif failure is not None:
            detail = f"not asked: host given up ({failure.detail})"
            self._conclude_unasked(job, replace(failure, detail=detail, status=None))
        else:
            self.left_out += 1

    def _fail(self, job: Job, failure: Failure, host: str) -> Outcome:
        """Decide whether a failed job is tried again, and how long its host must wait."""
        outcome = outcome_of(failure, job.tries, self._settings.fetch)
        job.last = failure
        if outcome.silence:
            self._silence(host, failure)
        if outcome.again is None and not outcome.refused:
            self._conclude(job, failure)
        return outcome

    @abstractmethod
    async def _ask(self, job: Job, stats: AttemptStats) -> Outcome | Failure:
        """One attempt; a usable answer is handled by the runner itself."""

    @abstractmethod
    def _conclude(self, job: Job, failure: Failure) -> None:
        """The job has ended with this failure."""

    def _conclude_unasked(self, job: Job, failure: Failure) -> None:
        """The job has ended without a request, because its host was given up."""
        self._conclude(job, failure)

    def _silence(self, host: str, failure: Failure) -> None:  # noqa: B027  nothing to keep is fine
        """A host asked for a longer wait than this run grants; later runs may want to know."""


def local_failure(exc: LocalError) -> Failure:
    """This machine's fault, which is never counted against a URL or its host."""
    return Failure(Verdict.LOCAL_ERROR, str(exc))


def unforeseen(exc: Exception) -> Failure:
    """A bug in imgcache itself."""
    detail = f"imgcache itself failed ({type(exc).__name__}: {exc}); please report it"
    return Failure(Verdict.LOCAL_ERROR, detail)
