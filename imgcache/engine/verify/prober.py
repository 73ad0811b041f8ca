"""One URL's life in `verify`: asked for its first bytes, or the whole, and forgotten again.

The twin of acquire.py in what it asks and its opposite in what it keeps: nothing but evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path
from typing import Protocol, assert_never

from imgcache.config import Settings
from imgcache.core.cache.plan import Known
from imgcache.core.images.examine import Label, Limits
from imgcache.core.images.probe import FIRST_BYTES, Sized, judge_prefix
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.edge.cache.spool import Spool
from imgcache.edge.decoder.pool import Decoded, DecodeJob
from imgcache.edge.http.exchange import Body, NotModified, Sink, Tally
from imgcache.engine.run.listener import Listener
from imgcache.engine.run.report import Traffic
from imgcache.engine.run.scheduler import Outcome, outcome_of
from imgcache.engine.run.targets import Item
from imgcache.engine.run.tools import Tools
from imgcache.errors import LocalError
from imgcache.facts import ResponseFacts, Validators
from imgcache.model import Failure, Source, Verdict

# As much as a spool keeps in memory; there are as many probes as requests under way. A header that
# is longer is a decoder's business: it has a limit of time, and its own process.
_MOST_KEPT = 256 << 10
_NOT_SATISFIABLE = 416


@dataclass(slots=True, eq=False)
class Probe:
    """One URL to look at; `whole` once its first bytes did not settle it."""

    item: Item
    known: Known = field(default_factory=Known)
    whole: bool = False
    tries: int = 0
    last: Failure | None = None

    @property
    def host(self) -> str:
        """Whose lane it is in."""
        return self.item.url.host


class Reader(Protocol):
    """How much of an image is read, and what is made of it."""

    async def read(self, probe: Probe, tally: Tally) -> Evidence | Failure | NotModified:
        """Ask once. Raises LocalError."""


class PrefixSink:
    """Takes a body until its first bytes settle the size; judged at 16 KiB, 32 KiB, 64 KiB...

    It is `full` when they do not: a header may go on for as long as a stranger likes.
    """

    def __init__(self, limits: Limits) -> None:
        self.data = bytearray()
        self.enough = False
        self._limits = limits
        self._next = FIRST_BYTES

    @property
    def full(self) -> bool:
        """Whether no more is kept in memory, settled or not."""
        return len(self.data) >= _MOST_KEPT

    async def write(self, data: bytes) -> None:
        """The next bytes."""
        self.data += data
        self.enough = self.full
        # More than was asked for is coming, or it would be judged when all of it is there.
        if len(self.data) > self._next and not self.enough:
            self._next = 2 * len(self.data)
            # The label is asked when all is read.
            self.enough = judge_prefix(bytes(self.data), None, self._limits) is not None

    async def reset(self) -> None:
        """Another body begins."""
        self.data.clear()
        self.enough = False
        self._next = FIRST_BYTES


class _Untold(Enum):
    """The size is not told yet: by the part that was asked for, or by as much as is kept."""

    BY_THE_PART = auto()
    BY_THE_BEGINNING = auto()


class PrefixReader:
    """Reads just enough bytes for the size; what arrived whole is decoded.

    Where the beginning does not tell, `whole` reads it all.
    """

    def __init__(self, tools: Tools, settings: Settings, whole: Reader) -> None:
        self._tools = tools
        self._whole = whole
        limits = settings.limits
        self._limits = Limits(limits.pixels, limits.frames, limits.scans)

    async def read(self, probe: Probe, tally: Tally) -> Evidence | Failure | NotModified:
        """First the first bytes; where they don't tell, as many as are needed."""
        told = await self._begin(probe, tally)
        if told is _Untold.BY_THE_PART and not probe.whole:
            probe.whole = True
            told = await self._begin(probe, tally)
        return await self._whole.read(probe, tally) if isinstance(told, _Untold) else told

    async def _begin(
        self, probe: Probe, tally: Tally
    ) -> Evidence | Failure | NotModified | _Untold:
        sink = PrefixSink(self._limits)
        first = None if probe.whole else FIRST_BYTES
        asked = await _ask(self._tools, probe, sink, tally, first)
        if isinstance(asked, Failure) and asked.status == _NOT_SATISFIABLE and first:
            return _Untold.BY_THE_PART
        if not isinstance(asked, Body):
            return asked
        if asked.received.whole:
            body = bytes(sink.data)
            digest = hashlib.sha256(body).hexdigest()
            return await _decoded(self._tools, body, asked.response, (len(body), digest))
        return self._settled(sink, asked)

    def _settled(self, sink: PrefixSink, asked: Body) -> Evidence | Failure | _Untold:
        response, total = asked.response, asked.received.total
        label = Label(response.content_type, response.nosniff)
        settled = judge_prefix(bytes(sink.data), label, self._limits)
        if isinstance(settled, Sized):
            measured = Measured(settled.size, settled.format, total)
            return Evidence(measured=measured, source=Source.PROBED, status=response.status)
        if isinstance(settled, Failure):
            return replace(settled, status=response.status, bytes=total)
        return _Untold.BY_THE_BEGINNING if sink.full else _Untold.BY_THE_PART


