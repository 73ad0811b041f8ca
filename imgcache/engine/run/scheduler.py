"""Per-host queues, concurrency limits and circuit breaker.

A host that has not answered yet gets one place only, so that a dozen dead hosts can't hold every
place until they time out; its first answer opens its queue to `per_host`. A host whose URLs
failed too often in a row is given up (the breaker): its jobs wait, one of them is tried every
`breaker_pause`, and when no other host has work left, they are skipped. A host that asks for one
pause after the other, and gives no other answer, is silenced, too. A host that refuses requests
and names no time (429, 503) is asked at its own pace (core/http/pacing.py), and given up when it
refuses everything.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from msgspec import Struct, field

from imgcache.config import FetchSettings
from imgcache.core.http import retry
from imgcache.core.http.pacing import Pace
from imgcache.engine.run.listener import Lane
from imgcache.model import Failure


class Outcome(Struct, frozen=True):
    """How one attempt at a job ended, as far as its host is concerned.

    `again`: try this job once more after so many seconds. `pause`: leave the whole host alone so
    long. `silence`: the host does not want to be asked in this run any more. `refused`: the host is
    asked too fast, and the scheduler decides whether this cost the job a try, and ends the job.
    """

    failure: Failure | None = None
    again: float | None = None
    pause: float | None = None
    silence: bool = False
    refused: bool = False

    @property
    def lets_through(self) -> bool:
        """Whether the host gave an answer that will stand, good or bad."""
        return self.failure is None or not (
            self.failure.status is None or self.failure.transient or self.failure.host_fault
        )


def outcome_of(failure: Failure, tries: int, fetch: FetchSettings) -> Outcome:
    """Whether a job that failed `tries` times is tried again, and how long its host must wait."""
    wait = failure.retry_after
    if wait is not None and wait > fetch.retry_after_cap:
        return Outcome(failure, silence=True)
    if retry.is_asked_too_fast(failure):
        # The whole delay: a limit of so many a second is over only when the second is.
        return Outcome(failure, again=retry.next_delay(failure, tries, fetch, 1.0), refused=True)
    again = retry.next_delay(failure, tries, fetch, random.random())  # noqa: S311  jitter
    return Outcome(failure, again=again, pause=wait)


class HostJob(Protocol):
    """What the scheduler needs to know of a job: its host, and how often it was tried."""

    tries: int

    @property
    def host(self) -> str:
        """The host's name as the URL has it."""


J = TypeVar("J", bound=HostJob)


class _HostQueue(Struct, Generic[J]):
    pace: Pace
    pending: deque[J] = field(default_factory=deque)
    delayed: list[J] = field(default_factory=list)
    active: int = 0
    answered: bool = False
    faults: int = 0
    paused: int = 0
    paused_until: float = 0.0
    waited: float = 0.0
    queued: bool = False
    given_up: Failure | None = None
    trial_awaited: bool = False
    trial_due: bool = False
    silenced: bool = False
    refusals: Counter[J] = field(default_factory=Counter)
    wakes: bool = False

    @property
    def places(self) -> int:
        if self.paused or self.silenced:
            return 0
        if self.given_up is not None:
            return 1 if self.trial_due else 0
        if self.answered:
            return self.pace.places
        # Nothing new while the first one waits for its next try: it may be a dead host.
        return 0 if self.delayed else 1

    @property
    def has_room(self) -> bool:
        return bool(self.pending) and self.active < self.places

    @property
    def left(self) -> int:
        return len(self.pending) + len(self.delayed) + self.active

    def wait(self, now: float) -> float:
        """Seconds until the next request; a trial of a given-up host has its own timer."""
        return self.pace.wait(now) if self.given_up is None else 0.0


