"""Work in threads that must not outlive what it works with."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from functools import partial
from typing import Any, ParamSpec, Self, TypeVar

from imgcache.edge.stopping import stopped_by
from imgcache.errors import ImgcacheError

P = ParamSpec("P")
R = TypeVar("R")


async def to_its_end(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run something in a thread; a cancellation is passed on only when the thread has ended.

    asyncio.to_thread alone would leave it writing after the cache's lock is gone. Long work hears
    of the cancellation (see stopping.py).
    """
    return await ended_in(None, partial(work, *args, **kwargs))


async def ended_in(executor: Executor | None, work: Callable[[], R]) -> R:
    """The same in a thread of this executor; None: of the loop's own."""
    cancelled = threading.Event()
    with stopped_by(cancelled):
        context = contextvars.copy_context()
    task = asyncio.get_running_loop().run_in_executor(executor, context.run, work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        cancelled.set()
        await asyncio.wait({task})
        # Nobody waits for its result any more; asyncio would tell of an error nobody asked for.
        if not task.cancelled():
            task.exception()
        raise


class Bounded:
    """Group of tasks of which only so many are under way; left when all have ended."""

    def __init__(self, most: int) -> None:
        self._places = asyncio.Semaphore(most)
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._group.__aexit__(*exc)  # type: ignore[arg-type]  # passes on what it got

    async def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Returns when there is a place for it."""
        await self._places.acquire()
        self._group.create_task(work).add_done_callback(lambda _: self._places.release())


async def until_interrupted(work: Coroutine[Any, Any, None], interrupt: asyncio.Event) -> bool:
    """Whether the work came to its end; the interrupt cancels it.

    Raises what the work raises: the caller's own error bare, not in a group.
    """
    everything = asyncio.create_task(work)
    waiting = asyncio.create_task(interrupt.wait())
    try:
        await asyncio.wait({everything, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        everything.cancel()
        await asyncio.wait({everything, waiting})
    if everything.cancelled():
        return False
    raise_bare(everything)
    return True


def raise_bare(ended: asyncio.Task[None]) -> None:
    """Raises what a task raised, if it did: the caller's own error bare, not in a group."""
    error = ended.exception()
    if error is not None:
        raise _ours(error) or error


def _ours(error: BaseException) -> ImgcacheError | None:
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_ours, error.exceptions)), None)
    return error if isinstance(error, ImgcacheError) else None
