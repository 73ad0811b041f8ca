"""Parsers of durations, sizes, addresses and URLs in settings and flags; each raises ValueError.

The messages are for users: they name the value and show a right one.
"""

from __future__ import annotations

import re
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
from typing import TypeVar

from msgspec import Struct

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LAST_PORT = 65535
# What could be meant as a URL: no folder is called so.
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.IGNORECASE | re.DOTALL)
_STORES = ("s3", "gs", "az")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_NAME = re.compile(r"[A-Za-z0-9!_.*'()=+,-]+")
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
        found = _URL.fullmatch(text.strip())
        scheme = found[1].lower() if found else ""
        if found is None or scheme not in _STORES:
            raise ValueError("is no object store: write s3://bucket/prefix, gs://... or az://...")
        bucket, _, prefix = found[2].partition("/")
        if _BUCKET.fullmatch(bucket) is None:
            raise ValueError(
                "names no bucket behind ://; who signs in and at which address is told by the "
                "environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and the like)"
            )
        names = [name for name in prefix.split("/") if name]
        if not all(_NAME.fullmatch(name) and name.strip(".") for name in names):
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
    return isinstance(text, str) and _URL.fullmatch(text.strip()) is not None


T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def is_text(spelling: str) -> bool:
    """Whether UTF-8 can hold it: JSON can spell halves of surrogate pairs."""
    return spelling.isascii() or not any("\ud800" <= one <= "\udfff" for one in spelling)
