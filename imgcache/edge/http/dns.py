"""DNS look-ups in daemon threads, which never keep the process alive.

A look-up that hangs delays neither other hosts nor the end of a run.
"""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address

from imgcache.core.http.address import Address

Lookup = Callable[[str], Sequence[Address]]

# Each try at a name gives up after a while, and leaves its thread to the system's resolver, which
# may take a minute. So there are more threads than requests under way.
_THREADS = 256


def system_lookup(host: str) -> Sequence[Address]:
    """All addresses that the system's resolver has for a name; raises socket.gaierror."""
    # As bytes, so that Python's own IDNA codec is not used: the gate made the host ASCII.
    found = socket.getaddrinfo(
        host.encode("ascii"), None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [ip_address(info[4][0]) for info in found]


class LookupThreads:
    """A bounded number of daemon threads that may hang in the system's resolver.

    concurrent.futures joins its threads at exit, and would wait for a hanging name. Another
    request for a name that hangs already waits for the same answer, without another thread.
    """

    def __init__(self, lookup: Lookup, most: int = _THREADS) -> None:
        self._lookup = lookup
        self._most = most
        self._jobs: queue.SimpleQueue[tuple[str, _Answer] | None] = queue.SimpleQueue()
        self._under_way: dict[str, _Answer] = {}
        self._lock = threading.Lock()
        self._started = 0
        self._unfinished = 0

    async def find(self, host: str) -> Sequence[Address]:
        """The addresses of `host`; raises what the look-up raises."""
        answer = self._under_way.get(host)
        if answer is None or answer.future.done():
            answer = self._under_way[host] = _Answer(asyncio.get_running_loop())
            self._begin(host, answer)
        try:
            return await answer.wait()
        finally:
            if answer.future.done() and self._under_way.get(host) is answer:
                del self._under_way[host]

    def _begin(self, host: str, answer: _Answer) -> None:
        self._jobs.put((host, answer))
        with self._lock:
            # Jobs are counted, cancelled ones included: their threads may still hang.
            self._unfinished += 1
            short = self._started < min(self._unfinished, self._most)
            self._started += short
        if short:
            threading.Thread(target=self._work, name="imgcache-dns", daemon=True).start()

    def close(self) -> None:
        """Let each thread end after its look-ups; waits for none."""
        for _ in range(self._started):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._do(*job)
            with self._lock:
                self._unfinished -= 1

    def _do(self, host: str, answer: _Answer) -> None:
        if not answer.begin():
            return
        try:
            answer.give(self._lookup(host))
        except Exception as exc:  # noqa: BLE001 -- handed over to the caller, whatever it is
            answer.fail(exc)


class _Answer:
    """Carries the result of a look-up from its thread to the tasks that wait for it.

    When no task waits any more it is cancelled, if its look-up has not begun.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting = 0
        self._begun = False
        self.future: asyncio.Future[Sequence[Address]] = loop.create_future()

    async def wait(self) -> Sequence[Address]:
        """The addresses; cancelling one waiting task does not affect the others."""
        self._waiting += 1
        try:
            await asyncio.wait([self.future])
        finally:
            self._waiting -= 1
            if not self._waiting and not self._begun:
                self.future.cancel()
        return self.future.result()

    def begin(self) -> bool:
        """Whether a task still waits; called in the look-up's thread."""
        self._begun = not self.future.cancelled()
        return self._begun

    def give(self, addresses: Sequence[Address]) -> None:
        self._later(self.future.set_result, addresses)

    def fail(self, exc: Exception) -> None:
        self._later(self.future.set_exception, exc)

    def _later(self, settle: Callable[..., None], value: object) -> None:
        def unless_cancelled() -> None:
            if not self.future.done():
                settle(value)
                self.future.exception()  # retrieved, even where no task waits any more

        with suppress(RuntimeError):  # the loop is closed: no task waits for this name any more
            self._loop.call_soon_threadsafe(unless_cancelled)
