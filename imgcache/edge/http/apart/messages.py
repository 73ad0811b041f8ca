"""Messages between a run and the process that sends its requests.

Nothing is unpickled: a process that an answer took over can send wrong data, but no code.
"""

from __future__ import annotations

from msgspec import Struct

from imgcache.core.http.url import WebUrl
from imgcache.edge.http.exchange import Body, NotModified, Received
from imgcache.facts import ResponseFacts, Validators
from imgcache.model import Failure


class Expect(Struct, frozen=True, tag="x"):
    """Attempts will be asked for: get ready."""


class Ask(Struct, frozen=True, tag="a"):
    """Make an attempt; its number is in all that is said of it.

    `first`: as in Fetches, `least`: as the new sink has it.
    """

    number: int
    url: WebUrl
    validators: Validators
    first: int | None = None
    least: int | None = None


class Taken(Struct, frozen=True, tag="t"):
    """The sink has taken a piece; `enough` and `least`: as it has them now."""

    number: int
    enough: bool
    least: int | None = None


class Drop(Struct, frozen=True, tag="d"):
    """End an attempt now; what it has cost is told all the same."""

    number: int


class Piece(Struct, frozen=True, tag="p"):
    """Bytes of a body come with it, the first ones if `anew`; then it is waited for a Taken."""

    number: int
    anew: bool


class End(Struct, frozen=True, tag="e"):
    """How an attempt ended, and what it cost (as AttemptStats has it); the last bytes come with it.

    With a `response` a body was `received`, or it is a 304. Without one, and without a `failure`,
    the attempt was dropped.
    """

    number: int
    anew: bool
    requests: int
    wire_bytes: int
    answering: bool
    heard_before: bool
    host: str
    response: ResponseFacts | None = None
    received: Received | None = None
    failure: Failure | None = None

    @property
    def result(self) -> Body | NotModified | Failure | None:
        """As in Attempt; None for one that was dropped."""
        if self.response is None:
            return self.failure
        if self.received is None:
            return NotModified(self.response)
        return Body(self.response, self.received)


Order = Expect | Ask | Taken | Drop
News = Piece | End
