"""Scheduler of jobs: limits in all and per host, tries again, pauses, and hosts that are given up.

Each host has a queue (host_queue.py). The jobs of a host that was given up wait: one of them is
tried every `breaker_pause`, and when all hosts that have work left are given up, it is skipped.

Each silent host holds a place until it times out. So hosts that have answered come first, and find
a place when their pace lets them or more of their jobs have come; those that have not keep a share
of the places, and get what is left over.

There may be millions of jobs. A supply has them, and gives some of a host when that host has few
left at hand; hosts are begun, the largest first, while few jobs are at hand or a place is free.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Generic

from imgcache.config import FetchSettings
from imgcache.engine.run.listener import Lane
from imgcache.engine.run.scheduling.host_queue import HostQueue
from imgcache.engine.run.scheduling.jobs import J, Outcome, Supply
from imgcache.model import Failure

# Jobs at hand up to which hosts are begun that no free place asks for.
_AT_HAND = 4096
# So many jobs are taken of a host at first, and at once later.
_FIRST, _MORE = 8, 32
# Hosts that have not answered have one of so many places, whatever the others could use.
_SHARE = 4
# So many at once of a host that was given up.
_REST = 500


class HostScheduler(Generic[J]):
    """Runs jobs under the limits of `settings`; `run` makes one attempt, `skip` ends a job.

    `skip(job, failure)` ends a job that is not asked (again): it gets the failure for which its
    host was given up, or the last refusal of the job, or None where the run was stopped.
    `left_over`: the jobs that were never taken of the supply, as the run was stopped. `active`: so
    many run now.
    """

    def __init__(
        self,
        settings: FetchSettings,
        run: Callable[[J], Awaitable[Outcome]],
        skip: Callable[[J, Failure | None], None],
    ) -> None:
        self._settings = settings
        self._concurrency = settings.concurrency
        self._run = run
        self._skip = skip
        self.left_over = 0
        self._supply: Supply[J] | None = None
        self._queues: dict[str, HostQueue[J]] = {}
        self._ready: deque[HostQueue[J]] = deque()
        self._strangers: deque[HostQueue[J]] = deque()
        self._trials: deque[HostQueue[J]] = deque()
        self._not_begun: deque[HostQueue[J]] = deque()
        self._low: list[HostQueue[J]] = []
        self._taking = False
        self._at_hand = 0
        self.active = self._on_trial = self._on_strangers = 0
        self._sleeping = self._kept = 0
        self._stopped = self._stranger_was_last = False
        self._timers: set[asyncio.TimerHandle] = set()
        self._finished = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None

    async def drain(self, jobs: Iterable[J], supply: Supply[J] | None = None) -> None:
        """Run all jobs, those of the supply, too; returns when each has ended or was skipped.

        Raises what the supply raises, in a group.
        """
        for job in jobs:
            self._add(job)
        if supply is not None:
            self._supply = supply
            for host, number in sorted(supply.left().items(), key=lambda one: -one[1]):
                self._queue(host).stock = number
                self._not_begun.append(self._queue(host))
        for queue in self._queues.values():
            self._offer(queue)
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._pump()
                await self._finished.wait()
        finally:
            for timer in self._timers:
                timer.cancel()
        await self._skip_the_rest()

    def _add(self, job: J) -> None:
        self._queue(job.host).pending.append(job)
        self._at_hand += 1

    def _queue(self, host: str) -> HostQueue[J]:
        queue = self._queues.get(host)
        if queue is None:
            queue = self._queues[host] = HostQueue(host, self._settings)
        return queue

    def lanes(self) -> Iterator[Lane]:
        """How far each host is that has work left."""
        now = asyncio.get_running_loop().time()
        for host, queue in self._queues.items():
            if queue.left:
                wait = max(queue.wait(now), queue.paused_until - now if queue.paused else 0.0)
                yield Lane(host, queue.left, wait, is_asked=queue.given_up is None)

    def allow(self, concurrency: int) -> None:
        """So many jobs may run at once from now on."""
        self._concurrency = concurrency
        if self._tasks is not None:
            self._pump()

    def stop(self) -> None:
        """Start nothing more; what is under way ends by itself."""
        self._stopped = True
        self._pump()

    def _offer(self, queue: HostQueue[J]) -> None:
        if queue.is_low:
            queue.taking = True
            self._low.append(queue)
            self._keep_places(queue)
        if not queue.has_room or queue.queued or queue.wakes:
            return
        wait = queue.wait(asyncio.get_running_loop().time())
        if wait > 0:
            queue.wakes = True
            self._keep_places(queue)
            self._later(wait, queue, lambda: self._wake(queue), waits=True)
        else:
            queue.queued = True
            self._line_of(queue).append(queue)

    def _line_of(self, queue: HostQueue[J]) -> deque[HostQueue[J]]:
        if queue.given_up is not None:
            return self._trials
        return self._ready if queue.answers else self._strangers

    def _pump(self) -> None:
        while queue := self._next():
            queue.queued = False
            if queue.has_room and not queue.wait(asyncio.get_running_loop().time()):
                self._start(queue, queue.pending.popleft())
            self._offer(queue)
        self._take_more()
        if not self.active and (self._stopped or not self._has_work):
            self._finished.set()

    def _next(self) -> HostQueue[J] | None:
        """The host whose turn it is, if there is a place."""
        free = self._concurrency - self.active
        if self._stopped or free <= 0:
            return None
        if self._strangers and self._has_place_for_strangers(free):
            return self._strangers.popleft()
        if self._ready:
            return self._ready.popleft()
        has_turn = self._trials and free > self._kept and self._has_work
        return self._trials.popleft() if has_turn else None

    def _has_place_for_strangers(self, free: int) -> bool:
        """Whether a host that has not answered may have one of the places that are free."""
        if not self._ready and free > self._kept:
            return True
        # By turns: where there is but one place, the others would never get it.
        others_turn = self._ready and self._stranger_was_last
        return not others_turn and self._on_strangers < max(1, self._concurrency // _SHARE)

    @property
    def _has_work(self) -> bool:
        """Whether there is more to do than trials: these alone would keep up the run."""
        waits = self._ready or self._strangers or self._not_begun or self._taking or self._sleeping
        return bool(waits) or self.active > self._on_trial

    def _take_more(self) -> None:
        """Take jobs for hosts that have few at hand, and begin hosts as said above."""
        if self._taking or self._stopped:
            return
        wanted = [(queue, min(_MORE, queue.stock)) for queue in self._low]
        self._low.clear()
        waits = self._ready or self._strangers
        free = 0 if waits else self._concurrency - self.active
        coming = self._at_hand
        while self._not_begun and (free > 0 or coming < _AT_HAND):
            queue = self._not_begun.popleft()
            queue.begun = queue.taking = True
            wanted.append((queue, min(_FIRST, queue.stock)))
            free -= 1
            coming += _FIRST
        if wanted:
            assert self._tasks is not None  # noqa: S101  only drain() pumps, inside the group
            self._taking = True
            self._tasks.create_task(self._take(wanted))

    async def _take(self, wanted: Sequence[tuple[HostQueue[J], int]]) -> None:
        assert self._supply is not None  # noqa: S101  without one nothing is low
        for job in await self._supply.take({queue.host: most for queue, most in wanted}):
            self._add(job)
        self._taking = False
        for queue, taken in wanted:
            queue.stock -= taken
            queue.taking = False
            self._keep_places(queue)
            self._offer(queue)
        self._pump()

    def _start(self, queue: HostQueue[J], job: J) -> None:
        assert self._tasks is not None  # noqa: S101  only drain() pumps, inside the group
        is_trial = queue.given_up is not None
        is_stranger = self._stranger_was_last = not queue.answers
        queue.started(asyncio.get_running_loop().time())
        self.active += 1
        self._on_trial += is_trial
        self._on_strangers += is_stranger
        self._tasks.create_task(
            self._attempt(queue, job, is_trial=is_trial, is_stranger=is_stranger)
        )

    async def _attempt(
        self, queue: HostQueue[J], job: J, *, is_trial: bool, is_stranger: bool
    ) -> None:
        clock = asyncio.get_running_loop().time
        sent_at = clock()
        outcome = await self._run(job)
        self.active -= 1
        self._on_trial -= is_trial
        self._on_strangers -= is_stranger
        free = queue.ended(job, outcome, sent_at, clock())
        self._count_sleeping(queue)
        if queue.awaits_trial and not queue.trial_awaited:
            queue.trial_awaited = True
            pause = self._settings.breaker_pause
            self._later(pause, queue, lambda: _allow_trial(queue), waits=False)
        if outcome.pause is not None:
            self._later(outcome.pause, queue, lambda: _resume(queue), waits=True)
        if free:
            # At the end: the others find the pace, and show whether this one is at fault itself.
            queue.pending.append(job)
        elif outcome.again is not None:
            queue.delayed.append(job)
            self._later(outcome.again, queue, lambda: _return(queue, job), waits=True)
        else:
            if outcome.refused:
                self._skip(job, outcome.failure)
            queue.forget(job)
            self._at_hand -= 1
        self._offer(queue)
        self._pump()

    def _later(
        self, seconds: float, queue: HostQueue[J], change: Callable[[], None], *, waits: bool
    ) -> None:
        """Change a queue after some time; with `waits` its host has work until then."""

        def fire() -> None:
            self._timers.discard(timer)
            queue.sleeping -= waits
            self._count_sleeping(queue)
            change()
            self._offer(queue)
            self._pump()

        queue.sleeping += waits
        self._count_sleeping(queue)
        timer = asyncio.get_running_loop().call_later(seconds, fire)
        self._timers.add(timer)

    def _count_sleeping(self, queue: HostQueue[J]) -> None:
        """What a host that was given up waits for keeps up no run: it comes of trials."""
        now = queue.sleeping if queue.given_up is None else 0
        self._sleeping += now - queue.awaited
        queue.awaited = now

    def _keep_places(self, queue: HostQueue[J]) -> None:
        """Those that a host which answers may use soon: hosts that don't would hold them long."""
        now = queue.places if queue.answers and (queue.wakes or queue.taking) else 0
        self._kept += now - queue.kept
        queue.kept = now

    def _wake(self, queue: HostQueue[J]) -> None:
        queue.wakes = False
        self._keep_places(queue)

    async def _skip_the_rest(self) -> None:
        for queue in self._queues.values():
            failure = None if self._stopped else queue.given_up
            for job in (*queue.delayed, *queue.pending):
                self._skip(job, failure)
            queue.delayed.clear()
            queue.pending.clear()
            if self._stopped:
                self.left_over += queue.stock
                queue.stock = 0
            while queue.stock and self._supply is not None:
                for job in await self._supply.take({queue.host: _REST}):
                    self._skip(job, failure)
                queue.stock -= min(_REST, queue.stock)


def _resume(queue: HostQueue[J]) -> None:
    queue.paused -= 1


def _return(queue: HostQueue[J], job: J) -> None:
    queue.delayed.remove(job)
    queue.pending.appendleft(job)


def _allow_trial(queue: HostQueue[J]) -> None:
    queue.trial_awaited = False
    queue.trial_due = True
