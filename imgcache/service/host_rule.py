"""Rule for Host headers: only the names of this service are accepted.

A page whose name an attacker points to 127.0.0.1 (DNS rebinding) still sends its own name.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from imgcache.config import ServeSettings

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")


class HostRule:
    """The names by which the service may be called, with any port or with exactly theirs."""

    def __init__(self, settings: ServeSettings) -> None:
        """`serve.allowed_hosts`; without them the bound address and `localhost`."""
        names = settings.allowed_hosts or (bracketed(settings.host), "localhost")
        self._allowed = frozenset(filter(None, map(_parsed, names)))

    def allows(self, header: str) -> bool:
        """Whether a Host header (RFC 9110 section 7.2) names this service."""
        parsed = _parsed(header)
        if parsed is None:
            return False
        return parsed in self._allowed or (parsed[0], None) in self._allowed


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine reach what is bound to `host`."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def bracketed(host: str) -> str:
    """As a URL and a Host header have it."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _parsed(text: str) -> tuple[str, int | None] | None:
    """The host in one spelling, and the port; None for what is no host at all."""
    match = _HOST.fullmatch(text.strip())
    if match is None:
        return None
    host, port = match[1].lower(), match[2]
    if host.startswith("["):
        try:
            host = f"[{ip_address(host.strip('[]'))}]"
        except ValueError:
            return None
    return host, int(port) if port else None
