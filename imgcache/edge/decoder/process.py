"""One decoder process as the main process sees it: started, spoken to over pipes, ended."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

from imgcache.edge.decoder import protocol

# A worker is replaced after so many images, or when it stays this large: leaks stay small.
_MOST_IMAGES = 1000
_GROWN = 256 << 20
_START_SECONDS = 60
_PIPE_BYTES = 1 << 20
# All that an interpreter may need of the environment; secrets stay out of the decoder's reach.
_ENVIRONMENT = (
    "PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME",
    "TMPDIR", "VIRTUAL_ENV",
)  # fmt: skip
# Memory of one image is kept for the next: to get it anew costs a page fault each 4 KiB, a tenth
# of the time. glibc keeps up to 64 MiB, of blocks below 32 MiB (Pillow asks for 16 at most).
_KEPT_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "PILLOW_BLOCKS_MAX": "2",
}


class LostError(Exception):
    """The process ended without an answer."""


class Worker:
    """One decoder process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._images = 0
        self._resident = 0

    @classmethod
    async def start(cls, limits: str) -> Self:
        """A new process that is ready; raises OSError, TimeoutError or LostError."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # nothing is imported from the working folder, which may be anybody's
            "-m",
            "imgcache.edge.decoder.worker",
            limits,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # an interrupt from the terminal is not for decoders
            env=_environment(os.environ),
        )
        worker = cls(process)
        if process.stdin is not None:
            _enlarge(process.stdin.get_extra_info("pipe"))
        try:
            async with asyncio.timeout(_START_SECONDS):
                await worker.receive()
        except BaseException:
            await asyncio.shield(worker.end())
            raise
        return worker

    @property
    def is_alive(self) -> bool:
        """Whether nobody has seen it end."""
        return self._process.returncode is None

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
        pipe = self._process.stdin
        if pipe is None:
            raise LostError
        try:
            pipe.write(protocol.head(words, len(payload)))
            pipe.write(payload)
            await pipe.drain()
        except (BrokenPipeError, ConnectionResetError) as exc:
            raise LostError from exc

    async def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next frame of the process; raises LostError or frames.FrameError."""
        pipe = self._process.stdout
        if pipe is None:
            raise LostError
        try:
            header, payload = protocol.lengths(await pipe.readexactly(protocol.PREFIX.size))
            return protocol.unpack(await pipe.readexactly(header)), await pipe.readexactly(payload)
        except (asyncio.IncompleteReadError, ConnectionResetError) as exc:
            raise LostError from exc

    async def end(self) -> int:
        """Kills the process if it still runs; returns its exit code, negative for a signal.

        A process that is ending already keeps the code of what ended it.
        """
        if self._process.returncode is None:
            # Not Process.kill(): it polls, and would snatch the exit code from asyncio's watcher.
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
        code = await self._process.wait()
        if self._process.stdout is not None:
            await self._process.stdout.read()  # to its end, or its transport would stay open
        return code


def _enlarge(pipe: IO[bytes]) -> None:
    """Let most images go through a pipe in one piece, where the system can do that."""
    # Too much of the memory for pipes is in use, or the process has ended already.
    with suppress(OSError, ValueError):
        if sys.platform == "linux":
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _environment(outer: Mapping[str, str]) -> dict[str, str]:
    root = Path(__file__).resolve().parents[3]
    kept = {name: outer[name] for name in _ENVIRONMENT if name in outer}
    return kept | {"PYTHONPATH": str(root), **_KEPT_MEMORY}
