"""Dask cluster of our own on this machine, without what only people who look at it need."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import dask
import distributed

from imgcache.errors import ConfigError

# Each of its processes looks at itself many times a second, so that a dashboard can show that, and
# tasks can be moved: there is no dashboard, and each task is tied to its worker.
_QUIET = {
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
}
_HERE = "127.0.0.1"


async def own_cluster(threads: Sequence[int], opened: AsyncExitStack) -> Any:
    """A worker for each number of threads, ended by `opened`. Raises ConfigError."""
    with dask.config.set(_QUIET):
        cluster = distributed.LocalCluster(
            n_workers=len(threads),
            threads_per_worker=max(threads),
            asynchronous=True,
            dashboard_address=None,
            # Any free port: the usual one may be somebody else's.
            scheduler_kwargs={"dashboard": False, "dashboard_address": f"{_HERE}:0"},
            host=_HERE,
            memory_limit=0,  # nothing lies in the memory of workers; decoders have limits of ours
        )
        try:
            return await opened.enter_async_context(cluster)
        except (OSError, RuntimeError) as exc:
            raise ConfigError(f"--engine dask: no cluster could be started ({exc})") from exc
