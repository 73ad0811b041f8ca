"""What it takes to ask for one URL once, and how that ends: plain words, without an HTTP library.

So that whoever only speaks of exchanges starts without the libraries that make them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

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
        """Whether the rest of the body is of no interest; asked after each write."""


@dataclass(frozen=True, slots=True)
class ReadLimit:
    """How much of a body is wanted: `most` bytes at all, and only the `first` ones to begin with.

    Without `first` a part that is not the whole is a failure.
    """

    most: int
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What came: the `whole` body or its beginning; `total` bytes are announced for the whole."""

    whole: bool = True
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """One answer on the way: who was asked, and what its head said (header names as sent)."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]


class AttemptObserver(Protocol):
    """Whoever wants to see an attempt go on."""

    def asking(self, url: WebUrl) -> None:
        """This URL is next: the one that was given, or where a redirect leads."""

    def answered(self, hop: Hop) -> None:
        """The head of an answer came."""


@dataclass(slots=True)
class AttemptStats:
    """What one attempt has done so far; it outlives a deadline.

    `host`: who was asked last, where redirects led away from the first one.
    """

    requests: int = 0
    wire_bytes: int = 0
    answering: bool = False
    host: str = ""
    watch: AttemptObserver | None = None

    def sent(self) -> None:
        """One more request went out, and nothing has come of it yet."""
        self.requests += 1
        self.answering = False


@dataclass(frozen=True, slots=True)
class Body:
    """A body was written to the sink: the whole of it, or as much as the sink wanted."""

    response: ResponseFacts
    received: Received = field(default_factory=Received)


@dataclass(frozen=True, slots=True)
class NotModified:
    """The validators still hold: the copy that they belong to is current."""

    response: ResponseFacts


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended, and what it cost: requests sent, bytes of bodies on the wire."""

    result: Body | NotModified | Failure
    requests: int
    wire_bytes: int


class Fetches(Protocol):
    """Whoever asks origins for URLs."""

    async def attempt(
        self,
        url: WebUrl,
        validators: Validators,
        sink: Sink,
        tally: AttemptStats | None = None,
        first: int | None = None,
    ) -> Attempt:
        """Ask for `url` once, whatever becomes of it: see fetch.py."""


class NoFetcher:
    """Where nothing may be asked, so that nothing needs to be opened."""

    async def attempt(self, url: WebUrl, *_: object, **__: object) -> Attempt:
        """Never called: an offline run plans no request."""
        raise AssertionError(f"{url.href} is asked for in a run that asks nobody")
