"""Engines to run on: this machine's, and clusters of separate processes on loopback.

Also what belongs to their workers, to be killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ENGINES = ["one", "local", "dask", "dask://", "ray"]
# What belongs to a worker, by a word of its command line.
_WORDS = {
    "local": b"imgcache.edge.workers.child",
    "dask": b"multiprocessing.spawn",
    "dask://": b"dask\0worker",
    "ray": b"ray::Actor",
}


@dataclass(frozen=True)
class Running:
    """An engine that is there to be used: its kind, and the words of `--engine`."""

    kind: str
    name: str

    @property
    def options(self) -> dict[str, Any]:
        """What a refresh on it is told."""
        return {"engine": self.name, "processes": 1 if self.kind == "one" else 2}

    def workers(self) -> set[int]:
        """The processes of its workers."""
        return processes(_WORDS[self.kind])


@asynccontextmanager
async def running(kind: str, folder: Path) -> AsyncIterator[Running]:
    """An engine; skips the test where it is not installed. `folder` is for what a cluster writes.

    A cluster's processes get the environment of this moment.
    """
    if kind not in {"one", "local"}:
        pytest.importorskip("ray" if kind == "ray" else "distributed")
    async with AsyncExitStack() as stack:
        name = "local" if kind == "one" else kind
        if kind == "dask://":
            name = await cluster(stack, folder)
        yield Running(kind, name)


async def cluster(stack: AsyncExitStack, folder: Path, workers: int = 2) -> str:
    """A scheduler and workers, started as by hand; what `--engine` is told of it."""
    file = folder / "scheduler.json"
    scheduler = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    words = ("scheduler", *scheduler, "--scheduler-file", str(file))
    await stack.enter_async_context(_started(*words, cwd=folder))
    address = await _address_in(file)
    for _ in range(workers):
        await join(stack, folder)
    return address.replace("tcp://", "dask://")


async def join(stack: AsyncExitStack, folder: Path, **environment: str) -> None:
    """One more worker of the cluster, to whose environment something may be added."""
    file = str(folder / "scheduler.json")
    words = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--scheduler-file", file)
    await stack.enter_async_context(_started("worker", *words, cwd=folder, **environment))


async def until_there_are_workers(engine: str, number: int = 1) -> None:
    """Workers take a moment to find their scheduler."""
    from distributed import Client  # noqa: PLC0415  an extra

    address = engine.replace("dask://", "tcp://")
    async with Client(address, asynchronous=True, set_as_default=False) as client:
        await client.wait_for_workers(number)


@asynccontextmanager
async def _started(
    *words: str, cwd: Path, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program in a session of its own, all of which ends here."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dask", *words),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _address_in(path: Path) -> str:
    """The address of a scheduler, as soon as it has written it."""
    async with asyncio.timeout(60):
        while True:
            with suppress(FileNotFoundError, ValueError):
                address: str = json.loads(path.read_text())["address"]  # noqa: ASYNC240  small
                return address
            await asyncio.sleep(0.05)


def processes(word: bytes) -> set[int]:
    """Processes below this one with that word in their command line."""
    parents: dict[int, int] = {}
    fitting = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes()
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(process.name)] = parent
        if word in line:
            fitting.add(int(process.name))
    return {pid for pid in fitting if _is_below(pid, parents)}


def _is_below(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        if pid == os.getpid():
            return True
        pid = parents[pid]
    return False
