"""The program in processes that fork from one that has imported it: other starts take longer.

Each is a process of its own, with its working folder, environment, pipes and exit status. What is
about starts and imports, terminals, signals or limits starts one from nothing: `world.start`.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

# What an interpreter reads when it starts.
_OF_STARTS = ("PYTHON", "LC_", "LANG", "TZ", "MALLOC")
_IMPORTS = "PYTHONPROFILEIMPORTTIME"
_MESSAGE = 1 << 20


class Forge:
    """Makes such processes; nothing is started before the first one is wanted."""

    def __init__(self) -> None:
        self._parent: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._born_with: dict[str, str] = {}

    def suits(self) -> bool:
        """Whether a process would find the environment that it was born with, as far as needed."""
        if _IMPORTS in os.environ:
            return False  # they are made already
        return self._socket is None or self._born_with == _of_starts()

    async def run(self, words: list[str], cwd: Path) -> tuple[int, bytes, bytes]:
        """Exit status (negative for a signal), stdout and stderr."""
        if self._socket is None:
            self._socket = self._begun()
        pipes = [os.pipe() for _ in range(3)]
        asked = json.dumps({"words": words, "cwd": os.fspath(cwd), "env": dict(os.environ)})
        socket.send_fds(self._socket, [asked.encode()], [theirs for _, theirs in pipes])
        for _, theirs in pipes:
            os.close(theirs)
        told = await asyncio.gather(*(_read(ours) for ours, _ in pipes))
        return int(told[2]), told[0], told[1]

    def _begun(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MESSAGE)
        with theirs:
            self._born_with = _of_starts()
            self._parent = subprocess.Popen(
                [sys.executable, "-m", "tests.support.programs", str(theirs.fileno())],
                cwd=Path(__file__).parents[2],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # no terminal, as theirs
            )
        return ours

    def close(self) -> None:
        """The end of it."""
        if self._socket is not None and self._parent is not None:
            self._socket.close()
            self._parent.communicate()
            self._socket = None


forge = Forge()


def _of_starts() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key.startswith(_OF_STARTS)}


async def _read(file: int) -> bytes:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(file, "rb", 0)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        return await reader.read()
    finally:
        transport.close()


def _serve(orders: socket.socket) -> None:
    """Fork for each order, and tell how each process ended."""
    _import_all()
    heard, wakes = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    waiting: dict[int, int] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(heard, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is heard:
                    heard.recv(4096)
                    continue
                message, files, _, _ = socket.recv_fds(orders, _MESSAGE, 3)
                if not message:
                    return
                waiting[_born(json.loads(message), files)] = files[2]
                for file in files[:2]:
                    os.close(file)
            for child in list(waiting):
                ended, status = os.waitpid(child, os.WNOHANG)
                if ended:
                    told = waiting.pop(child)
                    os.write(told, b"%d" % os.waitstatus_to_exitcode(status))
                    os.close(told)


def _import_all() -> None:
    """What the commands import late, too."""
    import gc  # noqa: PLC0415
    from importlib import import_module  # noqa: PLC0415

    from imgcache import __main__  # noqa: PLC0415

    __main__._leave_out_plugins()
    for name in (
        *("cli.app", "cli.run", "cli.console", "cli.output", "cli.completion", "cli.report"),
        *("cli.explain", "cli.init", "cli.export", "config"),
        *("edge.http.fetcher", "edge.http.apart.process", "edge.http.apart.serving"),
        *("engine.refresh.pipeline", "engine.verify.pipeline", "engine.verify.asking"),
        *("engine.cache.stats", "engine.cache.check", "engine.cache.gc", "engine.html_report"),
        *("engine.explain", "engine.known_url", "engine.init", "engine.export"),
        *("core.articles.document", "render.text", "render.json"),
    ):
        import_module(f"imgcache.{name}")
    gc.collect()
    gc.freeze()


def _born(order: dict[str, Any], files: list[int]) -> int:
    child = os.fork()
    if not child:
        try:
            _live(order, files)
        finally:
            os._exit(1)
    return child


def _live(order: dict[str, Any], files: list[int]) -> NoReturn:
    """As `python -m imgcache`."""
    from imgcache import __main__  # noqa: PLC0415

    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(files[0], 1)
    os.dup2(files[1], 2)
    os.closerange(3, 256)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.path[0] = order["cwd"]
    sys.argv = [str(__main__.__file__), *order["words"]]
    try:
        __main__.run()
    except SystemExit as exc:
        sys.stderr.write(f"{exc.code}\n")
    except BaseException:  # noqa: BLE001  as the interpreter tells it
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
