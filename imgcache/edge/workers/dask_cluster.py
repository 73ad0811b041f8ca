"""Dask workers as workers: each shard is a task that is tied to one worker.

So Dask neither queues, moves nor repeats what it can't know to be half done: who gets what is
lost with a worker is decided by the one who gives the orders. News go through the scheduler, as
events; words by a call to the worker.
"""

from __future__ import annotations

import asyncio
import pickle
import uuid
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import TimeoutError as NotYetError
from contextlib import AsyncExitStack, suppress
from typing import Any, Self

import distributed

from imgcache.edge.workers.dask_local import own_cluster
from imgcache.edge.workers.hosted import HostedBench
from imgcache.edge.workers.protocol import LostError, Outfit, Place
from imgcache.edge.workers.retiring import Retiring
from imgcache.errors import ConfigError
from imgcache.version import VERSION

# One for all runs: a scheduler keeps the last thousand events of each topic.
_TOPIC = "imgcache"
# Asked in words that need no imgcache to be understood.
_ASK_VERSION = "__import__('imgcache.version', fromlist=['VERSION']).VERSION"
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 20.0
# A worker gives an object store that does not answer some time.
_OPENING_SECONDS = 60.0
_LOOK_SECONDS = 1.0
# Longer orders do not go through the scheduler.
_LONG = 1 << 20


class DaskCluster(Retiring):
    """The workers of a scheduler, or of a cluster on this machine where no address is given."""

    def __init__(self, outfit: Outfit, address: str | None, threads: Sequence[int]) -> None:
        """`threads`: of each worker of a cluster of our own."""
        self._outfit = outfit
        self._address = address
        self._threads = threads
        self.name = f"imgcache-{uuid.uuid4().hex}"
        self._opened = AsyncExitStack()
        self._places: dict[str, _DaskPlace] = {}
        self._bad: set[str] = set()
        self._introducing: dict[str, asyncio.Task[None]] = {}
        self._look_at = 0.0
        self._starting: asyncio.Task[None] | None = None
        self.client: Any = None

    async def __aenter__(self) -> Self:
        """Waits for workers that others have started; those of our own may start meanwhile."""
        self._starting = asyncio.create_task(self._start())
        if self._address is not None:
            await self._starting
        return self

    async def _start(self) -> None:
        """Raises ConfigError."""
        try:
            await self._connect()
            await asyncio.gather(*map(self._introduced, await self._addresses()))
        except BaseException:
            await self._opened.aclose()
            raise

    async def _end(self) -> None:
        if self._starting is not None:
            # To its end: Dask leaves workers behind when its start is cut off.
            await asyncio.wait({self._starting})
            if self._starting.cancelled() or self._starting.exception() is not None:
                return
        for task in self._introducing.values():
            task.cancel()
        await asyncio.gather(*self._introducing.values(), return_exceptions=True)
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self.client.run(_leave, self.name, on_error="ignore")
        await self._opened.aclose()

    async def places(self) -> Sequence[Place]:
        """The workers that the scheduler knows, and that have this version of imgcache.

        Raises ConfigError where a cluster of our own could not start.
        """
        if self._starting is not None:
            await asyncio.shield(self._starting)
        now = asyncio.get_running_loop().time()
        if now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            await self._look()
        return list(self._places.values())

    async def _look(self) -> None:
        try:
            there = await self._addresses()
        except (OSError, TimeoutError):
            there = set()
        for address in self._places.keys() - there:
            self._places.pop(address).is_gone()
        for address in there - self._places.keys() - self._introducing.keys():
            self._introducing[address] = asyncio.create_task(self._try(address))

    def forget(self, place: _DaskPlace) -> None:
        """Use it no more, unless its process is another one."""
        self._bad.add(place.identity)
        self._places.pop(place.address, None)

    async def _connect(self) -> None:
        where: Any = self._address and self._address.replace("dask://", "tcp://", 1)
        if where is None:
            where = await own_cluster(self._threads, self._opened)
        client = distributed.Client(
            where, asynchronous=True, timeout=_CONNECT_SECONDS, set_as_default=False
        )
        try:
            self.client = await self._opened.enter_async_context(client)
        except (OSError, TimeoutError, ValueError) as exc:
            raise ConfigError(
                f"--engine {self._address or 'dask'}: no Dask scheduler answers there; start one "
                "with `dask scheduler`, and workers with `dask worker`"
            ) from exc
        client.subscribe_topic(_TOPIC, self._hear)

    async def _addresses(self) -> set[str]:
        async with asyncio.timeout(_ANSWER_SECONDS):
            found = await self.client.scheduler.identity(n_workers=-1)
        return {address for address, one in found["workers"].items() if one["status"] == "running"}

    async def _try(self, address: str) -> None:
        """A worker that came later is of use if it can be."""
        try:
            await self._introduced(address)
        except (ConfigError, OSError, TimeoutError):
            await asyncio.sleep(_ANSWER_SECONDS)
        finally:
            del self._introducing[address]

    async def _introduced(self, address: str) -> None:
        """Raises ConfigError for a worker that is of no use.

        It has no imgcache or another version; or it lacks an extra, or can't use the object store.
        """
        found = await self._ask(address, eval, _ASK_VERSION)
        if found != VERSION:
            has = f"imgcache {found}" if isinstance(found, str) else "no imgcache"
            raise ConfigError(
                f"--engine: the Dask worker {address} has {has}, and this is {VERSION}; "
                "install the same version there"
            )
        identity = await self._ask(address, _equip, self.name, pickle.dumps(self._outfit))
        if isinstance(identity, Exception):
            raise ConfigError(f"--engine: the Dask worker {address} fails: {identity}")
        if identity not in self._bad:
            self._places[address] = _DaskPlace(self, address, identity)

    async def _ask(self, address: str, function: Any, *words: Any) -> Any:
        ask = self.client.run(function, *words, workers=[address], on_error="return")
        try:
            async with asyncio.timeout(_OPENING_SECONDS):
                answers = await ask
        except TimeoutError as exc:
            raise ConfigError(
                f"--engine: the Dask worker {address} did not answer for {_OPENING_SECONDS:g} "
                "seconds; end it, or try again"
            ) from exc
        return answers.get(address, LostError("it is gone"))

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        _, told = event
        if told["run"] == self.name and told["worker"] in self._places:
            self._places[told["worker"]].hear(told["order"], told["news"])


