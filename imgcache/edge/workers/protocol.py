"""Protocol of workers: whatever runs them, orders go there, and a stream of news comes back.

Orders, words and news are bytes here: what they mean is the business of those who send them.
Nothing is lost silently: a stream ends because its order is done, or with a LostError.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from msgspec import Struct


class LostError(Exception):
    """A worker died or went away before an order was done."""


class Channel(Protocol):
    """Ties an order that a worker carries out to the one who gave it."""

    def tell(self, news: bytes) -> None:
        """Send news; returns at once."""

    async def hear(self) -> bytes:
        """The next word to this order."""


class Bench(Protocol):
    """What is open in a worker for all orders that it carries out."""

    async def open(self) -> None:
        """Before the first order."""

    async def work(self, order: bytes, channel: Channel) -> None:
        """Carry out an order; several may be under way. Raises what is no fault of a job."""

    async def close(self) -> None:
        """After the last order, or instead of it."""


class Outfit(Struct, frozen=True):
    """What makes a bench in a worker: a class that can be imported there, and its settings.

    `make` takes the settings and the number of decoders that this worker may run.
    """

    make: Callable[[bytes, int], Bench]
    settings: bytes


class Place(Protocol):
    """A worker, as the one who gives the orders sees it."""

    def submit(self, number: int, order: bytes) -> AsyncGenerator[bytes, None]:
        """Give it an order, whose number is new; the stream of its news. Raises LostError."""

    async def tell(self, number: int, word: bytes) -> None:
        """Say a word to an order that is under way; of no use if it has ended."""

    async def discard(self, number: int) -> None:
        """It was lost over this order: let it do nothing more, and end it if that is possible."""


class Engine(Protocol):
    """Where workers come from; an asynchronous context manager that leaves none behind."""

    async def __aenter__(self) -> Self:
        """Raises ConfigError where it can't be used."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what is left."""

    async def places(self) -> Sequence[Place]:
        """The workers that there are now. Raises ConfigError where none could be started."""

    def retire(self) -> None:
        """No order will come any more: its workers may end. Returns at once."""
