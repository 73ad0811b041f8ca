"""Runs the service until it is told to end: the socket, and uvicorn's limits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import socket
from collections.abc import Iterator

import uvicorn

from imgcache.config import ServeSettings, Settings
from imgcache.engine.catalog.watcher import CatalogWatcher
from imgcache.errors import ConfigError
from imgcache.service.access import LARGEST_HEAD
from imgcache.service.app import create_app
from imgcache.service.connection import TimedConnection
from imgcache.service.host_rule import bracketed, is_loopback
from imgcache.service.metrics import ServiceListener

_BACKLOG = 2048
# Seconds: silence between two requests of a connection; for the last answers when it ends.
_KEEP_ALIVE = 15
_GRACE = 5
_MOST_CONNECTIONS = 4000


class _Server(uvicorn.Server):
    """Leaves signals to others: uvicorn would raise them again when it has ended."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Forward(logging.Handler):
    """uvicorn's errors, as notes for the operator, without traces."""

    def __init__(self, teller: ServiceListener) -> None:
        super().__init__(logging.ERROR)
        self._teller = teller

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        self._teller.warned(f"{record.getMessage().strip()}{f' ({cause!r})' if cause else ''}")


async def serve(settings: Settings, teller: ServiceListener, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; answers that are under way get some seconds to end.

    Raises ConfigError where it can't listen, or the settings name what is not there.
    """
    with _listening(settings.serve) as listener:
        app = create_app(_as_bound(settings, listener), teller)
        async with app.router.lifespan_context(app):
            server = _Server(_config(app, teller))
            _tell_where(settings.serve, listener, teller)
            beside = [_stop(server, stop), _tell_when_ready(app.state.backstage.watcher, teller)]
            tasks = [asyncio.create_task(one) for one in beside]
            try:
                await server.serve([listener])
            finally:
                for task in tasks:
                    task.cancel()


async def _stop(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


async def _tell_when_ready(watcher: CatalogWatcher, teller: ServiceListener) -> None:
    await watcher.ready.wait()
    known = watcher.catalog
    if known is not None:
        teller.told(f"ready: {len(known.articles)} articles, {len(known.entries)} image entries")


def _config(app: object, teller: ServiceListener) -> uvicorn.Config:
    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [_Forward(teller)], False
    TimedConnection.most = _most_connections()
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # FastAPI's type for ASGI is wider than uvicorn's
        http=TimedConnection,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_GRACE,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )


def _most_connections() -> int:
    """Half of the descriptors that this process may have; the rest is for files and origins."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * _MOST_CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(_MOST_CONNECTIONS, _MOST_CONNECTIONS if soft < 0 else soft // 2)


@contextlib.contextmanager
def _listening(settings: ServeSettings) -> Iterator[socket.socket]:
    host = settings.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "no address or name"
        raise ConfigError(
            f"can't listen on {settings.host} port {settings.port}: {reason}; "
            "choose another with --host and --port"
        ) from exc
    with listener:
        yield listener


def _as_bound(settings: Settings, listener: socket.socket) -> Settings:
    """With the address that `serve.host` became: a service goes by it as well as by its name."""
    asked, address = settings.serve, listener.getsockname()[0]
    names = asked.allowed_hosts or (bracketed(asked.host), bracketed(address), "localhost")
    bound = asked.model_copy(update={"host": address, "allowed_hosts": names})
    return settings.model_copy(update={"serve": bound})


def _tell_where(settings: ServeSettings, listener: socket.socket, teller: ServiceListener) -> None:
    host, port = listener.getsockname()[:2]
    teller.told(f"serving on http://{bracketed(host)}:{port}/")
    if not is_loopback(host):
        if settings.token is None:
            teller.warned("POST is refused: set serve.token to allow it beyond this machine")
        if not settings.allowed_hosts:
            teller.warned("only requests to this very address are answered: set allowed_hosts")
