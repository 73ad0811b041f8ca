"""The pool of decoder processes: a hostile image costs one verdict and not the run.

Workers are started when they are needed, and used over pipes (see protocol.py); the limits of
memory and CPU hold inside of them (worker.py), the time-out by the clock is here.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from msgspec import Struct
from msgspec.structs import replace

from imgcache.config import LimitSettings, ThumbnailSettings
from imgcache.core.images.dhash import is_dhash
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.placeholder import is_placeholder
from imgcache.core.images.thumbnail_plan import SUFFIXES, Recipe, fingerprint
from imgcache.edge.decoder import protocol
from imgcache.edge.decoder.process import LostError, Worker
from imgcache.edge.decoder.protocol import WorkerLimits
from imgcache.model import Failure, Format, Size, Verdict

# The limit by the clock, as a multiple of the limit of CPU time (contract section 8).
_CLOCK = 3
_COLOR = re.compile("#[0-9a-f]{6}")
_LIMIT_SIGNALS = frozenset({signal.SIGXCPU, signal.SIGKILL})


class DecodeJob(Struct, frozen=True):
    """One image to decode: a file, or the bytes themselves, and how it was labelled."""

    body: bytes | Path
    label: Label = Label()
    thumbnails: tuple[tuple[str, ThumbnailSettings], ...] = ()


class Thumbnail(Struct, frozen=True):
    """One finished thumbnail; `recipe` is the fingerprint of its settings."""

    name: str
    recipe: str
    suffix: str
    width: int
    height: int
    data: bytes


class Decoded(Struct, frozen=True):
    """A sound image: format, size as a browser shows it, mean colour, thumbnails, and more.

    `has_position`: whether its EXIF has GPS coordinates; None where that can't be told.
    The rest is as in `ImageFacts`, and unknown of an SVG.
    """

    format: Format
    size: Size
    color: str
    thumbnails: tuple[Thumbnail, ...]
    has_position: bool | None = None
    animated: bool | None = None
    alpha: bool | None = None
    placeholder: str = ""
    dhash: str = ""


class _Head(Struct):
    """What the worker reports before it decodes; all unknown until then."""

    format: Format | None = None
    size: Size | None = None
    bytes: int | None = None
    has_position: bool | None = None
    received: bool = False

    def failure(self, verdict: Verdict, detail: str) -> Failure:
        return Failure(verdict, detail, size=self.size, format=self.format, bytes=self.bytes)


_STOPPED = Failure(Verdict.LOCAL_ERROR, "the decoders were stopped")
# What is said of an image whose decoder gave no answer.
_TOO_SLOW = "decoding it takes too long"
_TOO_COSTLY = "decoding it takes more than the limits"
_CRASHED = "its pixels make the decoder crash"
_SENSELESS = "the decoder made no sense of it"
_UNANSWERED = frozenset({_TOO_SLOW, _TOO_COSTLY, _CRASHED, _SENSELESS})


def is_told_by_decoder(failure: Failure) -> bool:
    """Whether it is an answer about the bytes and their label, which another try would give, too.

    What is left depends on this machine as well: its time, its load, what ends its processes.
    """
    return failure.verdict is not Verdict.LOCAL_ERROR and failure.detail not in _UNANSWERED


class DecodePool:
    """Decodes images in at most `workers` processes; use it as an asynchronous context manager."""

    def __init__(self, limits: LimitSettings, workers: int) -> None:
        self._seconds = limits.decode_time
        self._limits = WorkerLimits(
            memory=limits.decode_memory,
            seconds=limits.decode_time,
            image=Limits(limits.pixels, limits.frames, limits.scans),
        )
        self._workers = workers
        self._slots = asyncio.Semaphore(workers)
        self._idle: list[Worker] = []
        self._alive: set[Worker] = set()
        self._starting = 0
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        await asyncio.gather(*(worker.end() for worker in list(self._alive)))
        self._alive.clear()
        self._idle.clear()

    async def warm_up(self) -> None:
        """Start all processes before the first image comes: each needs a while to be ready."""
        await asyncio.gather(*(self._start_idle() for _ in range(self._workers)))

    async def decode(self, job: DecodeJob) -> Decoded | Failure:
        """The image as a browser would show it, or why there is none. Never raises for an image."""
        async with self._slots:
            worker = await self._idle_worker()
            if worker is not None:
                head = _Head()
                result = await self._use(worker, job, head)
                if head.received:
                    return result
                # The idle worker had already exited: not the image's fault, so use a new one.
            return await self._use_new(job)

    async def _start_idle(self) -> None:
        async with self._slots:
            if self._closed or len(self._alive) + self._starting >= self._workers:
                return
            with suppress(OSError, LostError, protocol.FrameError):  # told where it is needed
                self._idle.append(await self._started())

    async def _started(self) -> Worker:
        """A new process, known to be there; raises OSError, LostError or FrameError."""
        self._starting += 1
        try:
            worker = await Worker.start(self._limits)
        finally:
            self._starting -= 1
        self._alive.add(worker)
        return worker

    async def _use_new(self, job: DecodeJob) -> Decoded | Failure:
        if self._closed:
            return _STOPPED
        try:
            worker = await self._started()
        except (OSError, LostError, protocol.FrameError) as exc:
            return Failure(Verdict.LOCAL_ERROR, f"a decoder could not start ({_reason(exc)})")
        return await self._use(worker, job, _Head())

    async def _use(self, worker: Worker, job: DecodeJob, head: _Head) -> Decoded | Failure:
        """The result of one job; the worker waits for the next one, or is gone."""
        try:
            async with asyncio.timeout(self._seconds * _CLOCK):
                result = await _exchange(worker, job, head)
        except TimeoutError:
            await self._drop(worker)
            return head.failure(Verdict.TOO_MANY_PIXELS, _TOO_SLOW)
        except LostError:
            code = await self._drop(worker)
            return _STOPPED if self._closed else _post_mortem(code, head)
        except protocol.FrameError:
            await self._drop(worker)
            return head.failure(Verdict.CORRUPT, _SENSELESS)
        except BaseException:
            await asyncio.shield(self._drop(worker))
            raise
        if worker.worn or self._closed:
            await self._drop(worker)
        else:
            self._idle.append(worker)
        return result

    async def _idle_worker(self) -> Worker | None:
        """An idle worker, the last used first; those that have exited are dropped."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker
            await self._drop(worker)
        return None

    async def _drop(self, worker: Worker) -> int:
        """End a worker; returns its exit code."""
        code = await worker.end()
        self._alive.discard(worker)
        return code