class HostScheduler(Generic[J]):
    """Runs jobs under the limits of `settings`; `run` makes one attempt, `skip` ends a job.

    `skip(job, failure)` ends a job that is not asked (again): it gets the failure for which its
    host was given up, or the last refusal of the job, or None where the run was stopped.
    """

    def __init__(
        self,
        settings: FetchSettings,
        run: Callable[[J], Awaitable[Outcome]],
        skip: Callable[[J, Failure | None], None],
    ) -> None:
        self._settings = settings
        self._run = run
        self._skip = skip
        self._queues: dict[str, _HostQueue[J]] = {}
        self._ready: deque[_HostQueue[J]] = deque()
        self._active = 0
        self._sleeping = 0
        self._stopped = False
        self._timers: set[asyncio.TimerHandle] = set()
        self._finished = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None

    async def drain(self, jobs: Iterable[J]) -> None:
        """Run all jobs; returns when each has ended or was skipped."""
        for job in jobs:
            queue = self._queues.get(job.host)
            if queue is None:
                queue = self._queues[job.host] = _HostQueue(Pace(self._settings))
            queue.pending.append(job)
        for queue in self._queues.values():
            self._offer(queue)
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._pump()
                await self._finished.wait()
        finally:
            for timer in self._timers:
                timer.cancel()

    def lanes(self) -> Iterator[Lane]:
        """How far each host is that has work left."""
        now = asyncio.get_running_loop().time()
        for host, queue in self._queues.items():
            if queue.left:
                wait = max(queue.wait(now), queue.paused_until - now if queue.paused else 0.0)
                yield Lane(host, queue.left, wait, is_asked=queue.given_up is None)

    def stop(self) -> None:
        """Start nothing more; what is under way ends by itself."""
        self._stopped = True
        self._pump()

    def _offer(self, queue: _HostQueue[J]) -> None:
        if not queue.has_room or queue.queued or queue.wakes:
            return
        wait = queue.wait(asyncio.get_running_loop().time())
        if wait > 0:
            queue.wakes = True
            self._later(wait, queue, lambda: _wake(queue), waits=True)
        else:
            queue.queued = True
            self._ready.append(queue)

    def _pump(self) -> None:
        while self._ready and self._active < self._settings.concurrency and not self._stopped:
            queue = self._ready.popleft()
            queue.queued = False
            if queue.has_room and not queue.wait(asyncio.get_running_loop().time()):
                self._start(queue, queue.pending.popleft())
            self._offer(queue)
        if not self._active and (self._stopped or not (self._ready or self._sleeping)):
            self._skip_the_rest()
            self._finished.set()

    def _start(self, queue: _HostQueue[J], job: J) -> None:
        assert self._tasks is not None  # noqa: S101  only drain() pumps, inside the group
        queue.active += 1
        queue.trial_due = False
        queue.pace.sent(asyncio.get_running_loop().time())
        self._active += 1
        self._tasks.create_task(self._attempt(queue, job))

    async def _attempt(self, queue: _HostQueue[J], job: J) -> None:
        sent_at = asyncio.get_running_loop().time()
        outcome = await self._run(job)
        queue.active -= 1
        self._active -= 1
        if outcome.lets_through:
            queue.pace.let_through(sent_at)
        free = outcome.refused and self._slow_down(queue, job, sent_at)
        self._weigh(queue, outcome)
        if outcome.pause is not None:
            queue.paused += 1
            self._later(outcome.pause, queue, lambda: _resume(queue), waits=True)
            self._weigh_pause(queue, outcome.pause, outcome.failure)
        if free:
            # At the end: the others find the pace, and show whether this one is at fault itself.
            queue.pending.append(job)
        elif outcome.again is not None:
            queue.delayed.append(job)
            self._later(outcome.again, queue, lambda: _return(queue, job), waits=True)
        elif outcome.refused:
            self._skip(job, outcome.failure)
        self._offer(queue)
        self._pump()

    def _slow_down(self, queue: _HostQueue[J], job: J, sent_at: float) -> bool:
        """The host was asked too fast. Returns whether the job is asked again without a loss."""
        now = asyncio.get_running_loop().time()
        free = queue.pace.refused(now, sent_at, queue.refusals[job])
        # The last one of a host finds no pace for others.
        free = free and bool(queue.pending or queue.delayed or queue.active)
        queue.refusals[job] += 1
        job.tries -= free
        return free

    def _weigh(self, queue: _HostQueue[J], outcome: Outcome) -> None:
        """Count what an outcome says about the host itself."""
        fault = outcome.failure
        if queue.silenced:
            return
        if fault is not None and outcome.silence:
            queue.silenced = True
            queue.given_up = fault
        elif fault is None or not fault.host_fault:
            queue.answered = True
            queue.faults = 0
            queue.given_up = None
            queue.waited = queue.waited if outcome.pause or outcome.refused else 0.0
            if fault is not None and outcome.refused and queue.pace.hopeless:
                self._give_up(queue, fault)
        else:
            # One URL counts once, however often it is tried.
            queue.faults += outcome.again is None
            if queue.faults >= self._settings.breaker_failures or queue.given_up is not None:
                self._give_up(queue, fault)

    def _weigh_pause(self, queue: _HostQueue[J], pause: float, fault: Failure | None) -> None:
        """Add what a pause adds to those before it; one URL may use up all of its tries."""
        now, before = asyncio.get_running_loop().time(), queue.paused_until
        queue.paused_until = max(before, now + pause)
        queue.waited += queue.paused_until - max(before, now)
        if queue.waited > self._settings.attempts * self._settings.retry_after_cap:
            queue.silenced = True
            queue.given_up = fault

    def _give_up(self, queue: _HostQueue[J], fault: Failure) -> None:
        queue.given_up = fault
        if not queue.trial_awaited:
            queue.trial_awaited = True
            self._later(
                self._settings.breaker_pause, queue, lambda: _allow_trial(queue), waits=False
            )

    def _later(
        self, seconds: float, queue: _HostQueue[J], change: Callable[[], None], *, waits: bool
    ) -> None:
        """Change a queue after some time; with `waits` the run does not end before that."""

        def fire() -> None:
            self._timers.discard(timer)
            self._sleeping -= waits
            change()
            self._offer(queue)
            self._pump()

        self._sleeping += waits
        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)

    def _skip_the_rest(self) -> None:
        for queue in self._queues.values():
            failure = None if self._stopped else queue.given_up
            for job in (*queue.delayed, *queue.pending):
                self._skip(job, failure)
            queue.delayed.clear()
            queue.pending.clear()


def _resume(queue: _HostQueue[J]) -> None:
    queue.paused -= 1


def _return(queue: _HostQueue[J], job: J) -> None:
    queue.delayed.remove(job)
    queue.pending.appendleft(job)


def _wake(queue: _HostQueue[J]) -> None:
    queue.wakes = False


def _allow_trial(queue: _HostQueue[J]) -> None:
    queue.trial_awaited = False
    queue.trial_due = True
