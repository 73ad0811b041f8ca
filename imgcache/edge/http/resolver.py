"""Name resolver and socket factory of the connector: the address rule for each connection.

All answers for a name must pass, and the address is checked again at the moment of connecting, so
that neither rebinding nor a redirect gets around the rule.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_address

from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult

from imgcache.core.http.address import Address, AddressRule, mapping
from imgcache.edge.http.dns import LookupThreads
from imgcache.units import Resolve

# aiohttp dials all addresses of a name, then all but one, and so on: the square of their number.
_MOST_OF_A_FAMILY = 3


class ForbiddenAddressError(OSError):
    """The address rule refuses an address; the message never names it."""


class LookupFailedError(OSError):
    """A name that gave no address; `transient` where another try may give one."""

    def __init__(self, message: str, *, transient: bool) -> None:
        super().__init__(message)
        self.transient = transient


def is_literal(host: str) -> bool:
    """Whether the host of a URL is an address, for which nothing is looked up."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class GuardedResolver(AbstractResolver):
    """Resolves for aiohttp's connector: `--resolve` first, else DNS with all answers checked."""

    def __init__(
        self,
        threads: LookupThreads,
        rule: AddressRule | None,
        mapped: Sequence[Resolve],
        limit: float,
    ) -> None:
        """Made once per transport.

        Args:
            threads: where look-ups run.
            rule: what all answers must pass; None with a proxy.
            mapped: the `--resolve` options; configured by the operator, so exempt.
            limit: seconds that a look-up may take.
        """
        self._threads = threads
        self._rule = rule
        self._mapped = tuple(mapped)
        self._limit = limit
        self._exempt = frozenset((entry.address, entry.to_port) for entry in mapped)

    def mapping(self, host: str, port: int) -> Resolve | None:
        """The `--resolve` for the URL's host and port."""
        return mapping(self._mapped, host, port)

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 -- aiohttp's interface
    ) -> list[ResolveResult]:
        """The addresses to dial; raises ForbiddenAddressError or LookupFailedError."""
        named = self.mapping(host, port)
        if named is not None:
            return [_dialled(host, named.address, named.to_port)]
        addresses = await self._look_up(host)
        if self._rule is not None and any(self._rule.refuses(one, port) for one in addresses):
            raise ForbiddenAddressError("an answer of its DNS is not public")
        return [_dialled(host, address, port) for address in _worth_dialling(addresses)]

    async def _look_up(self, host: str) -> Sequence[Address]:
        try:
            async with asyncio.timeout(self._limit):
                addresses = await self._threads.find(host)
        except TimeoutError as exc:
            raise LookupFailedError(f"no answer within {self._limit:g} s", transient=True) from exc
        except socket.gaierror as exc:
            again = exc.errno == socket.EAI_AGAIN
            message = "the name server says: try again" if again else "no such name"
            raise LookupFailedError(message, transient=again) from exc
        if not addresses:
            raise LookupFailedError("no such name", transient=False)
        return addresses

    def connect_socket(self, addr_info: AddrInfoType) -> socket.socket:
        """The socket for one dialled address, checked at this last moment (aiohttp's hook)."""
        family, kind, protocol, _, address = addr_info
        target = (ip_address(str(address[0])), int(address[1]))
        if self._rule is not None and target not in self._exempt and self._rule.refuses(*target):
            raise ForbiddenAddressError("its address is not public")
        return socket.socket(family, kind, protocol)

    async def close(self) -> None:
        """Let the look-up threads end."""
        self._threads.close()


def _worth_dialling(addresses: Sequence[Address]) -> list[Address]:
    """The first few of each family, in their order."""
    distinct = dict.fromkeys(addresses)
    few = {
        address
        for version in (4, 6)
        for address in [one for one in distinct if one.version == version][:_MOST_OF_A_FAMILY]
    }
    return [address for address in distinct if address in few]


def _dialled(host: str, address: Address, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=str(address),
        port=port,
        family=socket.AF_INET6 if address.version == 6 else socket.AF_INET,  # noqa: PLR2004 -- IPv6
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )
