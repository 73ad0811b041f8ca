"""Types of one HTTP attempt, its inputs and results, without an HTTP library.

So modules that only name these types start without importing one.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct, field

from imgcache.core.http.url import WebUrl
from imgcache.facts import ResponseFacts, Validators
from imgcache.model import Failure


class Sink(Protocol):
    """Takes the bytes of a body. A LocalError that it raises ends the attempt as it is."""

    async def write(self, data: bytes) -> None:
        """The next bytes."""

    async def reset(self) -> None:
        """A body begins: forget what was written."""

    @property
    def enough(self) -> bool:
        """Whether the rest of the body is not needed; checked after each write."""

    @property
    def least(self) -> int | None:
        """It has not enough before more than so many bytes have come since; None: never."""


class ReadLimit(Struct, frozen=True):
    """How much of a body is wanted: `most` bytes at all; only the `first` ones are asked for.

    Without `first` a part that is not the whole is a failure.
    """

    most: int
    first: int | None = None


class Received(Struct, frozen=True):
    """What came: the `whole` body or its beginning; `total` bytes are announced for the whole."""

    whole: bool = True
    total: int | None = None


class Hop(Struct, frozen=True):
    """One answer, of a redirect or the last: its URL, and its head (header names as sent)."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]


class AttemptObserver(Protocol):
    """Observer of an attempt's progress."""

    def asking(self, url: WebUrl) -> None:
        """This URL is next: the one that was given, or a redirect's target."""

    def answered(self, hop: Hop) -> None:
        """The head of an answer came."""


class AttemptStats(Struct):
    """What one attempt has done so far; still valid after a deadline.

    `host`: the host that was asked last; redirects may lead away from the first one. `answering`:
    that one has begun to answer.
    """

    requests: int = 0
    wire_bytes: int = 0
    answering: bool = False
    heard_before: bool = False
    host: str = ""
    watch: AttemptObserver | None = None

    def sent(self) -> None:
        """One more request was sent; its answer has not begun."""
        self.requests += 1
        self.heard_before = self.heard
        self.answering = False

    @property
    def heard(self) -> bool:
        """Whether any host has answered, one that redirected included."""
        return self.answering or self.heard_before


class Body(Struct, frozen=True):
    """A body was written to the sink: the whole of it, or as much as the sink wanted."""

    response: ResponseFacts
    received: Received = field(default_factory=Received)


class NotModified(Struct, frozen=True):
    """The validators still hold: the copy that they belong to is current."""

    response: ResponseFacts


class Attempt(Struct, frozen=True):
    """How one attempt ended, and what it cost: requests sent, bytes of bodies on the wire."""

    result: Body | NotModified | Failure
    requests: int
    wire_bytes: int


class Fetches(Protocol):
    """Interface of a fetcher."""

    def expect(self) -> None:
        """Requests will come: get ready, where that takes no time of this process."""

    async def attempt(
        self,
        url: WebUrl,
        validators: Validators,
        sink: Sink,
        stats: AttemptStats | None = None,
        first: int | None = None,
    ) -> Attempt:
        """Ask for `url` once; a failure is a result, too: see fetcher.py. The sink is a new one."""


class NoFetcher:
    """The fetcher of offline runs: no HTTP client is created."""

    def expect(self) -> None:
        """There will be none."""

    async def attempt(self, url: WebUrl, *_: object, **__: object) -> Attempt:
        """Never called: an offline run plans no request."""
        raise AssertionError(f"{url.href} is asked for in a run that asks nobody")
