"""Address rule: which IP addresses are allowed, checked for URLs, DNS answers and connections.

It uses no table of the standard library, whose answers differ by patch release.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from imgcache.units import AllowedNetwork

Address = IPv4Address | IPv6Address


# RFC 6890 and the IANA registries of special-purpose addresses. 168.63.129.16 is a cloud's
# metadata service on an address that is otherwise global.
_SPECIAL = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24
    192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
    224.0.0.0/3 168.63.129.16/32"""


_V4_REFUSED = tuple(map(IPv4Network, _SPECIAL.split()))


# Only global unicast (RFC 4291 section 2.4) is let through, less Teredo and its neighbours
# (RFC 2928), documentation (RFC 3849, RFC 9637) and 6to4 (RFC 3056). That also refuses loopback,
# NAT64 (RFC 6052, RFC 8215), SIIT, unique-local, link- and site-local, multicast and discard.
_V6_GLOBAL = IPv6Network("2000::/3")


_V6_REFUSED = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)


_ISATAP = (b"\0\0\x5e\xfe", b"\2\0\x5e\xfe")  # RFC 5214 section 6.1


def is_public(address: Address) -> bool:
    """Whether the address is public (and so is the IPv4 one inside it)."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _V4_REFUSED)
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    packed = address.packed
    if packed[8:12] in _ISATAP and not is_public(IPv4Address(packed[12:])):
        return False
    if address.scope_id or address not in _V6_GLOBAL:
        return False
    return not any(address in network for network in _V6_REFUSED)


class AddressRule:
    """Which addresses may be connected to: public ones, and what the operator has named."""

    def __init__(self, allowed: Sequence[AllowedNetwork]) -> None:
        self._allowed = tuple(allowed)

    def refuses(self, address: Address, port: int) -> bool:
        """Whether no connection to `address:port` may be made."""
        return not is_public(address) and not any(
            opened.allows(address, port) for opened in self._allowed
        )
