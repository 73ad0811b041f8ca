"""The HTTP service of a small world, as a client meets it: a real server on loopback."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from imgcache.engine.run.listener import Listener
from imgcache.service.server import serve
from tests.support.world import World

TOKEN = "a-secret-of-32-characters-or-so!"  # noqa: S105  no secret of anybody


@dataclass
class Heard(Listener):
    """What the service tells its operator."""

    notes: list[str] = field(default_factory=list)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    def informed(self, message: str) -> None:
        self.notes.append(message)
        match = re.search(r"http://.*:([0-9]+)/", message)
        if match:
            self.port = int(match[1])
        if message.startswith("ready"):
            self.ready.set()

    def warned(self, message: str) -> None:
        self.notes.append(message)

    def served(self, method: str, path: str, status: int, seconds: float) -> None:
        assert seconds >= 0
        self.requests.append((method, path, status))
        self.answered.set()

    async def has_answered(self, path: str, times: int = 1) -> None:
        """Wait until so many answers for a path have ended."""
        while sum(one == path for _, one, _ in self.requests) < times:
            self.answered.clear()
            await self.answered.wait()


@dataclass
class Service:
    """A running service, and a client of it."""

    port: int
    client: httpx.AsyncClient
    heard: Heard

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)

    async def document(self, path: str, **params: Any) -> dict[str, Any]:
        answer = await self.client.get(path, params=params or None)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def verify(self, body: object, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post("/api/verify", json=body, headers=named)


@asynccontextmanager
async def service(world: World, **settings: Any) -> AsyncIterator[Service]:
    """The service of a world's articles and cache; `settings` are those of `serve`."""
    chosen = world.settings().model_copy(update={"articles": (str(world.articles),)})
    serving = {"port": 0, **settings}
    chosen = type(chosen).model_validate({**chosen.model_dump(), "serve": serving})
    heard, stop = Heard(), asyncio.Event()
    running = asyncio.create_task(serve(chosen, heard, stop))
    waiting = asyncio.create_task(heard.ready.wait())
    try:
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        base = f"http://127.0.0.1:{heard.port}"
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60) as client:
            yield Service(heard.port, client, heard)
    finally:
        waiting.cancel()
        stop.set()
        await running
