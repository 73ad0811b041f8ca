"""Jobs as a scheduler sees them, how one attempt at one ends, and where they come from."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Protocol, TypeVar

from msgspec import Struct

from imgcache.config import FetchSettings
from imgcache.core.http import retry
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


class Supply(Protocol[J]):
    """Jobs that are made when their turn comes."""

    def left(self) -> Mapping[str, int]:
        """How many jobs each host has that were not taken."""

    async def take(self, wanted: Mapping[str, int]) -> list[J]:
        """The next jobs of some hosts, as many as are wanted and left."""