def _reason(exc: BaseException) -> str:
    return (exc.strerror if isinstance(exc, OSError) else None) or "it ended at once"


def _post_mortem(code: int, head: _Head) -> Failure:
    """The failure of an image whose worker ended before its answer."""
    if -code in _LIMIT_SIGNALS:
        return head.failure(Verdict.TOO_MANY_PIXELS, _TOO_COSTLY)
    if code < 0 or head.received:
        return head.failure(Verdict.CORRUPT, _CRASHED)
    return Failure(Verdict.LOCAL_ERROR, "a decoder ended before it saw the image")


async def _exchange(worker: Worker, job: DecodeJob, head: _Head) -> Decoded | Failure:
    """One image; after a LostError or FrameError the worker can't be used again."""
    await worker.send(_words(job), job.body if isinstance(job.body, bytes) else b"")
    words, payload = await worker.receive()
    try:
        if "verdict" not in words:
            _read_head(words, head)
            words, payload = await worker.receive()
        head.received = True
        worker.note(int(words["rss"]))
        if "verdict" in words:
            return head.failure(Verdict(words["verdict"]), str(words["detail"]))
        return _result(job, head, words, payload)
    except (KeyError, TypeError, ValueError) as exc:
        raise protocol.FrameError("the worker's answer makes no sense") from exc


def _words(job: DecodeJob) -> dict[str, Any]:
    # Decoders have another working folder.
    path = job.body.absolute() if isinstance(job.body, Path) else None
    return {
        # As text that JSON can hold, whatever bytes are in it.
        "path": None if path is None else os.fsencode(path).decode("latin-1"),
        "type": job.label.essence,
        "nosniff": job.label.nosniff,
        "thumbnails": [Recipe.of(name, settings).fields() for name, settings in job.thumbnails],
    }


def _read_head(words: Mapping[str, Any], head: _Head) -> None:
    head.received = True
    if words["format"] is not None:
        head.format = Format.of(words["format"])
    if words["size"] is not None:
        width, height = words["size"]
        head.size = Size(int(width), int(height))
    head.bytes = int(words["bytes"])
    if words["has_position"] is not None:
        head.has_position = bool(words["has_position"])


def _result(job: DecodeJob, head: _Head, words: Mapping[str, Any], payload: bytes) -> Decoded:
    """A checked result: no text from a worker becomes the name of a file."""
    color = str(words["color"])
    if head.format is None or head.size is None or not _COLOR.fullmatch(color):
        raise ValueError(color)
    made = []
    start = 0
    for (name, settings), one in zip(job.thumbnails, words["thumbnails"], strict=False):
        end = start + int(one["bytes"])
        width, height = one["size"]
        if one["suffix"] not in SUFFIXES or end > len(payload):
            raise ValueError(one["suffix"])
        made.append(
            Thumbnail(
                name=name,
                recipe=fingerprint(settings),
                suffix=one["suffix"],
                width=int(width),
                height=int(height),
                data=payload[start:end],
            )
        )
        start = end
    decoded = Decoded(head.format, head.size, color, tuple(made), head.has_position)
    return decoded if head.format is Format.SVG else _with_look(decoded, words)


def _with_look(decoded: Decoded, words: Mapping[str, Any]) -> Decoded:
    placeholder, dhash = str(words["placeholder"]), str(words["dhash"])
    if not is_placeholder(placeholder) or not is_dhash(dhash):
        raise ValueError(placeholder, dhash)
    return replace(
        decoded,
        animated=bool(words["animated"]),
        alpha=bool(words["alpha"]),
        placeholder=placeholder,
        dhash=dhash,
    )
