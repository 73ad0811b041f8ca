"""A real web server on loopback that misbehaves on request, over raw asyncio sockets.

    async with Origin() as origin:
        origin.route("/a.jpg", body=jpeg, content_type="image/jpeg", etag='"1"')
        origin.route("/slow.jpg", after(event, answer(jpeg)))
        ... origin.url("/a.jpg") ...
        assert origin.count("/a.jpg") == 1

The behaviours are in tests/behaviours.py. `Origin(tls=True)` speaks TLS, with a certificate of an
authority of its own.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import trustme

from tests.support.behaviours import Behaviour, Request, answer, conditional


@dataclass
class Origin:
    """Serves its routes on 127.0.0.1 and any free port, and records all requests."""

    tls: bool = False
    hosts: Sequence[str] = ("img.test", "127.0.0.1", "localhost")
    authority: trustme.CA | None = None
    certificate: trustme.LeafCert | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    most_at_once: int = 0

    async def __aenter__(self) -> Self:
        self._routes: dict[str, Behaviour] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._open = 0
        context = None
        if self.tls:
            self.authority = self.authority or trustme.CA()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            shown = self.certificate or self.authority.issue_cert(*self.hosts)
            shown.configure_cert(context)
        self._server = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, ssl=context, limit=1 << 20
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def route(
        self,
        path: str,
        behaviour: Behaviour | None = None,
        *,
        body: bytes = b"",
        status: int = 200,
        content_type: str | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Serve `path` (with its query, if it has one) so; returns its URL."""
        if behaviour is None and (etag or last_modified):
            behaviour = conditional(
                body,
                etag=etag,
                last_modified=last_modified,
                content_type=content_type,
                headers=headers,
            )
        self._routes[path] = behaviour or answer(
            body, status=status, content_type=content_type, headers=headers
        )
        return self.url(path)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The URL of a path, for whoever may connect to 127.0.0.1 (see `allow`)."""
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    @property
    def allow(self) -> str:
        """What `--allow-private` needs to let this origin through."""
        return f"127.0.0.1:{self.port}"

    def resolve(self, host: str, port: int | None = None) -> str:
        """What `--resolve` needs to lead `host` here, on the scheme's own port or another."""
        asked = port or (443 if self.tls else 80)
        return f"{host}:{asked}:127.0.0.1:{self.port}"

    def ca_file(self, folder: Path) -> Path:
        """A file with the certificate of this origin's authority, for `--ca-file`."""
        assert self.authority is not None, "a plain origin has no certificate"
        path = folder / "origin-ca.pem"
        self.authority.cert_pem.write_to_path(str(path))
        return path

    def count(self, path: str) -> int:
        """How many requests came for this path or target."""
        return sum(path in (request.target, request.path) for request in self.requests)

    async def asked(self, path: str, times: int = 1) -> None:
        """Wait until `path` was asked for so many times."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.count(path) >= times)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._converse(reader, writer, self.connections)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the origin ends: both are the test's business
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> None:
        while True:
            request = parse(await reader.readuntil(b"\r\n\r\n"), connection)
            async with self._changed:
                self.requests.append(request)
                self._changed.notify_all()
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
            try:
                if not await self._behaviour(request)(request, writer):
                    return
            finally:
                self._open -= 1

    def _behaviour(self, request: Request) -> Behaviour:
        for key in (request.target, request.path):
            if key in self._routes:
                return self._routes[key]
        return answer(b"no such route", status=404, content_type="text/plain")


def parse(text: bytes, connection: int) -> Request:
    """The request line and headers of a request without a body."""
    first, *lines = text.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.split(":", 1) for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    return Request(method, target, headers, connection)
