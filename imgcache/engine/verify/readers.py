"""Readers of images for `verify`; nothing is kept. prefix_reader.py is content with first bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from imgcache.config import Settings
from imgcache.core.cache.layout import TMP
from imgcache.core.images.label import Label
from imgcache.core.verdicts.verdict import Evidence, Measured
from imgcache.edge.body_memory import BodyMemory
from imgcache.edge.cache.spool import Spool
from imgcache.edge.decoder.pool import Decoded, DecodeJob
from imgcache.edge.http.exchange import AttemptStats, Body, NotModified, Sink
from imgcache.edge.os_errors import temporary_errors
from imgcache.engine.run.attempts import Job
from imgcache.engine.run.wiring import Tools
from imgcache.engine.verify.options import Depth
from imgcache.facts import ResponseFacts, Validators
from imgcache.model import Failure, Source


class Reader(Protocol):
    """How much of an image is read, and what is made of it."""

    async def read(self, job: Job, stats: AttemptStats) -> Evidence | Failure | NotModified:
        """Ask once. Raises LocalError."""


class WholeReader:
    """Downloads and decodes everything; large bodies lie in a temporary folder meanwhile."""

    def __init__(self, tools: Tools, folder: Callable[[], Path]) -> None:
        self._tools = tools
        self._folder = folder
        self._bodies = BodyMemory()

    async def read(self, job: Job, stats: AttemptStats) -> Evidence | Failure | NotModified:
        """The whole image, once."""
        async with Spool(self._folder(), self._bodies) as spool:
            asked = await ask(self._tools, job, spool, stats, None)
            if not isinstance(asked, Body):
                return asked
            held = spool.data
            body = held if held is not None else await spool.settle()
            whole = (spool.size, spool.sha256)
            return await decoded(self._tools, body, asked.response, whole)


async def ask(
    tools: Tools, job: Job, sink: Sink, stats: AttemptStats, first: int | None
) -> Body | NotModified | Failure:
    """A conditional request where the cache knows the URL: a 304 is the cheapest answer."""
    facts, copy = job.known.facts, job.known.copy
    response = facts.response if facts is not None and copy is not None else None
    validators = response.validators if response is not None else Validators()
    asked = await tools.fetcher.attempt(job.target.url, validators, sink, stats, first)
    return asked.result


async def decoded(
    tools: Tools, body: bytes | Path, response: ResponseFacts, whole: tuple[int, str]
) -> Evidence | Failure:
    """The evidence of a whole body, of which length and SHA-256 are given."""
    size, digest = whole
    label = Label(response.content_type, response.nosniff)
    result = await tools.pool.decode(DecodeJob(body, label))
    if isinstance(result, Decoded):
        told = (result.has_position, result.dhash)
        measured = Measured(result.size, result.format, size, digest, *told)
        return Evidence(measured=measured, source=Source.PROBED, status=response.status)
    return replace(result, status=response.status, bytes=size)


@contextmanager
def open_reader(tools: Tools, settings: Settings, depth: Depth) -> Iterator[Reader]:
    """The reader for this depth; large bodies lie in a temporary folder, deleted at the end."""
    with ExitStack() as stack:

        @cache
        def folder() -> Path:
            """Made when the first body needs it."""
            with temporary_errors("no temporary folder can be made for images"):
                made = stack.enter_context(tempfile.TemporaryDirectory(prefix="imgcache-"))
                (Path(made) / TMP).mkdir()
            return Path(made)

        whole = WholeReader(tools, folder)
        yield _sparing(tools, settings, whole) if depth is Depth.PROBE else whole


def _sparing(tools: Tools, settings: Settings, whole: Reader) -> Reader:
    from imgcache.engine.verify.prefix_reader import PrefixReader  # noqa: PLC0415  it knows all formats, which costs start-up

    return PrefixReader(tools, settings, whole)
