"""One decoder process as the main process sees it: started, spoken to over pipes, ended."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, Self

from msgspec import Struct

from imgcache.edge.decoder import launch, protocol
from imgcache.edge.decoder.launch import Program
from imgcache.edge.decoder.protocol import WorkerLimits

# A worker is replaced after so many images, or when it stays this large: leaks stay small.
_MOST_IMAGES = 1000
_GROWN = 256 << 20
_START_SECONDS = 60


class LostError(Exception):
    """The process ended without an answer."""


class Pipes(Struct, frozen=True):
    """This side of a program's pipes, on the running loop."""

    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    transport: asyncio.BaseTransport

    @classmethod
    async def connect(cls, stdin: IO[bytes] | None, stdout: IO[bytes] | None) -> Self:
        """The loop closes these files, one of them also where this is cancelled."""
        loop, answers = asyncio.get_running_loop(), asyncio.StreamReader()
        readable, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(answers), stdout
        )
        try:
            writable, flow = await loop.connect_write_pipe(
                lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), stdin
            )
        except BaseException:
            readable.close()
            raise
        return cls(asyncio.StreamWriter(writable, flow, None, loop), answers, readable)

    def close(self) -> None:
        """Who waits for more hears that there is none; what was not sent yet is dropped."""
        if not self.stdin.is_closing():
            self.stdin.transport.abort()
        self.transport.close()


class Worker:
    """One decoder process."""

    def __init__(self, program: Program, pipes: Pipes) -> None:
        self._program = program
        self._pipes = pipes
        self._images = 0
        self._resident = 0

    @classmethod
    async def start(cls, limits: WorkerLimits) -> Self:
        """A process that is ready; raises OSError, TimeoutError, LostError or FrameError."""
        if (early := launch.taken()) is not None:
            with suppress(OSError, LostError, protocol.FrameError):
                return await cls._told(early, limits)
        return await cls._told(launch.launched(), limits)

    @classmethod
    async def _told(cls, program: Program, limits: WorkerLimits) -> Self:
        try:
            pipes = await Pipes.connect(program.stdin, program.stdout)
        except BaseException:
            launch.end(program)
            raise
        worker = cls(program, pipes)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await worker.send(limits.words(), b"")
                await worker.receive()
        except BaseException:
            await asyncio.shield(worker.end())
            raise
        return worker

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._program.poll() is None

    def note(self, resident: int) -> None:
        """Counts one image, after which the process is `resident` bytes large."""
        self._images += 1
        self._resident = resident

    @property
    def worn(self) -> bool:
        """Whether it is time for a successor."""
        return self._images >= _MOST_IMAGES or self._resident > _GROWN

    async def send(self, words: Mapping[str, Any], payload: bytes) -> None:
        """One frame to the process; raises LostError."""
        try:
            self._pipes.stdin.write(protocol.head(words, len(payload)))
            self._pipes.stdin.write(payload)
            await self._pipes.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as exc:
            raise LostError from exc

    async def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next frame of the process; raises LostError or FrameError."""
        pipe = self._pipes.stdout
        try:
            header, payload = protocol.lengths(await pipe.readexactly(protocol.PREFIX.size))
            return protocol.unpack(await pipe.readexactly(header)), await pipe.readexactly(payload)
        except (asyncio.IncompleteReadError, ConnectionResetError) as exc:
            raise LostError from exc

    async def end(self) -> int:
        """Kills the process if it still runs; returns its exit code, negative for a signal.

        A process that is ending already keeps the code of what ended it.
        """
        self._program.kill()
        self._pipes.close()
        return await asyncio.to_thread(self._program.wait)
