"""Decoders that outlive the pool that started them: to start one takes longer than most tests.

They are real processes with real pipes, and do what each pool's own would do. Only one that has
answered all that it was asked is used again, by a pool with the same limits and environment; one
that is worn, lost, or cut off in its work has ended as ever.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, Self, cast

import pytest

from imgcache.edge.decoder import process
from imgcache.edge.decoder.process import Worker

_Key = tuple[str, str, str]
_spare: dict[_Key, list[_Program]] = {}


class _Program:
    """A decoder's process, and this side of its pipes."""

    def __init__(self, limits: str) -> None:
        words = [sys.executable, "-P", "-m", "imgcache.edge.decoder.worker", limits]
        self.is_new = True
        self.popen = subprocess.Popen(
            words,
            bufsize=0,
            cwd="/",  # the folder of the test that comes first goes with it
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=process._environment(os.environ),
        )
        assert self.popen.stdin is not None
        process._enlarge(self.popen.stdin)

    def end(self) -> int:
        """Kill it if it still runs; its exit code, negative for a signal."""
        with suppress(ProcessLookupError):
            self.popen.send_signal(signal.SIGKILL)
        for pipe in (self.popen.stdin, self.popen.stdout):
            assert pipe is not None
            pipe.close()
        return self.popen.wait()


class _Attached:
    """A program on the running loop, with what of asyncio's processes a worker asks for."""

    def __init__(
        self, program: _Program, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader
    ) -> None:
        self.program = program
        self.stdin = stdin
        self.stdout = stdout

    @property
    def pid(self) -> int:
        return self.program.popen.pid

    @property
    def returncode(self) -> int | None:
        return self.program.popen.poll()


class LastingWorker(Worker):
    """A worker whose process is kept for the next one."""

    def __init__(self, attached: _Attached, readable: asyncio.BaseTransport, key: _Key) -> None:
        super().__init__(cast("asyncio.subprocess.Process", attached))
        self._attached = attached
        self._readable = readable
        self._key = key
        self._is_asked = False

    @classmethod
    async def start(cls, limits: str) -> Self:
        key = (sys.executable, limits, repr(process._environment(os.environ)))
        waiting = _spare.get(key)
        program = waiting.pop() if waiting else _Program(limits)
        worker = cls(*await _attach(program), key)
        if program.is_new:
            try:
                await worker.receive()
            except BaseException:
                await worker.end()
                raise
            program.is_new = False
        return worker

    async def send(self, words: Any, payload: bytes) -> None:
        self._is_asked = True
        if words["path"] is not None:  # it may be relative, and the process began elsewhere
            here = os.fsencode(Path.cwd()).decode("latin-1")
            words = {**words, "path": os.path.join(here, words["path"])}  # noqa: PTH118  as bytes
        await super().send(words, payload)

    async def receive(self) -> tuple[dict[str, Any], bytes]:
        words, payload = await super().receive()
        self._is_asked = "rss" not in words and "ready" not in words  # only the head of an answer
        return words, payload

    @property
    def is_alive(self) -> bool:
        if not super().is_alive:
            self._detach()  # a pool asks nothing more of it
            return False
        return True

    async def end(self) -> int:
        program = self._attached.program
        is_spare = self.is_alive and not (program.is_new or self._is_asked or self.worn)
        self._detach()
        await asyncio.sleep(0)  # until the loop has closed them
        if is_spare:
            _spare.setdefault(self._key, []).append(program)
            return 0
        return program.end()

    def _detach(self) -> None:
        self._attached.stdin.close()
        self._readable.close()


async def _attach(program: _Program) -> tuple[_Attached, asyncio.BaseTransport]:
    """The pipes of a program on this loop; they are copies, as the loop closes them."""
    loop = asyncio.get_running_loop()
    given, told = program.popen.stdin, program.popen.stdout
    assert given is not None
    assert told is not None
    reader = asyncio.StreamReader()
    source = os.fdopen(os.dup(told.fileno()), "rb", 0)
    readable, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), source)
    sink = os.fdopen(os.dup(given.fileno()), "wb", 0)
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), sink
    )
    return _Attached(
        program, asyncio.StreamWriter(transport, protocol, None, loop), reader
    ), readable


@contextmanager
def lasting() -> Iterator[None]:
    """While this lasts, pools use such decoders; at its end none is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imgcache.edge.decoder.pool.Worker", LastingWorker)
        yield
    for program in chain.from_iterable(_spare.values()):
        program.end()
    _spare.clear()