class WholeReader:
    """Downloads and decodes everything; large bodies lie in a temporary folder meanwhile."""

    def __init__(self, tools: Tools, folder: Callable[[], Path]) -> None:
        self._tools = tools
        self._folder = folder

    async def read(self, probe: Probe, tally: Tally) -> Evidence | Failure | NotModified:
        """The whole image, once."""
        async with Spool(self._folder()) as spool:
            asked = await _ask(self._tools, probe, spool, tally, None)
            if not isinstance(asked, Body):
                return asked
            held = spool.data
            body = held if held is not None else await spool.settle()
            whole = (spool.size, spool.sha256)
            return await _decoded(self._tools, body, asked.response, whole)


async def _ask(
    tools: Tools, probe: Probe, sink: Sink, tally: Tally, first: int | None
) -> Body | NotModified | Failure:
    """A conditional request where the cache knows the URL: a 304 is the cheapest answer."""
    facts, copy = probe.known.facts, probe.known.copy
    response = facts.response if facts is not None and copy is not None else None
    validators = response.validators if response is not None else Validators()
    asked = await tools.fetcher.attempt(probe.item.url, validators, sink, tally, first)
    return asked.result


async def _decoded(
    tools: Tools, body: bytes | Path, response: ResponseFacts, whole: tuple[int, str]
) -> Evidence | Failure:
    """The evidence of a whole body, of which length and SHA-256 are given."""
    size, digest = whole
    path, data = (body, None) if isinstance(body, Path) else (None, body)
    job = DecodeJob(path, data, response.content_type, nosniff=response.nosniff, thumbnails=())
    decoded = await tools.pool.decode(job)
    if isinstance(decoded, Decoded):
        measured = Measured(decoded.size, decoded.format, size, digest)
        return Evidence(measured=measured, source=Source.PROBED, status=response.status)
    return replace(decoded, status=response.status, bytes=size)


class Prober:
    """Runs probes for the host lanes; each ends as the evidence of its item."""

    def __init__(self, reader: Reader, settings: Settings, listener: Listener) -> None:
        self.traffic = Traffic()
        self.left_out = 0
        self._reader = reader
        self._settings = settings
        self._listener = listener

    async def attempt(self, probe: Probe) -> Outcome:
        """Ask once; a failure may be tried again."""
        probe.tries += 1
        tally = Tally()
        try:
            result = await self._reader.read(probe, tally)
        except LocalError as exc:
            result = Failure(Verdict.LOCAL_ERROR, str(exc))
        except Exception as exc:  # noqa: BLE001  a slip of ours costs one URL, not the run
            detail = f"imgcache itself failed ({type(exc).__name__}: {exc}); please report it"
            result = Failure(Verdict.LOCAL_ERROR, detail)
        finally:
            self.traffic.requests += tally.requests
            self.traffic.bytes += tally.wire_bytes
        self._listener.attempted(probe.item.url.href, tally.wire_bytes)
        if isinstance(result, Failure):
            return self._fail(probe, result)
        self._conclude(probe, self._evidence(probe, result))
        return Outcome()

    def skip(self, probe: Probe, failure: Failure | None) -> None:
        """End a probe unasked: its host was given up, or (None) the run was stopped."""
        if probe.last is not None:
            self._conclude(probe, self._failed(probe, probe.last))
        elif failure is not None:
            detail = f"not asked: host given up ({failure.detail})"
            unasked = replace(failure, detail=detail, status=None)
            self._conclude(probe, self._failed(probe, unasked))
        else:
            self.left_out += 1

    def _fail(self, probe: Probe, failure: Failure) -> Outcome:
        outcome = outcome_of(failure, probe.tries, self._settings.fetch)
        probe.last = failure
        if outcome.again is None:
            self._conclude(probe, self._failed(probe, failure))
        return outcome

    def _evidence(self, probe: Probe, result: Evidence | NotModified) -> Evidence:
        match result:
            case NotModified(response):
                copy = probe.known.copy
                return Evidence(copy=copy, source=Source.REVALIDATED, status=response.status)
            case Evidence():
                return replace(result, copy=probe.known.copy)
            case _:
                assert_never(result)

    def _failed(self, probe: Probe, failure: Failure) -> Evidence:
        copy = probe.known.copy
        source = Source.STALE if copy is not None else None
        return Evidence(failure=failure, copy=copy, source=source, status=failure.status)

    def _conclude(self, probe: Probe, evidence: Evidence) -> None:
        item = probe.item
        item.evidence, item.source = evidence, evidence.source
        item.failed = evidence.failure is not None
        self._listener.concluded(item.url.href, evidence.source, evidence.failure)
