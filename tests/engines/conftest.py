"""Engines to run on: those of this machine, and clusters of separate processes on loopback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest_asyncio

from tests.support.many_hosts import ManyHosts
from tests.support.origin import Origin

ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def site() -> AsyncIterator[ManyHosts]:
    async with Origin() as origin:
        many = ManyHosts(origin, hosts=24, each=8)
        many.serve()
        yield many


@asynccontextmanager
async def started(*words: str, cwd: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program in a session of its own, all of which ends here."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dask", *words),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def address_in(path: Path) -> str:
    """The address of a scheduler, as soon as it has written it."""
    async with asyncio.timeout(60):
        while True:
            with suppress(FileNotFoundError, ValueError):
                address: str = json.loads(path.read_text())["address"]  # noqa: ASYNC240  small
                return address
            await asyncio.sleep(0.05)
