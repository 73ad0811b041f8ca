"""Receiver of one body: from the wire to its sink, inflated and counted."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from imgcache.core.http.response import (
    PARTIAL,
    content_length,
    foreign_transfer_coding,
    is_gzip,
    leading_part,
    too_large,
    whole_of_part,
    wrong_length,
)
from imgcache.edge.http.exchange import AttemptStats, ReadLimit, Received, Sink
from imgcache.edge.http.httpx_import import httpx
from imgcache.model import Failure, Verdict


def fields(response: httpx.Response) -> dict[str, str]:
    """The headers by lower-case name, repeated ones joined; httpx searches its list each time."""
    return dict(response.headers.items())


async def receive(
    response: httpx.Response, sink: Sink, stats: AttemptStats, limit: ReadLimit
) -> Received | Failure:
    """Write the body of a 200, 203 or 206 to the sink, until it has enough.

    Args:
        response: streamed; its head has been read.
        sink: reset before the first byte.
        stats: counts the bytes on the wire.
        limit: bytes that are taken at most, on the wire and inflated.

    Raises:
        ExchangeError: the connection failed on the way.
        LocalError: from the sink.
    """
    status, announced = response.status_code, _announced(response, limit)
    if isinstance(announced, Failure):
        return announced
    total = announced.image
    await sink.reset()
    before = stats.wire_bytes
    coding = Inflater() if announced.gzip else Verbatim()
    try:
        failure = await _copy(response, sink, stats, limit.most, coding)
    except NotGzipError as exc:
        return Failure(Verdict.PROTOCOL_ERROR, f"the body is broken gzip ({exc})", status)
    came = stats.wire_bytes - before
    if failure is None and sink.enough:
        # How much has come beyond that is chance.
        return Received(whole=False, total=total)
    failure = failure or wrong_length(status, came, announced.expected)
    return failure or Received(whole=announced.expected == announced.total, total=total)


class _Announced(Struct, frozen=True):
    """What a head says about its body: the bytes of this body and of the whole, where given.

    Both are counted on the wire.
    """

    gzip: bool
    expected: int | None
    total: int | None

    @property
    def image(self) -> int | None:
        """The bytes of the image: how many come of gzip is known at its end."""
        return None if self.gzip else self.total


def _announced(response: httpx.Response, limit: ReadLimit) -> _Announced | Failure:
    """What is announced, or the failure; the headers are freed, as hostile ones may be large."""
    status, headers = response.status_code, fields(response)
    gzip = is_gzip(headers.get("content-encoding"), status)
    lengths = _lengths(status, headers, limit)
    refused = foreign_transfer_coding(headers.get("transfer-encoding"), status)
    if refused is not None:
        return refused
    if isinstance(gzip, Failure):
        return gzip
    if isinstance(lengths, Failure):
        return lengths
    expected, total = lengths
    if total is not None and total > limit.most:
        return too_large(limit.most, status, total)
    return _Announced(gzip, expected, total)


def _lengths(
    status: int, headers: Mapping[str, str], limit: ReadLimit
) -> tuple[int | None, int | None] | Failure:
    if status != PARTIAL:
        length = content_length(headers.get("content-length"))
        return length, length
    if limit.first is not None:
        return leading_part(headers.get("content-range"))
    whole = whole_of_part(headers.get("content-range"))
    return whole if isinstance(whole, Failure) else (whole, whole)


async def _copy(
    response: httpx.Response,
    sink: Sink,
    stats: AttemptStats,
    most: int,
    coding: Inflater | Verbatim,
) -> Failure | None:
    status = response.status_code
    wire = written = 0
    # Not by `aiter_raw`, which makes three objects a chunk: these are not to be cut anew.
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 -- our transport's
    async for chunk in response.stream:
        wire += len(chunk)
        stats.wire_bytes += len(chunk)
        for piece in coding.feed(chunk[: len(chunk) - max(wire - most, 0)]):
            written += len(piece)
            await sink.write(piece[: len(piece) - max(written - most, 0)])
            if sink.enough:
                return None
            if written > most:
                return too_large(most, status)
        if wire > most:
            return too_large(most, status)
    if wire and not coding.whole:
        return Failure(Verdict.TRUNCATED, "the gzip stream of the body has no end", status)
    if not written:
        return Failure(Verdict.EMPTY, "the server answered without a single byte", status)
    return None


_STEP = 1 << 16


_GZIP = 31  # the window bits by which zlib knows a gzip stream


class NotGzipError(Exception):
    """The bytes are no gzip stream (RFC 1952)."""


class Verbatim:
    """No coding: the bytes stay unchanged."""

    whole = True

    def feed(self, data: bytes) -> Iterable[bytes]:
        """The bytes themselves."""
        return (data,)


class Inflater:
    """Inflates one gzip stream piece by piece; each piece is at most 64 KiB, whatever it claims.

    What stands behind its end is read and passed over, another stream, too: so do browsers.
    """

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP)

    @property
    def whole(self) -> bool:
        """Whether the stream's own end was seen; a truncated one has none."""
        return self._stream.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The pieces that `data` inflates to; raises NotGzipError."""
        while data and not self._stream.eof:
            before = self._stream.copy()
            try:
                piece = self._stream.decompress(data, _STEP)
            except zlib.error as exc:
                yield _before_damage(before, data)
                raise NotGzipError("not a gzip stream") from exc
            data = self._stream.unconsumed_tail
            if piece:
                yield piece


def _before_damage(stream: zlib._Decompress, data: bytes) -> bytes:
    """What inflates before the byte that is wrong, at most 64 KiB; zlib keeps that for itself."""
    inflated = bytearray()
    try:
        for at in range(len(data)):
            inflated += stream.decompress(data[at : at + 1])
    except zlib.error:
        pass
    return bytes(inflated)
