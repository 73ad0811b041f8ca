"""A list on disk: appended to once, read back as often as needed, so that memory stays flat."""

from __future__ import annotations

import pickle
import tempfile
import weakref
from collections.abc import Iterator
from typing import IO, Generic, TypeVar

from imgcache.edge.os_errors import temporary_errors

_IN_MEMORY = 4 << 20
_BATCH = 50
T = TypeVar("T")


class DiskList(Generic[T]):
    """Items of plain tuples, strings and numbers, which pickle fast.

    The file is in the system's folder for temporary files and has no name, so that no other
    process reaches it.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  ours until `close`
        self._count = self._batches = 0
        self._waiting: list[T] = []
        # It may be dropped without being closed.
        self.close = weakref.finalize(self, self._file.close)

    def append(self, item: T) -> None:
        """One more; before the first iteration."""
        self._waiting.append(item)
        self._count += 1
        if len(self._waiting) == _BATCH:
            self._write()

    def _write(self) -> None:
        """Several items at once, which pickle faster than one after the other."""
        if self._waiting:
            with temporary_errors("the report does not fit into memory, nor into a temporary file"):
                pickle.dump(self._waiting, self._file, pickle.HIGHEST_PROTOCOL)
            self._batches += 1
            self._waiting = []

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        self._write()
        position = 0
        for _ in range(self._batches):
            self._file.seek(position)
            items: list[T] = pickle.load(self._file)  # noqa: S301  written by us, in a file without a name
            position = self._file.tell()
            yield from items
