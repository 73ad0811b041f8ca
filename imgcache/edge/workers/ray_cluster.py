"""Ray actors as workers: each asks for so many CPUs, and is asked for its news again and again."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Any, Self

import ray
from ray.exceptions import RayError, RayTaskError

from imgcache.edge.workers.hosted import HostedBench
from imgcache.edge.workers.protocol import LostError, Outfit, Place
from imgcache.edge.workers.retiring import Retiring
from imgcache.errors import ConfigError
from imgcache.version import VERSION

# An actor of a cluster has so many CPUs, and so many decoders.
_CPUS = 2
# Orders at once, each with a call that waits for news; and the words.
_CALLS = 200
# Working files that are not cleared up by then stay.
_LEAVING_SECONDS = 10.0


class RayCluster(Retiring):
    """Actors on a cluster, or on a Ray of our own on this machine where no address is given."""

    def __init__(self, outfit: Outfit, address: str | None, workers: Sequence[int]) -> None:
        """`workers`: the decoders of each actor of a Ray of our own."""
        self._outfit = outfit
        self._address = address
        self._workers = workers
        self._places: list[_RayPlace] = []

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self._connect)
            await asyncio.gather(*(place.check() for place in self._places))
        except BaseException as exc:
            await asyncio.to_thread(ray.shutdown)
            # Ray raises all kinds of errors where it can't start, Exception itself among them.
            if isinstance(exc, Exception) and not isinstance(exc, ConfigError):
                raise ConfigError(f"--engine {self._address or 'ray'}: {_first_line(exc)}") from exc
            raise
        return self

    async def _end(self) -> None:
        await asyncio.gather(*(place.leave() for place in self._places))
        await asyncio.to_thread(ray.shutdown)

    async def places(self) -> Sequence[Place]:
        """One for each actor; one that has died gets a successor."""
        return self._places

    def _connect(self) -> None:
        cpus = sum(self._workers)
        own = {"num_cpus": cpus, "include_dashboard": False} if self._address is None else {}
        ray.init(self._address, log_to_driver=False, logging_level="ERROR", **own)
        if self._address is not None:
            found = int(ray.cluster_resources().get("CPU", 1))
            self._workers = [min(_CPUS, found)] * max(1, found // _CPUS)
        self._places = [_RayPlace(self._outfit, number) for number in self._workers]


class _RayPlace:
    def __init__(self, outfit: Outfit, cpus: int) -> None:
        self._outfit = outfit
        self._cpus = cpus
        self._actor = self._start()
        self._orders: dict[int, Any] = {}

    async def check(self) -> None:
        """Raises ConfigError for a worker that is of no use; RayError where there is no imgcache.

        It has another version; or it lacks an extra, or can't use the object store.
        """
        found = await self._actor.version.remote()
        if found != VERSION:
            raise ConfigError(
                f"--engine ray: a Ray worker has imgcache {found}, and this is {VERSION}; "
                "install the same version there"
            )
        trouble = await self._actor.trouble.remote()
        if trouble is not None:
            raise ConfigError(f"--engine ray: a Ray worker fails: {trouble}")

    async def submit(self, number: int, order: bytes) -> AsyncGenerator[bytes, None]:
        actor = self._orders[number] = self._actor
        try:
            await actor.start.remote(number, order)
            while news := await actor.news.remote(number):
                for told in news:
                    yield told
        except RayError as exc:
            raise LostError(_why(exc)) from exc
        except GeneratorExit:
            actor.drop.remote(number)
            raise

    async def tell(self, number: int, word: bytes) -> None:
        if number in self._orders:
            self._orders[number].say.remote(number, word)

    async def discard(self, number: int) -> None:
        lost = self._orders.pop(number, None)
        if lost is self._actor:
            self.end()
            self._actor = self._start()

    async def leave(self) -> None:
        """The run is over: let it clear up what it can, and end it."""
        with suppress(RayError, TimeoutError):
            async with asyncio.timeout(_LEAVING_SECONDS):
                await self._actor.close.remote()
        self.end()

    def end(self) -> None:
        """Its decoders end with it."""
        with suppress(RayError):
            ray.kill(self._actor)

    def _start(self) -> Any:
        how = {"num_cpus": self._cpus, "max_concurrency": _CALLS, "scheduling_strategy": "SPREAD"}
        return ray.remote(**how)(Actor).remote(self._outfit, self._cpus)


class Actor:
    """What lives in a Ray worker; its methods run in threads."""

    def __init__(self, outfit: Outfit, decoders: int) -> None:
        self._bench = HostedBench(outfit, decoders)
        self._news: dict[int, queue.SimpleQueue[bytes | None]] = {}
        self._done: dict[int, Any] = {}

    def version(self) -> str:
        """Of the imgcache that is installed here."""
        return VERSION

    def trouble(self) -> str | None:
        """What keeps it from carrying out any order."""
        try:
            self._bench.open().result()
        except Exception as exc:  # noqa: BLE001  told to the one who gives the orders
            return str(exc) or type(exc).__name__
        return None

    def start(self, number: int, order: bytes) -> None:
        """An order, whose news are to be asked for."""
        news = self._news[number] = queue.SimpleQueue()
        done = self._done[number] = self._bench.start(number, order, news.put)
        done.add_done_callback(lambda _: news.put(None))

    def news(self, number: int) -> list[bytes]:
        """What is new, as soon as there is any; nothing at the end. Raises what the order did."""
        waiting = self._news[number]
        told = [waiting.get()]
        while not waiting.empty():
            told.append(waiting.get())
        found = [one for one in told if one is not None]
        if None in told and found:
            waiting.put(None)
        elif not found:
            del self._news[number]
            self._done.pop(number).result()
        return found

    def say(self, number: int, word: bytes) -> None:
        """A word to an order."""
        self._bench.say(number, word)

    def drop(self, number: int) -> None:
        """Nobody waits for an order any more."""
        self._bench.drop(number)

    def close(self) -> None:
        """The run is over; returns when nothing is left of it, working files neither."""
        self._bench.close().result()


def _why(exc: RayError) -> str:
    """What an order was lost for: its own trouble, or that of the actor."""
    if isinstance(exc, RayTaskError) and isinstance(exc.cause, Exception):
        return f"{type(exc.cause).__name__}: {exc.cause}"
    return f"a Ray worker was lost ({_first_line(exc)})"


def _first_line(exc: BaseException) -> str:
    return str(exc).strip().partition("\n")[0] or type(exc).__name__
