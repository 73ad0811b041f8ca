"""Program of a worker process: one image after the other, from stdin to stdout.

It imports Pillow, a resampler and little else, then hears its limits, and is killed when an image
costs too much. Order of one image: read, examine, report format and size, decode, thumbnails,
report the result.
"""

from __future__ import annotations

import math
import os
import resource
import signal
import sys
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct
from msgspec.structs import asdict

# Which examine.py imports late: here there may be no memory for that later.
from imgcache.core.images import svg  # noqa: F401
from imgcache.core.images.examine import Examined, examine
from imgcache.core.images.label import Label
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import pixels, protocol
from imgcache.edge.decoder.protocol import WorkerLimits
from imgcache.model import Format, Verdict

# SVGs are not rendered; use white as the placeholder colour.
_SVG_COLOR = "#ffffff"
_LINE = 256


class _Answer(Struct):
    """Writes the frames of one answer."""

    sink: BinaryIO

    def send(self, header: dict[str, Any], payload: bytes = b"") -> None:
        self.sink.write(protocol.head(header, len(payload)))
        self.sink.write(payload)
        self.sink.flush()

    def fail(self, verdict: Verdict, detail: str) -> None:
        self.send({"verdict": verdict.value, "detail": detail, "rss": _resident_memory()})


def main() -> None:
    """Serve until stdin ends; the first frame has the limits."""
    source, sink = _protocol_streams()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # libraries' warnings about images are not needed
    pixels.prepare()
    with suppress(BrokenPipeError):
        if (lengths := _lengths(source)) is not None:
            limits = WorkerLimits.parse(source.read(lengths[0]))
            _confine(limits.memory)
            _serve_all(source, limits, _Answer(sink))
    # Nothing is left to clean up, and a confined interpreter may lack the memory for it.
    os._exit(0)


def _lengths(source: BinaryIO) -> tuple[int, int] | None:
    """Those of the next frame; None where there is none."""
    prefix = source.read(protocol.PREFIX.size)
    return protocol.lengths(prefix) if len(prefix) == protocol.PREFIX.size else None


def _serve_all(source: BinaryIO, limits: WorkerLimits, answer: _Answer) -> None:
    answer.send({"ready": True})
    while (lengths := _lengths(source)) is not None:
        header, payload = lengths
        job = protocol.unpack(source.read(header))
        _serve(job, source.read(payload), limits, answer)


def _protocol_streams() -> tuple[BinaryIO, BinaryIO]:
    """Move stdin and stdout to new numbers; the old ones are /dev/null, so no library disturbs."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    return source, sink


def _confine(memory: int) -> None:
    """No core dumps; on Linux no more address space than `memory` bytes."""
    _lower(resource.RLIMIT_CORE, 0)
    if sys.platform == "linux":
        _lower(resource.RLIMIT_AS, memory)


def _limit_time(seconds: float) -> None:
    """Ends this process (SIGXCPU) after so many more seconds of CPU."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(usage.ru_utime + usage.ru_stime + seconds)
    _lower(resource.RLIMIT_CPU, most)


def _lower(kind: int, value: int) -> None:
    """Sets a soft limit, no higher than the hard one, which may be set from outside.

    A number above sys.maxsize can't be set, and is more than the system could ever give.
    """
    _, hard = resource.getrlimit(kind)
    value = min(value, sys.maxsize)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


@cache
def _statm() -> int | None:
    """Linux's figures of this process, opened once: to open them takes longer than to read them."""
    try:
        return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _resident_memory() -> int:
    """The bytes that are resident now.

    Not ru_maxrss on Linux: it starts at the value of the process that this one was forked from.
    """
    statm = _statm()
    if statm is not None:
        return int(os.pread(statm, _LINE, 0).split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _serve(job: dict[str, Any], data: bytes, limits: WorkerLimits, answer: _Answer) -> None:
    _limit_time(limits.seconds)
    try:
        if job["path"] is not None:
            data = Path(os.fsdecode(job["path"].encode("latin-1"))).read_bytes()
    except OSError as exc:
        answer.fail(Verdict.LOCAL_ERROR, f"the downloaded file can't be read: {exc.strerror}")
        return
    try:
        _judge(job, data, limits, answer)
    except MemoryError:
        answer.fail(Verdict.TOO_MANY_PIXELS, "decoding it takes more memory than the limit")
    except OSError as exc:
        answer.fail(Verdict.LOCAL_ERROR, f"the decoder failed: {exc.strerror or exc}")
    except Exception as exc:  # noqa: BLE001 -- our own bug on a strange image costs no worker
        answer.fail(Verdict.CORRUPT, f"its structure makes no sense ({type(exc).__name__})")


def _judge(job: dict[str, Any], data: bytes, limits: WorkerLimits, answer: _Answer) -> None:
    examined = examine(data, Label(job["type"], job["nosniff"]), limits.image)
    structure = examined.structure
    answer.send(
        {
            "format": examined.format.label if examined.format else None,
            "size": structure.size,
            "bytes": len(data),
            "has_position": structure.has_position,
        }
    )
    if structure.flaw is not None:
        answer.fail(structure.flaw, structure.detail)
    elif examined.format is Format.SVG:
        answer.send({"color": _SVG_COLOR, "thumbnails": [], "rss": _resident_memory()})
    else:
        _decode(job, data, examined, limits.memory, answer)


def _decode(
    job: dict[str, Any], data: bytes, examined: Examined, memory: int, answer: _Answer
) -> None:
    recipes = [Recipe.parse(fields) for fields in job["thumbnails"]]
    try:
        seen, made = pixels.decode(data, examined, recipes)
    except (pixels.UndecodableError, OSError) as exc:
        if pixels.memory_needed(examined) > memory:
            raise MemoryError from exc
        if isinstance(exc, OSError):
            raise
        answer.fail(Verdict.CORRUPT, str(exc))
        return
    answer.send(
        {
            **asdict(seen),
            "animated": examined.structure.frames > 1,
            "thumbnails": [
                {"suffix": one.suffix, "size": one.size, "bytes": len(one.data)} for one in made
            ],
            "rss": _resident_memory(),
        },
        b"".join(one.data for one in made),
    )


if __name__ == "__main__":
    main()
