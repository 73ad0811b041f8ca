"""Buffer for an incoming body: counted, hashed; small in memory, large in `cache/tmp/`."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from imgcache.core.cache.layout import temp_path
from imgcache.edge.body_memory import BodyMemory
from imgcache.edge.safe_fs import create, local_errors, make_folder, temp_name, write_all


class _TempFile:
    """A file in `cache/tmp/` that one thread may write while another discards it."""

    def __init__(self, root: Path) -> None:
        self._name = temp_path(temp_name())
        self.path = root / self._name
        self._root = root
        self._file = -1
        self._given_up = False
        # A cancelled task leaves its thread writing; the descriptor must not be closed (and its
        # number given to another file) under it.
        self._lock = threading.Lock()

    def append(self, blocks: list[bytes]) -> None:
        with self._lock, local_errors(self._name):
            if self._given_up:
                return
            if self._file < 0:
                *above, name = self._name.split("/")
                with make_folder(self._root, *above) as folder:
                    self._file = create(folder, name)
            write_all(self._file, b"".join(blocks))

    def close(self) -> None:
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def remove(self) -> None:
        with self._lock:
            self._given_up = True
        self.close()
        # It may have been published in the meantime, or never made.
        with local_errors(self._name), suppress(FileNotFoundError):
            self.path.unlink()


class Spool:
    """Takes a body from the fetcher; an async context manager that leaves nothing in `tmp/`.

    `write` and `reset` are the fetcher's sink. A body of up to 512 KiB stays in memory (`data`)
    and needs no file before it is published, unless many bodies together take too much of it;
    `settle` makes a file of any body.
    """

    def __init__(self, root: Path, memory: BodyMemory) -> None:
        """`memory`: what all bodies that arrive beside this one keep."""
        self._root = root
        self._memory = memory
        self._start()

    def _start(self) -> None:
        self._blocks: list[bytes] = []
        self._waiting = 0
        self._hash = hashlib.sha256()
        self._temp: _TempFile | None = None
        self.size = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()

    @property
    def enough(self) -> bool:
        """Always False: the whole body is wanted."""
        return False

    @property
    def least(self) -> None:
        """None, as nothing is ever enough."""

    @property
    def sha256(self) -> str:
        """The hash of all that was written, 64 hex digits."""
        return self._hash.hexdigest()

    @property
    def data(self) -> bytes | None:
        """The whole body while it is in memory; None once it is a file."""
        if self._temp is not None:
            return None
        if len(self._blocks) > 1:
            self._blocks = [b"".join(self._blocks)]
        return self._blocks[0] if self._blocks else b""

    @property
    def path(self) -> Path | None:
        """The file with the body, whole after `settle`; None while it is in memory."""
        return None if self._temp is None else self._temp.path

    async def write(self, data: bytes) -> None:
        """Add the next bytes. Raises LocalError when the disk fails."""
        self._hash.update(data)
        self.size += len(data)
        self._blocks.append(data)
        self._waiting += len(data)
        self._memory.keep(len(data))
        if self._memory.is_full(self._waiting):
            await self._spill()

    async def reset(self) -> None:
        """Forget what was written: another body begins."""
        self.discard()

    async def settle(self) -> Path:
        """Make sure that the body is a file in `cache/tmp/`; returns its path."""
        temp = await self._spill()
        temp.close()
        return temp.path

    def discard(self) -> None:
        """Drop the body and its file; a published file is not touched."""
        if self._temp is not None:
            self._temp.remove()
        self._memory.free(self._waiting)
        self._start()

    async def _spill(self) -> _TempFile:
        temp = self._temp
        if temp is None:
            temp = self._temp = _TempFile(self._root)
        elif not self._blocks:
            return temp
        blocks, size = self._blocks, self._waiting
        self._blocks, self._waiting = [], 0
        try:
            await asyncio.to_thread(temp.append, blocks)
        finally:
            self._memory.free(size)
        return temp