class _DaskPlace:
    """One worker process; `identity` tells it from a later one with its address."""

    def __init__(self, cluster: DaskCluster, address: str, identity: str) -> None:
        self.address = address
        self.identity = identity
        self._cluster = cluster
        self._news: dict[int, asyncio.Queue[bytes | None]] = {}

    def hear(self, number: int, news: bytes) -> None:
        """An event of this worker."""
        if number in self._news:
            self._news[number].put_nowait(news)

    def is_gone(self) -> None:
        """The scheduler does not know it any more."""
        for news in self._news.values():
            news.put_nowait(None)

    async def submit(self, number: int, order: bytes) -> AsyncGenerator[bytes, None]:
        news = self._news[number] = asyncio.Queue()
        client, name = self._cluster.client, self._cluster.name
        only = {"workers": [self.address], "allow_other_workers": False}
        sent = order
        if len(order) > _LONG:
            sent = await client.scatter(order, workers=[self.address], hash=False)
        task = client.submit(
            *(_carry_out, name, self.identity, number, sent),
            key=f"{name}-{number}",
            pure=False,
            **only,
        )
        ending = asyncio.create_task(_end_of(task, news))
        try:
            while (told := await news.get()) is not None:
                yield told
        finally:
            del self._news[number]
            ending.cancel()
            await asyncio.gather(ending, return_exceptions=True)
            with suppress(OSError, TimeoutError):
                await client.cancel([task], force=True)
        why = "a Dask worker is gone" if ending.cancelled() else ending.result()
        if why is not None:
            raise LostError(why)

    async def tell(self, number: int, word: bytes) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self._cluster.client.run(
                    *(_say, self._cluster.name, number, word),
                    workers=[self.address],
                    on_error="ignore",
                )

    async def discard(self, number: int) -> None:  # noqa: ARG002  all that it has is lost
        self._cluster.forget(self)
        self.is_gone()


async def _end_of(task: Any, news: asyncio.Queue[bytes | None]) -> str | None:
    """Ends the news when the task ends; returns why it was lost, None if it was done."""
    why: str | None = None
    try:
        if not await task:
            why = "a Dask worker was started again"
    except asyncio.CancelledError:
        raise
    except Exception as exc:  # noqa: BLE001  whatever Dask and the worker raise, it is lost
        why = f"{type(exc).__name__}: {exc}"
    news.put_nowait(None)
    return why


async def _equip(name: str, outfit: bytes, dask_worker: Any) -> str:
    """In the worker: make a bench, unless it has one. Returns what tells this process apart.

    Raises what keeps it from being opened.
    """
    benches = dask_worker.extensions
    if name not in benches:
        # On the worker's own loop: news go out there, and two threads would wait for each other.
        loop, threads = dask_worker.loop.asyncio_loop, dask_worker.state.nthreads
        benches[name] = HostedBench(pickle.loads(outfit), threads, loop)  # noqa: S301  Dask runs code of its clients anyway
    try:
        await asyncio.wrap_future(benches[name].open())
    except BaseException:
        benches.pop(name).close()
        raise
    return str(benches[name].identity)


def _carry_out(name: str, identity: str, number: int, order: bytes) -> bool:
    """In the worker: the task of an order. False in a process that was started since."""
    worker = distributed.get_worker()
    bench = worker.extensions.get(name)
    if bench is None or bench.identity != identity:
        return False
    key, address = worker.get_current_task(), worker.address
    # Its thread waits: it must not keep others from their work.
    distributed.secede()

    def tell(news: bytes) -> None:
        told = {"run": name, "worker": address, "order": number, "news": news}
        worker.log_event(_TOPIC, told)

    done = bench.start(number, order, tell)
    while True:
        try:
            done.result(timeout=1.0)
        except NotYetError:
            task = worker.state.tasks.get(key)
            if task is None or task.state == "cancelled":
                bench.drop(number)
        else:
            return True


def _say(name: str, number: int, word: bytes, dask_worker: Any) -> None:
    """In the worker: a word to an order."""
    bench = dask_worker.extensions.get(name)
    if bench is not None:
        bench.say(number, word)


async def _leave(name: str, dask_worker: Any) -> None:
    """In the worker: the run is over. Returns when nothing is left of it, working files neither."""
    bench = dask_worker.extensions.pop(name, None)
    if bench is not None:
        await asyncio.wrap_future(bench.close())
