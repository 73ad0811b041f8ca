"""Deadlines of many tasks, all as long: one timer for the next of them, where asyncio has one each.

Most are over before they are due, and then all that is left of one is that timer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from types import TracebackType


class Deadlines:
    """Gives each task that enters `one()` so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._open: dict[_Deadline, float] = {}  # and when they are due, the next one first
        self._paused: dict[_Deadline, float] = {}  # and what each has left
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
        self._paused.pop(deadline, None)

    def pause(self) -> None:
        """The time of the current task's deadline, if it has one, stands still until `go_on`."""
        deadline = _of_this_task(self._open)
        if deadline is not None:
            now = asyncio.get_running_loop().time()
            self._paused[deadline] = self._open.pop(deadline) - now

    def go_on(self) -> None:
        """The time of the current task's deadline runs again."""
        deadline = _of_this_task(self._paused)
        if deadline is None:
            return
        loop = asyncio.get_running_loop()
        self._open[deadline] = loop.time() + self._paused.pop(deadline)
        self._open = dict(sorted(self._open.items(), key=lambda one: one[1]))
        if self._timer is not None:
            self._timer.cancel()
        due = next(iter(self._open.values()))
        self._timer = loop.call_at(due, self._expire, due)

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

    __slots__ = ("_before", "_deadlines", "_is_over", "task")

    task: asyncio.Task[object]

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._is_over = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine is run by one
        self.task, self._before = task, task.cancelling()
        self._deadlines.begin(self)

    def expire(self) -> None:
        """The time is over: the task hears it where it waits."""
        self._is_over = True
        self.task.cancel()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None
    ) -> None:
        """Raise TimeoutError, unless somebody else has cancelled the task, too."""
        self._deadlines.end(self)
        is_ours = self._is_over and self.task.uncancel() <= self._before
        if is_ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from exc


def _of_this_task(deadlines: Iterable[_Deadline]) -> _Deadline | None:
    task = asyncio.current_task()
    return next((one for one in deadlines if one.task is task), None)
