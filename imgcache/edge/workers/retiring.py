"""Retiring of an engine: its workers end while the run goes on with what needs none."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from types import TracebackType


class Retiring(ABC):
    """Ends once: when nobody needs it any more, or when it is left."""

    _ending: asyncio.Task[None] | None = None

    def retire(self) -> None:
        """No order will come any more: begin to end the workers. Returns at once."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.retire()
        if self._ending is not None:
            await self._ending

    @abstractmethod
    async def _end(self) -> None:
        """End all that was started."""
