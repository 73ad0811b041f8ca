"""Parsers of durations, sizes, addresses, URLs in settings and flags; reader of files named there.

Each raises ValueError. Its message is for users: it names the value and shows a right one.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from itertools import islice
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LAST_PORT = 65535
# What could be meant as a URL: no folder is called so.
_URL = r"(?is)([a-z][a-z0-9+.-]*)://(.*)"
_STORES = ("s3", "gs", "az")
_BUCKET = r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}"
_NAME = r"[A-Za-z0-9!_.*'()=+,-]+"
_BYTES = {
    "": 1,
    "B": 1,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
    "kB": 10**3,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
}
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_LARGEST = 64 << 20
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
_REMEDIES_OF_FILES = {
    errno.EACCES: "give this user the right to read it",
    errno.ELOOP: "its links lead in a circle",
    errno.EIO: "check the disk",
}


def duration(text: str) -> float:
    """Seconds of `500ms`, `10s`, `5m`, `2h` or `30d`."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration; write 500ms, 10s, 5m, 2h or 30d")
    return float(match[1]) * _SECONDS[match[2]]


def byte_size(text: str) -> int:
    """Bytes of `32MiB`, `512KiB`, `300kB`, `2GiB` or `4096`."""
    match = re.fullmatch(r"([0-9]{1,15}) ?([A-Za-z]*)", text.strip())
    if match is None or match[2] not in _BYTES:
        raise ValueError(f"{text!r} is no size; write 4096, 512KiB, 32MiB or 2GiB")
    return int(match[1]) * _BYTES[match[2]]


def share(text: str) -> float:
    """The part of a whole that `1 %` or `0.01` says."""
    match = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) ?(%?)", text.strip())
    if match is None:
        raise ValueError(f'{text!r} is no share; write "1 %" or 0.01')
    return float(match[1]) / (100 if match[2] else 1)


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= _LAST_PORT:
        raise ValueError(f"{text!r} is no port; write a number from 1 to 65535")
    return int(text)


class Resolve(Struct, frozen=True):
    """One `--resolve`: connections to `host:port` go to `address:to_port` instead.

    `host` is lower case, or `*` for every host.
    """

    host: str
    port: int
    address: IPv4Address | IPv6Address
    to_port: int

    @classmethod
    def parse(cls, text: str) -> Resolve:
        """From `HOST:PORT:ADDRESS[:PORT2]`, IPv6 in brackets."""
        match = re.fullmatch(
            r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+):([0-9]+):(\[[0-9A-Fa-f:.]+\]|[0-9.]+)(?::([0-9]+))?",
            text.strip(),
        )
        if match is None:
            raise ValueError(
                f"{text!r} is no HOST:PORT:ADDRESS[:PORT2]; write *:443:127.0.0.1:8443, "
                "IPv6 addresses in brackets"
            )
        host, port, address, to_port = match.groups()
        try:
            target = ip_address(address.strip("[]"))
        except ValueError as exc:
            raise ValueError(f"{address!r} in {text!r} is no IP address") from exc
        return cls(host.lower(), _port(port), target, _port(to_port or port))

    @property
    def target(self) -> str:
        """Where connections go: `ADDRESS:PORT`, IPv6 in brackets."""
        address = str(self.address)
        return f"[{address}]:{self.to_port}" if ":" in address else f"{address}:{self.to_port}"


class AllowedNetwork(Struct, frozen=True):
    """One `--allow-private`: a network, on one port only where `port` is set."""

    network: IPv4Network | IPv6Network
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> AllowedNetwork:
        """From `CIDR`, `ADDRESS` or `ADDRESS:PORT`, IPv6 with a port in brackets."""
        value = text.strip()
        match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):([0-9]+)", value)
        try:
            if match is not None:
                return cls(ip_network(match[1] or match[2]), _port(match[3]))
            return cls(ip_network(value.strip("[]")))
        except ValueError as exc:
            raise ValueError(
                f"{text!r} is no CIDR or ADDRESS:PORT ({exc}); write 10.0.0.0/8 or 127.0.0.1:8080"
            ) from exc

    def allows(self, address: IPv4Address | IPv6Address, port: int) -> bool:
        """Whether this opens `address:port`."""
        return address in self.network and self.port in (None, port)


class BucketUrl(Struct, frozen=True):
    """An object store: `s3://bucket/prefix`, `gs://` (Google), `az://container/prefix` (Azure).

    `prefix` has no slash at its ends, and is empty for the whole bucket.
    """

    scheme: str
    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> BucketUrl:
        """Raises ValueError. Who signs in, and where, is for the environment to say."""
        found = re.fullmatch(_URL, text.strip())
        scheme = found[1].lower() if found else ""
        if found is None or scheme not in _STORES:
            raise ValueError("is no object store: write s3://bucket/prefix, gs://... or az://...")
        bucket, _, prefix = found[2].partition("/")
        if re.fullmatch(_BUCKET, bucket) is None:
            raise ValueError(
                "names no bucket behind ://; who signs in and at which address is told by the "
                "environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and the like)"
            )
        names = [name for name in prefix.split("/") if name]
        if not all(re.fullmatch(_NAME, name) and name.strip(".") for name in names):
            raise ValueError("has a prefix with other characters than letters, digits and -_.")
        return cls(scheme, bucket, "/".join(names))

    def __str__(self) -> str:
        below = f"/{self.prefix}" if self.prefix else ""
        return f"{self.scheme}://{self.bucket}{below}"


def folder_name(url: str) -> str:
    """A name for a folder that belongs to an object store: `s3-bucket-prefix`."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", url.strip()).strip("-.")


def is_url(text: object) -> bool:
    """Whether a text is meant as the URL of an object store, be it a right one or not."""
    return isinstance(text, str) and re.fullmatch(_URL, text.strip()) is not None


T = TypeVar("T")


def path_fault(path: Path) -> str | None:
    """Why no system takes this for a path; None where one may."""
    try:
        os.lstat(path)
    except ValueError:
        return "has a NUL character in it; name another place"
    except OSError as exc:
        if exc.errno == errno.ENAMETOOLONG:
            return "is too long for a path; name another place"
    return None


def read_named(path: Path) -> bytes:
    """The bytes of a file that the user names.

    Only a regular file is opened: a pipe may wait for ever, and a device may have no end.
    Raises FileNotFoundError, and ValueError with the reason and remedy in plain words.
    """
    try:
        _check_regular(path.stat().st_mode)
        with open(os.open(path, _READ), "rb") as file:  # noqa: PTH123  a descriptor
            _check_regular(os.fstat(file.fileno()).st_mode)
            data = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise
    except OSError as exc:
        remedy = _REMEDIES_OF_FILES.get(exc.errno or 0, "name another file")
        raise ValueError(f"can't be read: {exc.strerror or exc}; {remedy}") from exc
    if len(data) > _LARGEST:
        raise ValueError("is larger than 64 MiB; name the right file")
    return data


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for is_one, name in _KINDS if is_one(mode)), "no regular file")
        raise ValueError(f"is {kind}; name a file")


def utf8(data: bytes) -> str:
    """UTF-8, with or without the mark that some editors put before it. Raises ValueError."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ValueError(f"line {line}: is not UTF-8; save the file as UTF-8") from exc


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def is_text(spelling: str) -> bool:
    """Whether UTF-8 can hold it: JSON can spell halves of surrogate pairs."""
    return spelling.isascii() or not any("\ud800" <= one <= "\udfff" for one in spelling)
