"""An interrupt that comes at a moment of the work, not of the clock."""

from __future__ import annotations

import asyncio


class InterruptAfter(asyncio.Event):
    """Is set when it has been asked so many times whether it is; `asked`: how often it was."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._times = times
        self.asked = 0

    def is_set(self) -> bool:
        self.asked += 1
        if self.asked > self._times:
            self.set()
        return super().is_set()
