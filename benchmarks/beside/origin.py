"""The origin: nginx on loopback, with one port for each way to answer.

Every host name is served alike; further addresses of loopback stand for hosts where a tool can't
be told the address of a name. Linux has all of them without being told.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from benchmarks.beside.sites import HOSTS, address

PATIENCE = 10.0
LOG_EVERY = 0.05


class Way(StrEnum):
    """How the origin answers."""

    PLAIN = "plain"  # with ETag and Last-Modified only
    FRESH = "max-age=86400"
    STALE = "no-cache"
    SLOW = "slow"  # plain, over slow_link.py


class Traffic(Struct, frozen=True):
    """What was served: answers by status, and the bytes of them (of slow ones, those that left)."""

    statuses: Counter[str]
    bytes: int


NGINX = """
{user}
daemon off; worker_processes 1; worker_rlimit_nofile 8192; pid {run}/pid; error_log {run}/errors;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {run}/1; proxy_temp_path {run}/2; fastcgi_temp_path {run}/3;
    uwsgi_temp_path {run}/4; scgi_temp_path {run}/5;
    log_format served "$status $bytes_sent";
    access_log {run}/log served buffer=256k flush={flush:.0f}ms;
    sendfile on; tcp_nopush on; keepalive_requests 100000; root {root};
    types {{ image/jpeg jpg; image/png png; image/webp webp; image/gif gif; }}
    {servers}
}}
"""


class Origin:
    """A running origin; `ports` by the way it answers, `processes` are its own."""

    def __init__(self, run: Path) -> None:
        names = (*Way, "behind the link")
        self.ports = dict(zip(names, _free_ports(len(names)), strict=True))
        self.processes: list[int] = []
        self._run, self._read = run, 0
        self._link: subprocess.Popen[str] | None = None

    def write_configuration(self, root: Path) -> Path:
        """Of nginx, for the pictures in this folder."""
        caching = {Way.FRESH: "max-age=86400", Way.STALE: "no-cache"}
        servers = [
            self._server(port, caching.get(Way(name)) if name in set(Way) else None)
            for name, port in self.ports.items()
            if name is not Way.SLOW
        ]
        user = "user root;" if os.geteuid() == 0 else ""  # else it drops rights that reading needs
        path = self._run / "nginx.conf"
        text = NGINX.format(
            user=user, run=self._run, root=root, servers="\n".join(servers), flush=LOG_EVERY * 1000
        )
        path.write_text(text)
        return path

    @staticmethod
    def _server(port: int, caching: str | None) -> str:
        listens = "".join(
            f"listen {one}:{port} backlog=1024; "
            for one in ("127.0.0.1", *map(address, range(HOSTS)))
        )
        header = f'add_header Cache-Control "{caching}";' if caching else ""
        return f"server {{ {listens} {header} }}"

    def link(self, link: subprocess.Popen[str]) -> None:
        """Its slow link is this process."""
        self._link = link

    def traffic(self) -> Traffic:
        """What was served since the last call."""
        time.sleep(3 * LOG_EVERY)  # nginx writes its log so often
        with (self._run / "log").open("rb") as log:
            log.seek(self._read)
            rows = [line.split() for line in log]
            self._read = log.tell()
        link = self._link
        if link is None or link.stdin is None or link.stdout is None:
            raise SystemExit("the slow link does not run")
        link.stdin.write("\n")
        link.stdin.flush()
        carried = int(link.stdout.readline())
        statuses = Counter(status.decode() for status, _ in rows)
        return Traffic(statuses, carried or sum(int(count) for _, count in rows))


@contextmanager
def serving(root: Path, run: Path) -> Iterator[Origin]:
    """An origin for the pictures in `root`; `run` is a folder for what it writes."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise SystemExit("nginx is not installed: it is the origin that all tools ask")
    origin = Origin(run)
    configuration = origin.write_configuration(root)
    nginx = [program, "-p", str(run), "-e", str(run / "errors"), "-c", str(configuration)]
    words = [str(origin.ports[name]) for name in (Way.SLOW, "behind the link")]
    link = [sys.executable, "-m", "benchmarks.beside.slow_link", *words]
    with ExitStack() as ended:
        ports = (origin.ports[Way.PLAIN], origin.ports[Way.SLOW])
        first, second = (
            _started(command, port, run, ended)
            for command, port in zip((nginx, link), ports, strict=True)
        )
        origin.processes += [first.pid, *children(first.pid), second.pid]
        origin.link(second)
        yield origin


def _started(command: list[str], port: int, run: Path, ended: ExitStack) -> subprocess.Popen[str]:
    """A process that listens on this port, until `ended`."""
    pipe = subprocess.PIPE
    process = ended.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
    ended.callback(process.terminate)
    _wait_for(port, process, run)
    return process


def children(parent: int) -> list[int]:
    """The processes that one has started from its first thread."""
    return [int(one) for one in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def _free_ports(count: int) -> list[int]:
    """Ports that are free now; all are held until the last one is known."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait_for(port: int, process: subprocess.Popen[str], run: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    errors = run / "errors"
    told = errors.read_text()[-500:] if errors.exists() else ""
    raise SystemExit(f"nobody listens on port {port}: {' '.join(told.split())}")
