"""One refresh on each engine: 10,000 small images on 200 hosts, the largest with 8 % of them.

    python -m benchmarks.engines [URLS [HOSTS [MILLISECONDS [ENGINE...]]]]

An engine is `local:1`, `local:2` (so many processes), `dask:2`, `ray:2`; a third part is
`fetch.concurrency`, as in `local:2:128`. Each run is a whole
process with an empty cache, in a folder that is kept until the end: ext4 does not give away again
soon what was just deleted, and searching for other inodes costs the next run CPU time. Printed:
seconds, URLs a second, CPU seconds of all processes that end by themselves, the driver's peak
memory, and the time as a share of the first engine's. The origin, which waits so long before each
answer, is a process of its own on loopback, and shares the cores.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image

ENGINES = ["local:1", "local:2", "dask:2"]
LARGEST = 0.08
PER_ARTICLE = 50


class Ran(NamedTuple):
    """One run, as far as it was measured; `peak` in MB."""

    seconds: float
    cpu: float
    peak: float


def picture() -> bytes:
    stream = BytesIO()
    Image.effect_noise((160, 120), 40).convert("RGB").save(stream, "JPEG", quality=75)
    return stream.getvalue()


def answer(path: bytes, body: bytes) -> bytes:
    """A picture of its own for each path: the same pixels behind another comment."""
    comment = b"\xff\xfe" + (len(path) + 2).to_bytes(2, "big") + path
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n"
    return head % (len(body) + len(comment)) + body[:2] + comment + body[2:]


def serve(told: multiprocessing.Queue[int], latency: float) -> None:
    body = picture()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                if latency:
                    await asyncio.sleep(latency)
                writer.write(answer(request.split(b" ", 2)[1], body))
        writer.close()

    async def forever() -> None:
        server = await asyncio.start_server(converse, "127.0.0.1", 0)
        told.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(forever())


def build(folder: Path, port: int, urls: int, hosts: int) -> None:
    """Articles; the first host has 8 % of the URLs, the others share the rest."""
    large = int(urls * LARGEST)
    names = [f"http://h0.test:{port}/{number}.jpg" for number in range(large)]
    names += [
        f"http://h{1 + number % (hosts - 1)}.test:{port}/{number}.jpg"
        for number in range(large, urls)
    ]
    (folder / "articles").mkdir()
    for start in range(0, urls, PER_ARTICLE):
        lines = "".join(
            f'  - {{url: "{name}", width: 160, height: 120, isCached: false}}\n'
            for name in names[start : start + PER_ARTICLE]
        )
        path = folder / "articles" / f"{start}.md"
        path.write_text(f"---\nimages:\n{lines}---\nText.\n")


def refresh(folder: Path, port: int, engine: str) -> Ran:
    kind, workers, *most = engine.split(":")
    (folder / "imgcache.toml").write_text(
        f"[fetch]\nprocesses = {workers}\nconcurrency = {most[0] if most else 64}\n"
        f'resolve = ["*:{port}:127.0.0.1:{port}"]\nallow_private = ["127.0.0.1:{port}"]\n'
    )
    words = ("refresh", "--quiet", "--no-progress", "--format", "json", "--engine", kind)
    before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0.0
    with subprocess.Popen(
        [sys.executable, "-m", "imgcache", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as process:
        while process.poll() is None:
            peak = max(peak, high_water(process.pid))
            time.sleep(0.1)
    if process.returncode:
        raise SystemExit(f"{engine}: exit status {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(time.perf_counter() - began, cpu, peak)


def high_water(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) / 1000 if found else 0.0


def main(words: list[str]) -> None:
    urls, hosts = int(words[0]) if words else 10_000, int(words[1]) if words[1:] else 200
    latency = int(words[2]) / 1000 if words[2:] else 0.0
    told: multiprocessing.Queue[int] = multiprocessing.Queue()
    origin = multiprocessing.Process(target=serve, args=(told, latency), daemon=True)
    origin.start()
    port, first = told.get(), 0.0
    with tempfile.TemporaryDirectory() as scratch:
        for number, engine in enumerate(words[3:] or ENGINES):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            build(folder, port, urls, hosts)
            ran = refresh(folder, port, engine)
            first = first or ran.seconds
            print(
                f"{engine:<8} {ran.seconds:6.1f} s {urls / ran.seconds:5.0f}/s {ran.cpu:6.1f} s "
                f"CPU {ran.peak:5.0f} MB {ran.seconds / first:5.2f}",
                flush=True,
            )
    origin.terminate()


if __name__ == "__main__":
    main(sys.argv[1:])
