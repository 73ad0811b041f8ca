"""Deadlines of many tasks, all as long: one timer for the next of them, where asyncio has one each.

Most are over before they are due, and then all that is left of one is that timer.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """Gives each task that enters `one()` so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open: dict[_Deadline, float] = {}  # and when they are due, the next one first
        self._timer: asyncio.TimerHandle | None = None

    def one(self) -> _Deadline:
        """A context that raises TimeoutError when its time is over, as asyncio.timeout does."""
        return _Deadline(self)

    def begin(self, deadline: _Deadline) -> None:
        """The time of this one runs from now on."""
        loop = asyncio.get_running_loop()
        due = self._open[deadline] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(due, self._expire, due)

    def end(self, deadline: _Deadline) -> None:
        """This one is done with, whether its time is over or not."""
        self._open.pop(deadline, None)

    def _expire(self, now: float) -> None:
        self._timer = None
        for deadline, due in tuple(self._open.items()):
            if due > now:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_at(due, self._expire, due)
                return
            self.end(deadline)
            deadline.expire()


class _Deadline:
    """That of one task."""

    __slots__ = ("_before", "_deadlines", "_is_over", "_task")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._is_over = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine is run by one
        self._task, self._before = task, task.cancelling()
        self._deadlines.begin(self)

    def expire(self) -> None:
        """The time is over: the task hears it where it waits."""
        self._is_over = True
        self._task.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None
    ) -> None:
        """Raise TimeoutError, unless somebody else has cancelled the task, too."""
        self._deadlines.end(self)
        is_ours = self._is_over and self._task.uncancel() <= self._before
        if is_ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from exc
