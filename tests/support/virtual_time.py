"""An event loop whose clock jumps to the next timer, so that a minute of waiting takes no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Counts the seconds that it was told to wait, and does not wait them."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0 if timeout is not None else None)
        if not found:
            self.passed += timeout or 0.0
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.passed

    def stopped_for(self, seconds: float) -> None:
        self._clock.passed += seconds


def run(work: Coroutine[Any, Any, T]) -> T:
    """As asyncio.run, in virtual time: for work that waits for timers only, not for sockets."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)


def stop_for(seconds: float) -> None:
    """The clock goes on as it does while a process is stopped, and nothing of it runs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, _Loop)
    loop.stopped_for(seconds)
