"""Processes of this machine as workers, spoken to over pipes (child.py)."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from imgcache.edge.workers import frames
from imgcache.edge.workers.frames import Frame
from imgcache.edge.workers.protocol import LostError, Outfit, Place
from imgcache.edge.workers.retiring import Retiring

_AHEAD = 1 << 20
# Frames of one order that wait to be read here; more wait in the pipe.
_WAITING = 64
_ENDING_SECONDS = 5


class Processes(Retiring):
    """So many processes, each with its share of the decoders; each starts with its first order."""

    def __init__(self, outfit: Outfit, decoders: Sequence[int]) -> None:
        self._places = [_ProcessPlace(outfit, number) for number in decoders]

    async def __aenter__(self) -> Self:
        return self

    async def _end(self) -> None:
        await asyncio.gather(*(place.close() for place in self._places))

    async def places(self) -> Sequence[Place]:
        """As many as there are processes; one that has died gets a successor."""
        return self._places


class _ProcessPlace:
    def __init__(self, outfit: Outfit, decoders: int) -> None:
        self._decoders = decoders
        self._outfit = outfit
        self._orders: dict[int, _Child] = {}
        self._starting = asyncio.Lock()
        self._child: _Child | None = None

    async def submit(self, number: int, order: bytes) -> AsyncGenerator[bytes, None]:
        child = self._orders[number] = await self._ready()
        news = child.order(number, order)
        try:
            while (frame := await news.get()) is not None:
                if frame.kind == frames.FAULT:
                    raise LostError(frame.data.decode())
                if frame.kind == frames.END:
                    del self._orders[number]
                    return
                yield frame.data
        finally:
            child.leave(number, news)
        raise LostError("a worker process ended")

    async def tell(self, number: int, word: bytes) -> None:
        if number in self._orders:
            self._orders[number].send(Frame(frames.WORD, number, word))

    async def discard(self, number: int) -> None:
        child = self._orders.pop(number, None)
        if child is not None:
            await child.kill()

    async def close(self) -> None:
        """Let it end by itself, which it does when its stdin ends."""
        if self._child is not None:
            await self._child.end()

    async def _ready(self) -> _Child:
        async with self._starting:
            if self._child is None or not self._child.is_alive:
                try:
                    self._child = await _Child.start(self._outfit, self._decoders)
                except OSError as exc:
                    reason = exc.strerror or type(exc).__name__
                    raise LostError(f"a worker process could not start ({reason})") from exc
            return self._child


class _Child:
    """One process. The news of each order wait in a queue of their own; None ends it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._news: dict[int, asyncio.Queue[Frame | None]] = {}
        self._reading = asyncio.create_task(self._read())
        self._killing: asyncio.Task[None] | None = None
        self.is_alive = True

    @classmethod
    async def start(cls, outfit: Outfit, decoders: int) -> Self:
        """A new process, which may still be starting; raises OSError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # nothing is imported from the working folder, which may be anybody's
            "-m",
            "imgcache.edge.workers.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_AHEAD,
            start_new_session=True,  # an interrupt from the terminal is for this process
            env=_environment(),
        )
        child = cls(process)
        child.send(Frame(frames.ORDER, 0, pickle.dumps((outfit, decoders))))
        return child

    def order(self, number: int, order: bytes) -> asyncio.Queue[Frame | None]:
        """Its news, as they come."""
        news = self._news[number] = asyncio.Queue(_WAITING)
        if not self.is_alive:
            news.put_nowait(None)
        self.send(Frame(frames.ORDER, number, order))
        return news

    def leave(self, number: int, news: asyncio.Queue[Frame | None]) -> None:
        """Nobody waits for news of this order any more."""
        self._news.pop(number, None)
        while not news.empty():
            news.get_nowait()

    def send(self, frame: Frame) -> None:
        """A frame to a process that may be gone: then its news end."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError, ConnectionResetError, RuntimeError):
                self._process.stdin.write(frames.packed(frame))

    async def end(self) -> None:
        """Close its stdin; kill it if that does not end it."""
        if self._killing is not None:
            await self._killing
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._reading.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(_ENDING_SECONDS):
                await self._drained()
        await self.kill()

    async def kill(self) -> None:
        """End it now; decoders of its own see their stdin end.

        Once, however many orders it was lost over: its pipe has one reader.
        """
        self.is_alive = False
        if self._killing is None:
            self._killing = asyncio.create_task(self._kill())
        await asyncio.shield(self._killing)

    async def _kill(self) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._drained()
        await self._over()

    async def _drained(self) -> None:
        """What it still says is read, or it could not end."""
        await asyncio.gather(self._reading, return_exceptions=True)
        if self._process.stdout is not None:
            while await self._process.stdout.read(_AHEAD):
                pass
        await self._process.wait()

    async def _read(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101  it was asked for
        while (frame := await frames.read(pipe)) is not None:
            news = self._news.get(frame.number)
            if news is not None:
                await news.put(frame)
            if frame.kind in (frames.END, frames.FAULT):
                self._news.pop(frame.number, None)
        await self._over()

    async def _over(self) -> None:
        self.is_alive = False
        while self._news:
            _, news = self._news.popitem()
            await news.put(None)


def _environment() -> dict[str, str]:
    """Ours, with the place of this very code on the path."""
    paths = [str(Path(__file__).resolve().parents[3]), os.environ.get("PYTHONPATH")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
