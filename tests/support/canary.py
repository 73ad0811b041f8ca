"""A listener that must never be reached."""

from __future__ import annotations

import asyncio
import socket
from typing import Self


class Canary:
    """Listens on all addresses of this machine, or on the one that is given; counts who comes."""

    def __init__(self, address: str = "::", port: int = 0) -> None:
        self.heard: list[bytes] = []
        self.connections = 0
        self._address = (address, port)

    async def __aenter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        both = family == socket.AF_INET6
        listener = socket.create_server(self._address, family=family, dualstack_ipv6=both)
        self._server = await asyncio.start_server(self._connected, sock=listener)
        self.port: int = listener.getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.heard.append(await reader.read(1000))
        writer.close()
