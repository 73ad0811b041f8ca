"""Takes one body from the wire to its sink, and counts what comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import httpx

from imgcache.core import answer
from imgcache.edge.inflate import Inflater, NotGzipError, Verbatim
from imgcache.model import Failure, Verdict


class Sink(Protocol):
    """Takes the bytes of a body. A LocalError that it raises ends the attempt as it is."""

    async def write(self, data: bytes) -> None:
        """The next bytes."""

    async def reset(self) -> None:
        """A body begins: forget what was written."""


@dataclass(slots=True)
class Tally:
    """What one attempt has done so far; it outlives a deadline."""

    requests: int = 0
    wire_bytes: int = 0
    answering: bool = False

    def sent(self) -> None:
        """One more request went out, and nothing has come of it yet."""
        self.requests += 1
        self.answering = False


def fields(response: httpx.Response) -> dict[str, str]:
    """The headers by lower-case name, repeated ones joined; httpx searches its list each time."""
    return dict(response.headers.items())


async def receive(response: httpx.Response, sink: Sink, tally: Tally, most: int) -> Failure | None:
    """Write the body of a 200, 203 or 206 to the sink; None when it is whole.

    Args:
        response: streamed; its head has been read.
        sink: told to reset before the first byte.
        tally: counts the bytes on the wire.
        most: bytes that are taken at most, on the wire and inflated.

    Raises:
        ExchangeError: the connection failed on the way.
        LocalError: from the sink.
    """
    status, headers = response.status_code, fields(response)
    coded = answer.is_gzip(headers.get("content-encoding"), status)
    if isinstance(coded, Failure):
        return coded
    expected = answer.content_length(headers.get("content-length"))
    if status == answer.PARTIAL:
        whole = answer.whole_of_part(headers.get("content-range"))
        if isinstance(whole, Failure):
            return whole
        expected = whole
    if expected is not None and expected > most:
        return answer.too_large(most, status, expected)
    await sink.reset()
    before = tally.wire_bytes
    try:
        failure = await _copy(response, sink, tally, most, Inflater() if coded else Verbatim())
    except NotGzipError as exc:
        return Failure(Verdict.PROTOCOL_ERROR, f"the body is broken gzip ({exc})", status)
    return failure or answer.wrong_length(status, tally.wire_bytes - before, expected)


async def _copy(
    response: httpx.Response, sink: Sink, tally: Tally, most: int, coding: Inflater | Verbatim
) -> Failure | None:
    status = response.status_code
    wire = written = 0
    async for chunk in response.aiter_raw():
        wire += len(chunk)
        tally.wire_bytes += len(chunk)
        if wire > most:
            return answer.too_large(most, status)
        for piece in coding.feed(chunk):
            written += len(piece)
            if written > most:
                return answer.too_large(most, status)
            await sink.write(piece)
    if wire and not coding.whole:
        return Failure(Verdict.TRUNCATED, "the gzip stream of the body has no end", status)
    if not written:
        return Failure(Verdict.EMPTY, "the server answered without a single byte", status)
    return None
