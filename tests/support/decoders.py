"""Decoders that outlive the pool that started them: to start one takes longer than most tests.

They are real processes with real pipes, and do what each pool's own would do. Only one that has
answered all that it was asked is used again, by a pool with the same limits and environment; one
that is worn, lost, or cut off in its work has ended as ever.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO, Any, Self

import pytest

from imgcache.edge.decoder.launch import Program, end, environment, launched
from imgcache.edge.decoder.process import Pipes, Worker
from imgcache.edge.decoder.protocol import WorkerLimits

_Key = tuple[str, str, str]
_spare: dict[_Key, list[Program]] = {}


class LastingWorker(Worker):
    """A worker whose process is kept for the next one."""

    def __init__(self, program: Program, pipes: Pipes) -> None:
        super().__init__(program, pipes)
        self._key: _Key | None = None
        self._is_asked = False

    @classmethod
    async def start(cls, limits: WorkerLimits) -> Self:
        key = (sys.executable, repr(limits), repr(environment(os.environ)))
        waiting = _spare.get(key)
        program = waiting.pop() if waiting else None
        is_new = program is None
        program = program or launched()
        # Copies, as the loop closes them.
        pipes = Pipes.connect(_copy(program.stdin, "wb"), _copy(program.stdout, "rb"))
        worker = cls(program, await pipes)
        if is_new:
            try:
                await Worker.send(worker, limits.words(), b"")
                await worker.receive()
            except BaseException:
                await worker.end()
                raise
        worker._key = key
        return worker

    async def send(self, words: Any, payload: bytes) -> None:
        self._is_asked = True
        await super().send(words, payload)

    async def receive(self) -> tuple[dict[str, Any], bytes]:
        words, payload = await super().receive()
        self._is_asked = "rss" not in words and "ready" not in words  # only the head of an answer
        return words, payload

    async def end(self) -> int:
        if self._key is None or self._is_asked or self.worn or not self.is_alive:
            code = await super().end()
            end(self._program)  # closes the pipes that were copied
            return code
        self._pipes.close()
        await asyncio.sleep(0)  # until the loop has closed them
        _spare.setdefault(self._key, []).append(self._program)
        return 0


def _copy(pipe: IO[bytes] | None, mode: str) -> IO[bytes]:
    assert pipe is not None
    copy: IO[bytes] = os.fdopen(os.dup(pipe.fileno()), mode, 0)
    return copy


@contextmanager
def lasting() -> Iterator[None]:
    """While this lasts, pools use such decoders; at its end none is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("imgcache.edge.decoder.pool.Worker", LastingWorker)
        yield
    for program in chain.from_iterable(_spare.values()):
        end(program)
    _spare.clear()
