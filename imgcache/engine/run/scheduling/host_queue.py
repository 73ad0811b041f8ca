"""Queue of one host: its jobs, how many of them may run at once, and its circuit breaker.

A host that has not answered yet gets one place only, so that a dozen dead hosts can't hold every
place until they time out; its first answer opens its queue to `per_host`. A host whose URLs
failed too often in a row is given up (the breaker). A host that asks for one pause after the
other, and gives no other answer, is silenced, too. A host that refuses requests and names no time
(429, 503) is asked at its own pace (core/http/pacing.py), and given up when it refuses everything.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Generic

from imgcache.config import FetchSettings
from imgcache.core.http.pacing import Pace
from imgcache.engine.run.scheduling.jobs import J, Outcome
from imgcache.model import Failure

# Jobs of a host that answers, below which it gets more from the supply.
_LOW = 8


class HostQueue(Generic[J]):
    """State of a host; the scheduler runs its jobs and its timers. Times are those of its clock.

    `stock`: jobs that the supply still has; `begun`: they may be taken; `taking`: some are on
    their way. `queued`: in the scheduler's list; `wakes`: it comes there when its pace lets it.
    `sleeping`: so many timers bring it work; of these the run awaits `awaited`. `kept`: so many
    places are kept free for it.
    """

    def __init__(self, host: str, settings: FetchSettings) -> None:
        self.host = host
        self.pending: deque[J] = deque()
        self.delayed: list[J] = []
        self.stock = self.active = self.paused = 0
        self.sleeping = self.awaited = self.kept = 0
        self.begun = self.taking = self.queued = self.wakes = False
        self.trial_awaited = self.trial_due = False
        self.paused_until = 0.0
        self.given_up: Failure | None = None
        self._settings = settings
        self._pace = Pace(settings)
        self._answered = self._silenced = False
        self._faults = 0
        self._waited = 0.0
        self._refusals: Counter[J] = Counter()

    @property
    def places(self) -> int:
        """How many of its jobs may run at once by now."""
        if self.paused or self._silenced:
            return 0
        if self.given_up is not None:
            return 1 if self.trial_due else 0
        if self._answered:
            return self._pace.places
        # Nothing new while the first one waits for its next try: it may be a dead host.
        return 0 if self.delayed else 1

    @property
    def has_room(self) -> bool:
        """Whether a job that is at hand may run now, as far as its number counts."""
        return bool(self.pending) and self.active < self.places

    @property
    def answers(self) -> bool:
        """Whether it has answered in this run, and was not given up since."""
        return self._answered and self.given_up is None

    @property
    def left(self) -> int:
        """How many jobs have not ended."""
        return self.stock + len(self.pending) + len(self.delayed) + self.active

    @property
    def is_low(self) -> bool:
        """Whether more of its jobs are to be taken from the supply now."""
        if not self.stock or self.taking or not self.begun:
            return False
        return len(self.pending) < (_LOW if self.answers else 1)

    def wait(self, now: float) -> float:
        """Seconds until the next request; a trial of a given-up host has its own timer."""
        return self._pace.wait(now) if self.given_up is None else 0.0

    def started(self, now: float) -> None:
        """One of its jobs runs."""
        self.active += 1
        self.trial_due = False
        self._pace.sent(now)

    def ended(self, job: J, outcome: Outcome, sent_at: float, now: float) -> bool:
        """An attempt ended that began at `sent_at`: what that says about the host.

        Returns whether the host was asked too fast, and the job is asked again without a loss.
        """
        self.active -= 1
        if outcome.lets_through:
            self._pace.let_through(sent_at)
        free = outcome.refused and self._slow_down(job, sent_at, now)
        self._weigh(outcome)
        if outcome.pause is not None:
            self._weigh_pause(outcome.pause, outcome.failure, now)
        return free

    def forget(self, job: J) -> None:
        """It has ended."""
        del self._refusals[job]

    def _slow_down(self, job: J, sent_at: float, now: float) -> bool:
        free = self._pace.refused(now, sent_at, self._refusals[job])
        # The last one of a host finds no pace for others.
        free = free and self.left > 0
        self._refusals[job] += 1
        job.tries -= free
        return free

    def _weigh(self, outcome: Outcome) -> None:
        fault = outcome.failure
        if self._silenced:
            return
        if fault is not None and outcome.silence:
            self._silenced = True
            self.given_up = fault
        elif fault is None or not fault.host_fault:
            self._answered = True
            self._faults = 0
            self.given_up = None
            self._waited = self._waited if outcome.pause or outcome.refused else 0.0
            if fault is not None and outcome.refused and self._pace.hopeless:
                self.given_up = fault
        else:
            # One URL counts once, however often it is tried.
            self._faults += outcome.again is None
            if self._faults >= self._settings.breaker_failures or self.given_up is not None:
                self.given_up = fault

    def _weigh_pause(self, pause: float, fault: Failure | None, now: float) -> None:
        """Add what a pause adds to those before it; one URL may use up all of its tries."""
        self.paused += 1
        before = self.paused_until
        self.paused_until = max(before, now + pause)
        self._waited += self.paused_until - max(before, now)
        if self._waited > self._settings.attempts * self._settings.retry_after_cap:
            self._silenced = True
            self.given_up = fault

    @property
    def awaits_trial(self) -> bool:
        """Whether it is given up, and may show later that it is back."""
        return self.given_up is not None and not self._silenced
