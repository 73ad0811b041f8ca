"""Helpers of a run: processes that take some of its work, so that it has more than one core.

They are forked before the run begins. What is given to them and what they give back is pickled:
they do what this process would do with the same files, and are trusted as it is.
"""

from __future__ import annotations

import pickle
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import chain, islice
from typing import Any, Generic, TypeVar

from msgspec import Struct

from imgcache.edge import descriptors
from imgcache.edge.forked import forked
from imgcache.edge.stopping import StoppedError, is_told
from imgcache.units import batches

S = TypeVar("S")
T = TypeVar("T")
R = TypeVar("R")

# One process has no more to do with what these give back.
_MOST = 2
# So many items go to a helper together, and at first so many, so that each has some of a few.
_TOGETHER, _AT_FIRST = 8, 2
# Seconds without a byte after which a helper is stopped, or stuck: each result comes by itself.
_PATIENCE = 60.0
# Seconds after which it is heard whether to stop.
_HEARING = 0.2
# Descriptors below which a run does all itself.
_ROOM = 64
_LENGTH = struct.Struct("=Q")
_BLOCK = 1 << 18


class _Line:
    """One end of the line to a helper, or to the process that has helpers."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._came = bytearray()

    def send(self, message: object) -> None:
        """Raises as `receive`."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        rest = memoryview(_LENGTH.pack(len(data)) + data)
        while rest:
            rest = rest[_patiently(partial(self._end.send, rest)) :]

    def receive(self) -> Any:
        """The next message; raises OSError or EOFError where the other end has gone, or is stuck.

        Raises StoppedError when it is waited for and the work is told to stop.
        """
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        return pickle.loads(self._read(length))  # noqa: S301  see the module's docstring

    def _read(self, length: int) -> bytes:
        while len(self._came) < length:
            data = _patiently(partial(self._end.recv, _BLOCK))
            if not data:
                raise EOFError
            self._came += data
        found = bytes(memoryview(self._came)[:length])
        del self._came[:length]
        return found

    def close(self) -> None:
        """The other end hears of it."""
        self._end.close()


def _patiently(step: Callable[[], R]) -> R:
    """Try it as long as it only takes its time, and nobody says to stop."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return step()
        except TimeoutError:
            if is_told():
                raise StoppedError from None
            if time.monotonic() > end:
                raise


class _Portion(Struct, Generic[T]):
    """Some items, and the helper that has them; None: they are left to this process."""

    items: Sequence[T]
    line: _Line | None


class Helpers(Generic[S]):
    """Helpers that know the same, such as settings. `lost`: one has ended before its time."""

    def __init__(self, known: S, lines: Iterable[_Line] = ()) -> None:
        self.lost = False
        self._known = known
        self._lines = list(lines)

    def map(self, work: Callable[[S, T], R], items: Iterable[T]) -> Generator[R]:
        """What the work makes of each item, in order; the next ones are under way meanwhile.

        `work` is a function of a module; what it raises, it raises here. What a lost helper should
        have done is done here. Helpers that have something when nobody wants more of it are let
        go. Raises StoppedError when a helper is waited for and the work is told to stop.
        """
        source = iter(items)
        portions = chain(
            batches(islice(source, _MOST * _AT_FIRST), _AT_FIRST), batches(source, _TOGETHER)
        )
        lines: list[_Line | None] = [*self._lines] or [None]
        under_way = deque(
            self._given(line, work, some) for line, some in zip(lines, portions, strict=False)
        )
        try:
            while under_way:
                one = under_way[0]
                some = next(portions, None)  # the helper is busy meanwhile, and gets it at once
                results = [self._result(one, work, item) for item in one.items]
                under_way.popleft()
                if some is not None:
                    under_way.append(self._given(one.line, work, some))
                yield from results
        finally:
            for one in under_way:
                self._let_go(one.line)

    def _given(
        self, line: _Line | None, work: Callable[[S, T], object], items: Sequence[T]
    ) -> _Portion[T]:
        # A helper gets no more than one portion: while it waits for it, nobody waits in a circle.
        if line is not None:
            try:
                line.send((work, items))
            except OSError:
                self._lose(line)
                line = None
            except BaseException:
                self._let_go(line)
                raise
        return _Portion(items, line)

    def _result(self, portion: _Portion[T], work: Callable[[S, T], R], item: T) -> R:
        if portion.line is not None:
            try:
                result: R = portion.line.receive()
            except (EOFError, OSError):
                self._lose(portion.line)
                portion.line = None
            else:
                return result
        return work(self._known, item)

    def _lose(self, line: _Line) -> None:
        self.lost = True
        self._let_go(line)

    def _let_go(self, line: _Line | None) -> None:
        if line in self._lines:
            self._lines.remove(line)
            line.close()


@contextmanager
def helpers_of(known: S, prepare: Callable[[], object]) -> Iterator[Helpers[S] | None]:
    """New helpers, each of which prepares itself first; None where none can be forked.

    Nor are there any where descriptors are few, which the run needs elsewhere.
    """
    if descriptors.available() < _ROOM:
        yield None
        return
    work = partial(_help, known, prepare)
    with ExitStack() as stack:
        ends = [stack.enter_context(forked(work)) for _ in range(_MOST)]
        for end in ends:
            if end is not None:
                end.settimeout(_HEARING)
        lines = [_Line(end) for end in ends if end is not None]
        yield Helpers(known, lines) if lines else None


def _help(known: S, prepare: Callable[[], object], end: socket.socket) -> None:
    """Do what comes, until the other end is gone."""
    prepare()
    line = _Line(end)
    with suppress(EOFError, OSError):
        while True:
            work, items = line.receive()
            for item in items:
                line.send(work(known, item))
