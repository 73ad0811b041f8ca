"""Engines: where the shards of a run go, by the words of `--engine`."""

from __future__ import annotations

import asyncio
import pickle
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from imgcache.config import ServeSettings, Settings
from imgcache.config_images import CacheSettings
from imgcache.edge.cores import cores
from imgcache.edge.workers.processes import Processes
from imgcache.edge.workers.protocol import Engine, Outfit
from imgcache.engine.images.quota import CacheQuota
from imgcache.engine.refresh.fetch_stage import FetchStage, FetchWork
from imgcache.engine.refresh.options import LOCAL
from imgcache.engine.refresh.shards.bench import FetchBench
from imgcache.engine.refresh.shards.stage import ShardedStage
from imgcache.engine.refresh.states import KeptDoubts, KeptOutcomes, States
from imgcache.engine.refresh.work import WorkPlan
from imgcache.engine.run.fetch_tools import FetchTools
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.places import fitted, places
from imgcache.engine.run.wiring import Tools
from imgcache.errors import ConfigError

_CLUSTERS = re.compile(r"(dask|ray)(://[^/\s]+:[0-9]{1,5})?")
# Of the cores, one process keeps so many busy, its decoders included.
_CORES_PER_PROCESS = 2
# More of them no machine can run; the number in a configuration may be any.
_MOST_PROCESSES = 1000
# So many jobs are worth the start of a second process.
_WORTH_PROCESSES = 1000


@asynccontextmanager
async def opened(name: str, settings: Settings) -> AsyncIterator[Engine | None]:
    """The engine of that name; None where one process does it all. Raises ConfigError."""
    workers = shares(cores(), processes_wanted(settings))
    if name == LOCAL and len(workers) == 1:
        yield None
        return
    async with _engine(name, outfit(settings, here=name == LOCAL), workers) as engine:
        yield engine


def _engine(name: str, made: Outfit, workers: Sequence[int]) -> Engine:
    """Raises ConfigError for another name, and where its library is missing."""
    if name == LOCAL:
        return Processes(made, workers)
    if _CLUSTERS.fullmatch(name) is None:
        raise ConfigError(
            f"--engine {name}: there is no such engine; write local, dask, ray, dask://HOST:PORT "
            "or ray://HOST:PORT"
        )
    kind, _, address = name.partition("://")
    try:
        return _cluster(kind)(made, name if address else None, workers)
    except ModuleNotFoundError as exc:
        raise ConfigError(
            f"--engine {kind} needs {exc.name}: pip install 'imgcache[{kind}]'"
        ) from exc


def _cluster(kind: str) -> Callable[[Outfit, str | None, Sequence[int]], Engine]:
    """Its library is imported by those who want it."""
    if kind == "dask":
        from imgcache.edge.workers.dask_cluster import DaskCluster  # noqa: PLC0415  an extra

        return DaskCluster
    from imgcache.edge.workers.ray_cluster import RayCluster  # noqa: PLC0415  an extra

    return RayCluster


def processes_wanted(settings: Settings) -> int:
    """As many as are set and have a request to send, else by the cores of this machine."""
    wanted = settings.fetch.processes or max(1, cores() // _CORES_PER_PROCESS)
    return min(wanted, settings.fetch.concurrency, _MOST_PROCESSES)


def shares(whole: int, parts: int) -> list[int]:
    """`whole` divided into parts of nearly one size, none of which is empty."""
    return [max(1, (whole + number) // parts) for number in range(parts)]


def outfit(settings: Settings, *, here: bool = False) -> Outfit:
    """What makes a bench in a worker, which may have another working folder.

    `here`: all are processes of this machine, under one who ends with them.
    """
    cache = _shared(settings.cache, here=here)
    ca_file = settings.fetch.ca_file
    fetch = settings.fetch.model_copy(update={"ca_file": ca_file and ca_file.absolute()})
    # The service's token is no business of workers.
    placed = settings.model_copy(update={"cache": cache, "fetch": fetch, "serve": ServeSettings()})
    return Outfit(FetchBench, pickle.dumps(placed))


def _shared(cache: CacheSettings, *, here: bool) -> CacheSettings:
    """With the folder of working files where the workers have it, too; None: each its own."""
    if isinstance(cache.dir, Path):
        return cache.model_copy(update={"dir": cache.dir.absolute()})
    return cache.model_copy(update={"index": cache.home.absolute() if here else None})


def stage_of(
    engine: Engine | None,
    tools: Tools,
    settings: Settings,
    states: States,
    work: WorkPlan,
    listener: Listener,
    interrupt: asyncio.Event,
) -> FetchStage | ShardedStage:
    """How this work is done: here, or by the workers of the engine."""
    room = CacheQuota(tools.store, tools.session, settings.cache.max_bytes)
    doubts, outcomes = KeptDoubts(tools.session, states), KeptOutcomes(states, listener)
    own = FetchTools(tools.fetcher, tools.pool, tools.store, tools.session, room, doubts, outcomes)
    backlog = asyncio.Semaphore(places(settings).answers)
    jobs = len(work.ask) + len(work.remake)
    is_little = isinstance(engine, Processes) and not settings.fetch.processes
    alone = engine is None or jobs < (_WORTH_PROCESSES if is_little else 1)
    share = work.fetch_work if alone else FetchWork(in_place=work.in_place)
    # Other workers have descriptors of their own.
    here = FetchStage(own, fitted(settings), listener, interrupt, backlog, share)
    if engine is None or alone:
        return here
    return ShardedStage(engine, own, settings, here, work)
