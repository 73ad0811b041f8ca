"""Server of the service: opens the socket, sets uvicorn's limits, runs until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from functools import partial

import uvicorn

from imgcache.config import ServeSettings, Settings
from imgcache.edge import descriptors
from imgcache.engine.catalog.watcher import CatalogWatcher
from imgcache.engine.run import places
from imgcache.engine.run.listener import Listener
from imgcache.errors import ConfigError
from imgcache.render.phrases import count
from imgcache.service.access import LARGEST_HEAD
from imgcache.service.answers import in_moment
from imgcache.service.app import create_app
from imgcache.service.connection import TimedConnection
from imgcache.service.host_rule import bracketed, is_loopback

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

    def __init__(self, listener: Listener) -> None:
        super().__init__(logging.ERROR)
        self._listener = listener

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else None
        self._listener.warned(f"{record.getMessage().strip()}{f' ({cause!r})' if cause else ''}")


async def serve(settings: Settings, listener: Listener, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; answers that are under way get some seconds to end.

    Raises ConfigError where it can't listen, or the settings name what is not there.
    """
    settings = places.fitted(settings, descriptors.available() - _most_connections())
    with _listening(settings.serve) as sock:
        app = create_app(_as_bound(settings, sock), listener)
        async with app.router.lifespan_context(app):
            server = _Server(_config(app, listener))
            _tell_where(settings.serve, sock, listener)
            beside = [_stop(server, stop), _tell_when_ready(app.state.service.watcher, listener)]
            tasks = [asyncio.create_task(one) for one in beside]
            try:
                await server.serve([sock])
            finally:
                for task in tasks:
                    task.cancel()


async def _stop(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


async def _tell_when_ready(watcher: CatalogWatcher, listener: Listener) -> None:
    await watcher.ready.wait()
    overview = await in_moment(watcher, lambda catalog: catalog.overview(0))
    articles = count(overview.articles, "article")
    entries = count(overview.entries, "image entry", "image entries")
    listener.informed(f"ready: {articles}, {entries}")


def _config(app: object, listener: Listener) -> uvicorn.Config:
    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [_Forward(listener)], False
    return uvicorn.Config(
        app,  # type: ignore[arg-type]  # FastAPI's type for ASGI is wider than uvicorn's
        http=partial(TimedConnection, most=_most_connections()),  # type: ignore[arg-type]  # called only
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
    return min(_MOST_CONNECTIONS, descriptors.available() // 2)


@contextlib.contextmanager
def _listening(settings: ServeSettings) -> Iterator[socket.socket]:
    host = settings.host.strip("[]")
    try:
        found = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        sock = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "no address or name"
        raise ConfigError(
            f"can't listen on {settings.host} port {settings.port}: {reason}; "
            "choose another with --host and --port"
        ) from exc
    with sock:
        yield sock


def _as_bound(settings: Settings, sock: socket.socket) -> Settings:
    """The settings with the bound address: the service answers to it as well as to its name."""
    asked, address = settings.serve, sock.getsockname()[0]
    names = asked.allowed_hosts or (bracketed(asked.host), bracketed(address), "localhost")
    bound = asked.model_copy(update={"host": address, "allowed_hosts": names})
    return settings.model_copy(update={"serve": bound})


def _tell_where(settings: ServeSettings, sock: socket.socket, listener: Listener) -> None:
    host, port = sock.getsockname()[:2]
    listener.informed(f"serving on http://{bracketed(host)}:{port}/")
    if not is_loopback(host):
        if settings.token is None:
            listener.warned("POST is refused: set serve.token to allow it beyond this machine")
        if not settings.allowed_hosts:
            listener.warned("only requests to this very address are answered: set allowed_hosts")
