"""The service with 60,000 entries: how soon it is ready, how fast its pages are, and its memory.

    python -m benchmarks.serving [ARTICLES]

With 10,000 articles of six entries by default; 100,000 are ten times as many. Printed: the time
from the start until it is ready, with the catalog that a refresh has kept; how soon a saved
article shows; for each page the median and 95th percentile of its answers, alone and beside 200
slow clients in the same run (a third drip their heads, a third their bodies, a third do not read),
and the ratio of the two; what stays in memory. Each answer to "filtered and searched" is to
another question, so that nothing is remembered.

Budget: ready after 2 s (6 s with ten times as many), a saved article after 2 s, pages 200 ms,
filtered and searched 80 ms, beside slow clients 200 ms; 130 MB (200 MB).
"""

from __future__ import annotations

import asyncio
import random
import re
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from benchmarks.sample_site import ENTRIES, build, refresh

SLOW = 200
ROUNDS = 40
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
BODY = (
    b"POST /api/verify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 100000\r\n\r\n{"article": "'
)
UNREAD = b"GET /api/entries?per_page=500 HTTP/1.1\r\nHost: localhost\r\n\r\n"
PAGES = {
    "gallery": "/",
    "gallery, page 300": "/?page=300",
    "gallery, text": "/?text=/77",
    "gallery, host": "/?host=img.example",
    "entries": "/api/entries",
    "entries, text": "/api/entries?text=77/3",
    "articles": "/api/articles",
    "one URL": "/api/url?url=https://img.example/8/3.jpg",
    "filtered and searched": "/?verdict=ok&host=img.example&text={text}",
    "the same, entries": "/api/entries?severity=error&verdict=ok&text={text}",
    "metrics": "/metrics",
}


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[int]:
    """The port of a service that has looked through everything."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "imgcache", "serve", "--port", "0"),
        cwd=folder,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None  # noqa: S101  it is a pipe
    text = ""
    while "ready" not in text:
        text += (await process.stderr.readline()).decode()
    print(f"{text.splitlines()[-1]} after {time.perf_counter() - began:.1f} s")
    try:
        yield int(re.findall(r":([0-9]+)/", text)[0])
        memory = await asyncio.to_thread(Path(f"/proc/{process.pid}/status").read_text)
        print("memory of the service:", *re.findall(r"Vm(?:HWM|RSS):\s+\d+ kB", memory))
    finally:
        process.terminate()
        await process.wait()


async def dawdle(port: int, kind: int) -> None:
    """One slow client, who comes again when it is given up."""
    while True:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(0)
        await asyncio.get_running_loop().sock_connect(one, ("127.0.0.1", port))
        try:
            await _misbehave(one, (HEAD, BODY, UNREAD)[kind], reads=kind == 2)
        except OSError:
            pass
        finally:
            one.close()


async def _misbehave(one: socket.socket, beginning: bytes, *, reads: bool) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(one, beginning)
    while True:
        await asyncio.sleep(0.5)
        if reads:
            if not await loop.sock_recv(one, 64):
                return
        else:
            await loop.sock_sendall(one, b"x: y\r\n" if beginning is HEAD else b" ")


async def measure(client: httpx.AsyncClient) -> dict[str, list[float]]:
    """Seconds of each page, in turns."""
    found: dict[str, list[float]] = {name: [] for name in PAGES}
    texts = (
        f"/{number}/{number % ENTRIES}" for number in random.sample(range(1000, 9999), 9999 - 1000)
    )
    for _ in range(ROUNDS):
        for name, path in PAGES.items():
            asked = path.format(text=next(texts))
            began = time.perf_counter()
            answer = await client.get(asked)
            found[name].append(time.perf_counter() - began)
            answer.raise_for_status()
    return found


def p95(seconds: list[float]) -> float:
    return 1000 * statistics.quantiles(seconds, n=20)[-1]


async def saved(client: httpx.AsyncClient, folder: Path) -> float:
    """Seconds until an edit of one article shows."""
    article = folder / "articles" / "00007.md"
    article.write_text(article.read_text().replace("/7/3.jpg", "/7/edited.jpg"))
    began = time.perf_counter()
    while not (await client.get("/api/entries?text=/7/edited.jpg")).json()["total"]:
        await client.get("/readyz")
    return time.perf_counter() - began


async def compare(folder: Path) -> None:
    async with (
        serving(folder) as port,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60
        ) as client,
    ):
        print(f"a saved article shows after {await saved(client, folder):.1f} s")
        alone = await measure(client)
        slow = [asyncio.create_task(dawdle(port, number % 3)) for number in range(SLOW)]
        await asyncio.sleep(3)
        beside = await measure(client)
        for task in slow:
            task.cancel()
        await asyncio.wait(slow)
        for name in PAGES:
            one, other = p95(alone[name]), p95(beside[name])
            middle = 1000 * statistics.median(alone[name])
            print(f"{name:22} median {middle:6.1f} ms, p95 {one:6.1f} ms; ", end="")
            print(f"beside {SLOW} slow clients p95 {other:6.1f} ms (x {other / one:.2f})")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        build(Path(name), count)
        refresh(Path(name))
        print(f"{count} articles with {count * ENTRIES} image entries")
        asyncio.run(compare(Path(name)))


if __name__ == "__main__":
    main()
