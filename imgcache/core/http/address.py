"""Address rule: which IP addresses are allowed, checked for URLs, DNS answers and connections.

It uses no table of the standard library, whose answers differ by patch release.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from imgcache.units import AllowedNetwork, Resolve

Address = IPv4Address | IPv6Address


# RFC 6890 and the IANA registries of special-purpose addresses. 168.63.129.16 is a cloud's
# metadata service on an address that is otherwise global.
_SPECIAL = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
    224.0.0.0/3 168.63.129.16/32"""


_V4_REFUSED = tuple(map(IPv4Network, _SPECIAL.split()))


# Only global unicast (RFC 4291 section 2.4) is let through, less what RFC 2928, RFC 3849 and
# RFC 9637 set aside, and the forms of IPv4 addresses below. That also refuses loopback, SIIT,
# IPv4-compatible, unique-local, link- and site-local, multicast and discard. It refuses NAT64 with
# a local prefix (RFC 8215), too: how long that prefix is, and so which of its bytes are the IPv4
# address, is known to its own network only.
_V6_GLOBAL = IPv6Network("2000::/3")


_V6_REFUSED = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "3fff::/20"))


_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1
_SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056
_TEREDO = IPv6Network("2001::/32")  # RFC 4380 section 4: the server, and the client inverted
_ISATAP = (b"\0\0\x5e\xfe", b"\2\0\x5e\xfe")  # RFC 5214 section 6.1


def is_public(address: Address) -> bool:
    """Whether the address is public; a form of IPv4 addresses is if each of those is."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _V4_REFUSED)
    if address.scope_id or not all(map(is_public, _isatap(address))):
        return False
    inside = _embedded(address)
    if inside:
        return all(map(is_public, inside))
    return address in _V6_GLOBAL and not any(address in network for network in _V6_REFUSED)


def _embedded(address: IPv6Address) -> Sequence[IPv4Address]:
    """The IPv4 addresses that this one is a form of; packets to it reach them."""
    packed = address.packed
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64:
        return (IPv4Address(packed[12:]),)
    if address in _SIX_TO_FOUR:
        return (IPv4Address(packed[2:6]),)
    if address in _TEREDO:
        client = bytes(byte ^ 0xFF for byte in packed[12:])
        return (IPv4Address(packed[4:8]), IPv4Address(client))
    return ()


def _isatap(address: IPv6Address) -> Sequence[IPv4Address]:
    packed = address.packed
    return (IPv4Address(packed[12:]),) if packed[8:12] in _ISATAP else ()


class AddressRule:
    """Which addresses may be connected to: public ones, and what the operator has named."""

    def __init__(self, allowed: Sequence[AllowedNetwork]) -> None:
        self._allowed = tuple(allowed)

    def refuses(self, address: Address, port: int) -> bool:
        """Whether no connection to `address:port` may be made."""
        return not is_public(address) and not any(
            opened.allows(address, port) for opened in self._allowed
        )


def mapping(mapped: Sequence[Resolve], host: str, port: int) -> Resolve | None:
    """The `--resolve` for the host and port of a URL; an exact one takes precedence over `*`."""
    fitting = [entry for entry in mapped if entry.port == port]
    exact = [entry for entry in fitting if entry.host == host]
    return next(iter(exact or [entry for entry in fitting if entry.host == "*"]), None)
