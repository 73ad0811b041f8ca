"""Bare transport: the requests of a refresh or a probe through imgcache's transport, and no more.

    bare_transport.py REQUESTS PORT     REQUESTS: JSON, a list of [URL, {header: value}]

As many at once as imgcache sends by default; bodies are read to their end. Nothing is planned,
judged, decoded or kept.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from imgcache.config import FetchSettings
from imgcache.edge.http.dns import system_lookup
from imgcache.edge.http.fetcher import ACCEPT
from imgcache.edge.http.httpx_import import httpx
from imgcache.edge.http.transport import Transport

Asked = tuple[str, dict[str, str]]


async def send(transport: Transport, requests: Iterator[Asked], statuses: Counter[int]) -> int:
    """One of those that send at the same time; the bytes of bodies that it got."""
    count = 0
    for url, headers in requests:
        answer = await transport.handle_async_request(httpx.Request("GET", url, headers=headers))
        async for data in answer.aiter_raw():
            count += len(data)
        await answer.aclose()
        statuses[answer.status_code] += 1
    return count


async def measure(requests: list[Asked], port: str) -> None:
    settings = FetchSettings.model_validate({"resolve": [f"*:{port}:127.0.0.1"]})
    always = {
        "Accept": ACCEPT, "Accept-Encoding": "identity", "User-Agent": settings.user_agent,
    }  # fmt: skip
    left = iter([(url, always | headers) for url, headers in requests])
    transport, statuses = Transport(settings, system_lookup), Counter[int]()
    began = time.perf_counter()
    try:
        at_once = range(settings.concurrency)
        counts = await asyncio.gather(*(send(transport, left, statuses) for _ in at_once))
    finally:
        await transport.aclose()
    seconds = time.perf_counter() - began
    done = sum(statuses[one] for one in (200, 206, 304))
    print(json.dumps({"done": done, "seconds": seconds, "bytes": sum(counts)}))


if __name__ == "__main__":
    asyncio.run(measure(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]))
