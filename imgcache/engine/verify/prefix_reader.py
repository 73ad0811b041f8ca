"""Reader of an image's first bytes: as many as give its size, in most cases 16 KiB."""

from __future__ import annotations

import hashlib

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.http.response import may_lie_in_range
from imgcache.core.http.retry import wants_pause
from imgcache.core.images.examine import FIRST_BYTES, Sized, judge_prefix
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.edge.http.exchange import AttemptStats, Body, NotModified
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.wiring import Tools
from imgcache.engine.verify.readers import Reader, ask, decoded
from imgcache.model import Failure, Source

# There are as many probes as requests under way. A longer header goes to a decoder, which has a
# time limit and its own process.
_MOST_KEPT = 256 << 10


class PrefixSink:
    """Takes a body until its first bytes settle the size: the first 16 KiB, 32 KiB, 64 KiB...

    It keeps exactly these, so that what is made of them does not depend on how the network cuts the
    body into pieces. It is `full` when they settle nothing: a server can send a header of any
    length.
    """

    def __init__(self, limits: Limits) -> None:
        self.data = bytearray()
        self.enough = False
        self._limits = limits
        self._next = FIRST_BYTES

    @property
    def least(self) -> int:
        """As many as are kept before the next look at them."""
        return max(0, self._next - len(self.data))

    @property
    def full(self) -> bool:
        """Whether no more is kept in memory, settled or not."""
        return len(self.data) >= _MOST_KEPT

    async def write(self, data: bytes) -> None:
        """The next bytes."""
        self.data += data
        # A body that ends there is judged when it is complete.
        while len(self.data) > self._next and not self.enough:
            # The label is checked when all is read.
            beginning = bytes(memoryview(self.data)[: self._next])
            settled = judge_prefix(beginning, None, self._limits) is not None
            if settled or self._next >= _MOST_KEPT:
                self.enough = True
                self.data = bytearray(beginning)
            self._next *= 2

    async def reset(self) -> None:
        """Another body begins."""
        self.data.clear()
        self.enough = False
        self._next = FIRST_BYTES


class PrefixReader:
    """Reads just enough bytes for the size; what arrived whole is decoded.

    Where the first bytes don't give the size, `whole` reads all of it. A Range saves bytes and is
    never the reason for a verdict: what fails with it is asked for without, and costs no try.
    """

    def __init__(self, tools: Tools, settings: Settings, whole: Reader) -> None:
        self._tools = tools
        self._whole = whole
        limits = settings.limits
        self._limits = Limits(limits.pixels, limits.frames, limits.scans)

    async def read(self, job: Job, stats: AttemptStats) -> Evidence | Failure | NotModified:
        """First the first bytes; where they don't give the size, as many as are needed."""
        result = await self._beginning(job, stats)  # what it kept in memory is gone by now
        return await self._whole.read(job, stats) if result is None else result

    async def _beginning(
        self, job: Job, stats: AttemptStats
    ) -> Evidence | Failure | NotModified | None:
        """What the beginning settles, asked for with Range and, where need be, without."""
        sink, sent = PrefixSink(self._limits), stats.requests
        if job.whole:
            return await self._begin(job, sink, stats, None)
        result = await self._begin(job, sink, stats, FIRST_BYTES)
        if stats.requests == sent or not _asks_for_more(result, sink):
            return result
        job.whole = True
        if isinstance(result, Failure) and wants_pause(result):
            job.tries -= 1
            return result
        return await self._begin(job, PrefixSink(self._limits), stats, None)

    async def _begin(
        self, job: Job, sink: PrefixSink, stats: AttemptStats, first: int | None
    ) -> Evidence | Failure | NotModified | None:
        """What the beginning settles; None where it settles nothing."""
        asked = await ask(self._tools, job, sink, stats, first)
        if not isinstance(asked, Body):
            return asked
        if asked.received.whole:
            body = bytes(sink.data)
            digest = hashlib.sha256(body).hexdigest()
            return await decoded(self._tools, body, asked.response, (len(body), digest))
        return self._settled(sink, asked)

    def _settled(self, sink: PrefixSink, asked: Body) -> Evidence | Failure | None:
        response, total = asked.response, asked.received.total
        label = Label(response.content_type, response.nosniff)
        settled = judge_prefix(bytes(sink.data), label, self._limits)
        if isinstance(settled, Sized):
            measured = Measured(settled.size, settled.format, total, None, settled.has_position)
            return Evidence(measured=measured, source=Source.PROBED, status=response.status)
        if isinstance(settled, Failure):
            return replace(settled, status=response.status, bytes=total)
        return None


def _asks_for_more(result: Evidence | Failure | NotModified | None, sink: PrefixSink) -> bool:
    """Whether another look at the beginning, without Range, may tell more than this one."""
    if isinstance(result, Failure):
        return may_lie_in_range(result, FIRST_BYTES, len(sink.data))
    return result is None and not sink.full
