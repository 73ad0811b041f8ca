"""Server of attempts: what the process does that sends the requests of a run."""

from __future__ import annotations

import asyncio
import socket

import msgspec
from msgspec.structs import replace

from imgcache.config import FetchSettings
from imgcache.edge.body_memory import BodyMemory
from imgcache.edge.http.apart.line import Line
from imgcache.edge.http.apart.messages import Ask, Drop, End, Expect, Order, Piece, Taken
from imgcache.edge.http.dns import Lookup, system_lookup
from imgcache.edge.http.exchange import Attempt, AttemptStats, Body, Fetches, NotModified
from imgcache.edge.http.on_demand import FetcherOnDemand
from imgcache.model import Failure


async def serve(
    end: socket.socket, settings: FetchSettings, lookup: Lookup = system_lookup
) -> None:
    """Make the attempts that are asked for, until the other end is gone.

    Raises ConfigError for a `ca_file`.
    """
    async with FetcherOnDemand(settings, lookup) as fetcher:
        attempts = _Attempts(fetcher)
        await asyncio.get_running_loop().connect_accepted_socket(lambda: attempts.line, end)
        await attempts.over.wait()
        await attempts.end()


class _Attempts:
    """The attempts that are under way."""

    def __init__(self, fetcher: FetcherOnDemand) -> None:
        self.over = asyncio.Event()
        self.line = Line(msgspec.msgpack.Decoder(Order), self._hear, self.over.set)
        self._fetcher = fetcher
        self._bodies = BodyMemory()
        self._opening: asyncio.Task[Fetches] | None = None
        self._under_way: dict[int, tuple[asyncio.Task[Attempt], _Relay]] = {}

    async def end(self) -> None:
        """Nobody waits for them any more."""
        tasks = [task for task, _ in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _hear(self, order: Order, _: bytes) -> None:
        if isinstance(order, Expect):
            self._opening = asyncio.get_running_loop().create_task(self._fetcher.open())
        elif isinstance(order, Ask):
            self._begin(order)
        elif order.number in self._under_way:
            task, relay = self._under_way[order.number]
            if isinstance(order, Drop):
                task.cancel()
            else:
                relay.taken(order)

    def _begin(self, ask: Ask) -> None:
        """Its end is told whatever becomes of it: one that is dropped at once never runs."""
        relay, stats = _Relay(ask.number, self.line, ask.least, self._bodies), AttemptStats()
        attempt = self._fetcher.attempt(ask.url, ask.validators, relay, stats, ask.first)
        task = asyncio.get_running_loop().create_task(attempt)
        self._under_way[ask.number] = task, relay

        def over(task: asyncio.Task[Attempt]) -> None:
            del self._under_way[ask.number]
            failed = task.cancelled() or task.exception() is not None
            result = None if failed else task.result().result
            self._tell(_end(ask.number, result, stats, anew=relay.anew), relay.rest())

        task.add_done_callback(over)

    def _tell(self, end: End, data: list[bytes]) -> None:
        try:
            self.line.say(end, *data)
        except (OverflowError, UnicodeEncodeError):  # a number or text that no message can hold
            self.line.say(replace(end, response=None, received=None, failure=None), *data)


def _end(
    number: int, result: Body | NotModified | Failure | None, stats: AttemptStats, *, anew: bool
) -> End:
    return End(
        number,
        anew,
        stats.requests,
        stats.wire_bytes,
        stats.answering,
        stats.heard_before,
        stats.host,
        result.response if isinstance(result, Body | NotModified) else None,
        result.received if isinstance(result, Body) else None,
        result if isinstance(result, Failure) else None,
    )


class _Relay:
    """Sink that passes a body on to another one, no faster than that takes it.

    What is not enough for that one in any case goes with the attempt's end.
    """

    def __init__(
        self, number: int, line: Line[Order], least: int | None, memory: BodyMemory
    ) -> None:
        self.enough = False
        self.least = least
        self.anew = False
        self._number = number
        self._line = line
        self._of_new = least
        self._memory = memory
        self._kept: list[bytes] = []
        self._size = 0
        self._taken = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """The next bytes."""
        self._kept.append(data)
        self._size += len(data)
        self._memory.keep(len(data))
        is_wanted = self.least is not None and self._size > self.least
        if is_wanted or self._memory.is_full(self._size):
            await self._pass_on()

    async def _pass_on(self) -> None:
        """Say what is kept; until it is taken, the line or the other process keeps it."""
        size = self._size
        self._taken.clear()
        self._line.say(Piece(self._number, self.anew), *self._taken_out())
        self.anew = False
        try:
            await self._taken.wait()
        finally:
            self._memory.free(size)

    async def reset(self) -> None:
        """Another body begins."""
        self.rest()
        self.anew, self.enough, self.least = True, False, self._of_new

    def taken(self, order: Taken) -> None:
        """The last piece is where it should be."""
        self.enough, self.least = order.enough, order.least
        self._taken.set()

    def rest(self) -> list[bytes]:
        """What has not gone on yet; it is kept no longer."""
        self._memory.free(self._size)
        return self._taken_out()

    def _taken_out(self) -> list[bytes]:
        kept, self._kept, self._size = self._kept, [], 0
        return kept
