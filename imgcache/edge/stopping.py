"""Stop signal of long work: heard now and then by whoever does it, in any thread.

Signals go with the context of a task, as its cancellation does: what a task starts in a thread
hears the same ones. A short piece of work hears none, and is done as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")


class StoppedError(Exception):
    """The work was told to stop, and is not done. Never reaches the callers of a program."""


class Signal(Protocol):
    """An event of a thread or of a loop."""

    def is_set(self) -> bool:
        """Whether to stop."""


_SIGNALS: ContextVar[tuple[Signal, ...]] = ContextVar("imgcache_stop_signals", default=())


@contextmanager
def stopped_by(signal: Signal) -> Iterator[None]:
    """What is done meanwhile hears this signal, beside those that it hears already."""
    before = _SIGNALS.set((*_SIGNALS.get(), signal))
    try:
        yield
    finally:
        _SIGNALS.reset(before)


def steps(items: Iterable[T], size: int) -> Iterator[T]:
    """The items; after each `size` of them the signals are heard, if there are more to come.

    Raises StoppedError.
    """
    for number, item in enumerate(items):
        if number and not number % size and is_told():
            raise StoppedError
        yield item


def is_told() -> bool:
    """Whether a signal says to stop."""
    return any(signal.is_set() for signal in _SIGNALS.get())
